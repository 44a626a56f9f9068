"""One directory holds everything a stack owns: data, logs, sockets, secrets, and where to find it.

Standard library only: the settings module reads it before anything else is imported.

    <home>/redis/        the append-only file
    <home>/postgres/     the cluster (elsewhere only if its user cannot reach it, see postgres_server)
    <home>/logs/         one log for each process, rotated
    <home>/run/          control socket, generated configuration, remembered ports and secrets
    <home>/sim/          simulator configuration and journals
    <home>/runtime.json  where the running stack is; read it with `read_runtime`

`run/settings.json` is what its processes share; read it with `read_settings`.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from arb.stack.errors import StackBusy, StackError, StackNotRunning
from arb.stack.files import read_json, read_text, write_json, write_private

CHECKOUT: Final = Path(__file__).resolve().parents[2]
POSTGRES_SOCKET: Final = ".s.PGSQL.5432"
FROZEN: Final = "frozen-"
SOCKET_PATH_BYTES_MAX: Final = 85  # sun_path holds 107; supervisord and PostgreSQL append their own suffixes


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Where a running stack is. The URLs hold passwords: the file is 0600 and is never printed."""

    home: str
    mode: str  # mock, paper or live
    redis_url: str
    database_url: str
    control_socket: str  # the supervisor's
    supervisor_pid: int
    flower_url: str | None = None
    flower_credentials: str | None = None  # path of a file that holds user:password
    web_url: str | None = None
    web_credentials: str | None = None  # path of a file that holds the password
    simulators: dict[str, str] = field(default_factory=dict)  # venue -> base URL
    session: dict[str, str] = field(default_factory=dict)


