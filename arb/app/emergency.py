"""The kill chapter, wired: coming to rest, and what a CRITICAL verdict of the watchdog does."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.errands import Errands
from arb.app.shared import Shared
from arb.domain.errors import Late
from arb.engine.kill.drain import Drain
from arb.engine.kill.emergency import Emergency, Ending
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.trading.hand_over import HandOver
from arb.stack.control import AWAY, Supervisor
from arb.stack.files import write_json
from arb.stack.home import Home

REST_MS_MAX: Final = 30_000
ASK_MS_MAX: Final = 10_000  # a supervisor that hangs ends nothing; the process then ends by itself


@dataclass(frozen=True, kw_only=True)
class KillUseCases:
    """How trading ends."""

    drain: Drain
    emergency: Emergency


def wire_kill(shared: Shared, hand_over: HandOver, take_snapshot: TakeSnapshot) -> KillUseCases:
    """Return the use cases that end trading."""
    errands = Errands()
    home, trades = Home.default(), shared.stores.trades
    drain = Drain(
        session_id=shared.session_id, trades=trades, sessions=shared.stores.sessions, clock=shared.clock
    )
    emergency = Emergency(
        drain=drain,
        trades=trades,
        hand_over=hand_over,
        take_snapshot=take_snapshot,
        alerts=shared.alerts,
        errands=errands,
        clock=shared.clock,
        rest_ms_max=REST_MS_MAX,
        remember=lambda ending: _remember(home, ending),
        shut_down=_shut_down(home, shared.alerts, errands),
    )
    return KillUseCases(drain=drain, emergency=emergency)


def _remember(home: Home, ending: Ending) -> None:
    try:
        home.ending_file.parent.mkdir(parents=True, exist_ok=True)
        write_json(home.ending_file, asdict(ending))
    except OSError:
        return  # the alert says the same


def _shut_down(home: Home, alerts: RecordedAlerts, errands: Errands) -> Callable[[Ending], None]:
    def shut_down(_ending: Ending) -> None:
        """Have the supervisor stop everything in order; without one the process ends by itself."""
        alerts.flush()
        try:
            errands.run("shut_down", lambda: _end(Supervisor(home)), ASK_MS_MAX)
        except (*AWAY, Late):
            return

    return shut_down


def _end(supervisor: Supervisor) -> None:
    if supervisor.is_running():
        supervisor.shutdown()
