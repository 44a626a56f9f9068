"""The kill chapter, wired: coming to rest, and what a CRITICAL verdict of the watchdog does."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.app.shared import Shared
from arb.engine.kill.drain import Drain
from arb.engine.kill.emergency import Emergency, Ending
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.trading.hand_over import HandOver
from arb.stack.control import AWAY, Supervisor
from arb.stack.files import write_json
from arb.stack.home import Home

REST_MS_MAX: Final = 30_000


@dataclass(frozen=True, kw_only=True)
class KillUseCases:
    """How trading ends."""

    drain: Drain
    emergency: Emergency


def wire_kill(shared: Shared, hand_over: HandOver, take_snapshot: TakeSnapshot) -> KillUseCases:
    """Return the use cases that end trading."""
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
        clock=shared.clock,
        rest_ms_max=REST_MS_MAX,
        remember=lambda ending: _remember(home, ending),
        shut_down=_shut_down(home, shared.alerts),
    )
    return KillUseCases(drain=drain, emergency=emergency)


def _remember(home: Home, ending: Ending) -> None:
    try:
        home.ending_file.parent.mkdir(parents=True, exist_ok=True)
        write_json(home.ending_file, asdict(ending))
    except OSError:
        return  # the alert says the same


def _shut_down(home: Home, alerts: RecordedAlerts) -> Callable[[Ending], None]:
    def shut_down(_ending: Ending) -> None:
        """Have the supervisor stop everything in order; without one the process ends by itself."""
        alerts.flush()
        supervisor = Supervisor(home)
        try:
            if supervisor.is_running():
                supervisor.shutdown()
        except AWAY:
            return

    return shut_down