class Home:
    """The paths below one home, and the two that may have to live elsewhere."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        self.redis = self.path / "redis"
        self.postgres = self.path / "postgres"
        self.logs = self.path / "logs"
        self.books = self.path / "books"  # all that were received, where that is recorded
        self.run = self.path / "run"
        self.sim = self.path / "sim"
        self.runtime_file = self.path / "runtime.json"
        self.report_file = self.path / "report.json"  # of the last run that came to its end
        self.check_file = self.path / "check.json"  # and what was found of it
        self.alerts_file = self.log_file("critical_alerts")
        self.sim_file = self.sim / "sim.json"  # the simulated market and its accounts
        self.tape_begins_file = self.sim / "tape_begins"  # the moment from which recorded books are played
        self._name_servers_files()
        self._name_pages_files()
        self._name_memories()

    def _name_servers_files(self) -> None:
        self.settings_file = self.run / "settings.json"
        self.lock_file = self.run / "lock"
        self.ports_file = self.run / "ports.json"
        self.redis_conf = self.run / "redis.conf"
        self.redis_password_file = self.run / "redis-password"
        self.postgres_note = self.run / "postgres"  # where the cluster is, if not here
        self._short_note = self.run / "sockets"
        self.supervisord_conf = self.run / "supervisord.conf"
        self.supervisord_pid_file = self.run / "supervisord.pid"
        self.supervisor_password_file = self.run / "supervisor-password"

    def _name_pages_files(self) -> None:
        self.flower_credentials_file = self.run / "flower-credentials"  # user:password
        self.flower_password_file = self.run / "flower-password"
        self.flower_cookie_secret_file = self.run / "flower-cookie-secret"
        self.web_password_file = self.run / "web-password"
        self.web_cookie_secret_file = self.run / "web-cookie-secret"
        self.metrics_token_file = self.run / "metrics-token"  # a bearer token; Prometheus reads such a file

    def _name_memories(self) -> None:
        """Name what is known whichever server is away."""
        self.kill_file = self.run / "kill.json"  # the kill switch
        self.ending_file = self.run / "ending.json"  # why the stack stopped itself
        self.stop_file = self.run / "stop.json"  # an emergency stop that is under way
        self.watchdog_file = self.run / "watchdog.json"  # what sweeps found
        self.revival_file = self.run / "revival.json"  # which workers were restarted
        self.degradation_file = self.run / "degradation.json"  # the degree, while Redis is away
        self.quiet_file = self.run / "quiet.json"  # which alerts are suppressed as repeats

    @classmethod
    def default(cls) -> "Home":
        """Return `ARB_HOME`, or `.arb` in the checkout this code runs from, else in the working directory."""
        configured = os.environ.get("ARB_HOME")
        if configured:
            return cls(configured)
        return cls((CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / ".arb")

    def played(self) -> "Home":
        """Return the home of the world in which recorded books are played; each start begins it anew."""
        return Home(self.path / "played")

    def demo(self) -> "Home":
        """Return the home of the demonstration, inside this one."""
        return Home(self.path / "demo")

    def begin_world(self) -> None:
        """Have a simulated world begin anew here. Only for a home whose stack is stopped."""
        shutil.rmtree(self.sim, ignore_errors=True)
        self.sim.mkdir(parents=True, mode=0o700)

    def log_file(self, program: str) -> Path:
        """Return the log of a program."""
        return self.logs / f"{program}.log"

    def sim_journal(self, venue: str) -> Path:
        """Return what a simulated venue writes down."""
        return self.sim / f"{venue}.jsonl"

    def feed_file(self, worker: str) -> Path:
        """Return where a feed worker keeps which coins it fed last."""
        return self.run / "feeds" / f"{worker.replace(os.sep, '-')}.json"

    def frozen_file(self, scope: str) -> Path:
        """Return where the settings are kept that the session of a mode and group runs with."""
        return self.run / f"{FROZEN}{scope.replace(':', '-')}.json"

    def frozen_scopes(self, mode: str) -> list[str]:
        """Return of which modes and groups there are such settings, of one mode."""
        names = sorted(path.stem.removeprefix(FROZEN) for path in self.run.glob(f"{FROZEN}{mode}*.json"))
        return [name.replace("-", ":") for name in names]

    def create(self) -> None:
        """Make the directories. As root others may pass through (not list): PostgreSQL drops to a user."""
        self.path.mkdir(parents=True, exist_ok=True)
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.path.chmod(mode)
        for directory in (self.redis, self.postgres, self.logs, self.run, self.sim):
            directory.mkdir(exist_ok=True)
            directory.chmod(mode if directory == self.postgres else 0o700)
        self._create_short_directory()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command at a time start or stop the stack. Raises: StackBusy at once if another does.

        The kernel drops the lock with its holder, so that a kill -9 leaves none behind.
        """
        with self.lock_file.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StackBusy(self.path) from error
            yield

    def remove(self) -> None:
        """Delete the home and what it put elsewhere. Only for a home whose stack is stopped."""
        for note in (self._short_note, self.postgres_note):
            elsewhere = read_text(note)
            if elsewhere:
                shutil.rmtree(elsewhere.strip(), ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def control_socket(self) -> Path:
        """Return the supervisor's socket: below `run/`, or in the short directory."""
        return self._short_enough(self.run / "supervisor.sock")

    def socket_directory(self, preferred: Path) -> Path:
        """Return where PostgreSQL's socket goes: `preferred`, or a place in the short directory."""
        return self._short_enough(preferred / POSTGRES_SOCKET).parent

    def _short_enough(self, path: Path) -> Path:
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX:
            return path
        return self._short_directory() / path.parent.name / path.name

    def _short_directory(self) -> Path:
        """Return the directory for the sockets of a deep home; remembered, should TMPDIR change."""
        remembered = (read_text(self._short_note) or "").strip()
        name = "arb-" + hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(remembered or Path(tempfile.gettempdir()) / name)

    def _create_short_directory(self) -> None:
        if self.socket_directory(self.postgres / "sockets").is_relative_to(self.path):
            return
        short = self._short_directory()
        _own_directory(short, 0o711)
        _own_directory(short / "run", 0o700)
        write_private(self._short_note, f"{short}\n")

    def write_runtime(self, runtime: Runtime) -> None:
        """Publish where the stack is."""
        write_json(self.runtime_file, asdict(runtime))

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """Publish the settings that the stack's processes, and commands typed by hand, share."""
        write_json(self.settings_file, settings)

    def holds_stack(self) -> bool:
        """Say whether a stack was started here and not stopped, even if its supervisor died meanwhile."""
        return self.settings_file.exists()

    def forget_stack(self) -> None:
        """Withdraw what a stack published."""
        self.runtime_file.unlink(missing_ok=True)
        self.settings_file.unlink(missing_ok=True)


def _own_directory(path: Path, mode: int) -> None:
    """Make `path`, or make sure that the one that is there is ours and no link (the parent is shared)."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise StackError(f"{path} belongs to somebody else; remove it, or set ARB_HOME to a shorter path")
    path.chmod(mode)


def answers(control_socket: Path | str) -> bool:
    """Say whether a live process listens on this unix socket (a socket file outlives its owner)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(control_socket))
        except OSError:
            return False
    return True


def read_settings(home: Home | None = None) -> dict[str, Any]:
    """Return the settings that the running stack of `home` published; none if no stack runs there."""
    home = home or Home.default()
    return read_json(home.settings_file) if answers(home.control_socket()) else {}


def read_runtime(home: Home | None = None) -> Runtime:
    """Return where the stack of `home` (default: `Home.default()`) is.

    Raises: StackNotRunning if there is none, also when an old file was left by one that was killed.
    """
    home = home or Home.default()
    known = {each.name for each in fields(Runtime)}
    found = {key: value for key, value in read_json(home.runtime_file).items() if key in known}
    if not found or not answers(found.get("control_socket", "")):
        raise StackNotRunning(home.path)
    return Runtime(**found)
