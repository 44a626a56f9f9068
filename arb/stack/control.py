"""Talk to the supervisor of a home, over its unix socket."""

from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import Faults, SupervisorTransport

from arb.stack.files import remembered_secret
from arb.stack.home import Home, answers

USER: Final = "arb"
RUNNING: Final = "RUNNING"
STOPPED: Final = frozenset({"STOPPED", "EXITED", "FATAL"})
AWAY: Final = (
    OSError,
    HTTPException,
    Fault,
)  # no supervisor answers, or it shuts down
ALREADY: Final = frozenset({Faults.ALREADY_STARTED, Faults.NOT_RUNNING, Faults.SHUTDOWN_STATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """How one supervised program is."""

    name: str
    state: str  # supervisor's word: STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL
    pid: int | None
    uptime_s: int
    starts: int  # since the supervisor started; restarts are one less
    exits: int  # that nobody asked for
    exit_status: int  # of the last exit; -1 or a number above 128: a signal

    @property
    def is_running(self) -> bool:
        """Say whether it has stayed up for its start time."""
        return self.state == RUNNING

    @property
    def is_stopped(self) -> bool:
        """Say whether there is no process."""
        return self.state in STOPPED


class Supervisor:
    """The supervisor of one home. Methods raise one of `AWAY` when it is gone."""

    def __init__(self, home: Home) -> None:
        self.socket = home.control_socket()
        self._password_file = home.supervisor_password_file

    def is_running(self) -> bool:
        """Say whether a supervisor answers. One that was just killed, or is shutting down, is not running.

        A connection alone proves less: a dying process takes it until its last moment.
        """
        if not answers(self.socket):
            return False
        try:
            self.pid()
        except AWAY:
            return False
        return True

    def pid(self) -> int:
        """Return the supervisor's own pid."""
        return int(self._call("supervisor.getPID"))

    def statuses(self) -> tuple[ProcessStatus, ...]:
        """Return how every program is, in the order of their start."""
        counts = self._call("arb.counts")
        return tuple(_status(each, counts) for each in self._call("supervisor.getAllProcessInfo"))

    def status(self, name: str) -> ProcessStatus:
        """Return the status of one program."""
        return _status(self._call("supervisor.getProcessInfo", name), self._call("arb.counts"))

    def start(self, name: str) -> None:
        """Begin to start a program; one that is started already is left alone."""
        self._lenient("supervisor.startProcess", name, False)

    def stop(self, name: str) -> None:
        """Begin to stop a program: its signal, then SIGKILL after its stop time."""
        self._lenient("supervisor.stopProcess", name, False)

    def kill(self, name: str) -> None:
        """Kill -9 a program; since nobody asked it to stop, it is started again."""
        self._lenient("supervisor.signalProcess", name, "KILL")

    def shutdown(self) -> None:
        """Begin to stop everything, and the supervisor itself."""
        self._lenient("supervisor.shutdown")

    def _lenient(self, method: str, *arguments: Any) -> None:
        try:
            self._call(method, *arguments)
        except Fault as fault:
            if fault.faultCode not in ALREADY:
                raise

    def _call(self, method: str, *arguments: Any) -> Any:
        password = remembered_secret(self._password_file)
        transport = SupervisorTransport(USER, password, f"unix://{self.socket}")
        with ServerProxy("http://localhost", transport=transport) as proxy:
            return getattr(proxy, method)(*arguments)


def _status(info: dict[str, Any], counts: dict[str, dict[str, int]]) -> ProcessStatus:
    name = info["name"]
    counted = counts.get(name, {"starts": 0, "exits": 0})
    running = info["statename"] == RUNNING
    return ProcessStatus(
        name=name,
        state=info["statename"],
        pid=info["pid"] or None,
        uptime_s=info["now"] - info["start"] if running else 0,
        starts=counted["starts"],
        exits=counted["exits"],
        exit_status=info["exitstatus"],
    )
