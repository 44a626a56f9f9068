"""The kill chapter, wired: coming to rest, and what a CRITICAL verdict of the watchdog does."""

import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.broker.dispatch import SilentDispatcher
from arb.adapters.local.clock import SystemClock
from arb.adapters.local.errands import ThreadErrands
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.local.stop_memory import FileStopMemory
from arb.app.shared import Shared
from arb.app.trading import TradingUseCases
from arb.domain.errors import Late
from arb.domain.time import NS_PER_S
from arb.engine.kill.drain import Drain
from arb.engine.kill.emergency import Emergency, EmergencyReport
from arb.engine.kill.wind_down import WindDown
from arb.engine.state.snapshot import TakeSnapshot
from arb.ports.market import Clock
from arb.stack.control import AWAY, Supervisor
from arb.stack.files import write_json
from arb.stack.home import Home

ASK_MS_MAX: Final = 10_000  # a supervisor that hangs ends nothing; the process then ends by itself


@dataclass(frozen=True, kw_only=True)
class KillUseCases:
    """The use cases that end trading: coming to rest, and the emergency stop."""

    drain: Drain
    emergency: Emergency


def wire_kill(shared: Shared, trading: TradingUseCases, take_snapshot: TakeSnapshot) -> KillUseCases:
    """Return the use cases that end trading."""
    errands = ThreadErrands()
    home = Home.default()
    drain = Drain(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        sessions=shared.stores.sessions,
        clock=shared.clock,
    )
    emergency = Emergency(
        drain=drain,
        wind_down=_wind_down(shared, trading),
        take_snapshot=take_snapshot,
        memory=stop_memory(home, shared.clock),
        alerts=shared.alerts,
        errands=errands,
        clock=shared.clock,
        keeper=f"{socket.gethostname()}:{os.getpid()}",
        repeat_ns=shared.settings.watchdog.stop_repeat_sec * NS_PER_S,
        remember=lambda ending: _remember(home, ending),
        shut_down=_shut_down(home, shared.alerts, errands),
    )
    return KillUseCases(drain=drain, emergency=emergency)


def stop_memory(home: Home, clock: Clock) -> FileStopMemory:
    """Return what is known of an emergency stop, also where no server answers."""
    return FileStopMemory(SharedFile(home.stop_file, clock))


def stop_of(home: Home) -> dict[str, Any] | None:
    """Return the emergency stop that waits in a home, and for what, as JSON; also where no stack runs."""
    stop = stop_memory(home, SystemClock()).read()
    if stop is None or stop.ending_ns:
        return None
    return {"reason": stop.reason, "began_ns": stop.began_ns, "waits_for": list(stop.waits_for)}


def take_up_stop(home: Home, clock: Clock) -> None:
    """Have an emergency stop that is under way not end the stack while that starts."""
    if (memory := stop_memory(home, clock)).read() is not None:
        memory.update(lambda known: known and replace(known, starting_ns=clock.now_ns(), ending_ns=0))


def _wind_down(shared: Shared, trading: TradingUseCases) -> WindDown:
    """Return what asks and settles in this process alone, whatever of the brokers and workers lives."""
    execute = replace(trading.execute, dispatcher=SilentDispatcher())
    return WindDown(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        execute=execute,
        settle=replace(trading.settle, dispatcher=SilentDispatcher(), place=execute.place),
        escalate=trading.escalate,
    )


def _remember(home: Home, ending: EmergencyReport) -> None:
    try:
        home.ending_file.parent.mkdir(parents=True, exist_ok=True)
        write_json(home.ending_file, asdict(ending))
    except OSError:
        return  # the alert says the same


def _shut_down(
    home: Home, alerts: RecordedAlerts, errands: ThreadErrands
) -> Callable[[EmergencyReport], bool]:
    def shut_down(_ending: EmergencyReport) -> bool:
        """Have the supervisor stop everything in order; without one the process ends by itself."""
        alerts.flush()
        try:
            return errands.run("shut_down", lambda: _end(Supervisor(home)), ASK_MS_MAX)
        except (*AWAY, Late):
            return True  # there is one: what it did not do is tried again

    return shut_down


def _end(supervisor: Supervisor) -> bool:
    if not supervisor.is_running():
        return False
    supervisor.shutdown()
    return True
