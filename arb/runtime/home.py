"""One directory holds everything a stack owns: data, logs, sockets, secrets, and where to find it.

Standard library only: the settings module reads it before anything else is imported.

    <home>/redis/        the append-only file
    <home>/postgres/     the cluster (elsewhere only if its user cannot reach it, see postgres_server)
    <home>/logs/         one log for each process, rotated
    <home>/run/          control socket, generated configuration, remembered ports and secrets
    <home>/sim/          simulator configuration and journals
    <home>/runtime.json  where the running stack is; read it with `read_runtime`
"""

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Final

from arb.runtime.errors import StackError, StackNotRunning
from arb.runtime.files import read_json, read_text, write_json, write_private

CHECKOUT: Final = Path(__file__).resolve().parents[2]
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
    simulators: dict[str, str] = field(default_factory=dict)  # venue -> base URL
    session: dict[str, str] = field(default_factory=dict)


class Home:
    """The paths below one home, and the two that may have to live elsewhere."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        self.redis = self.path / "redis"
        self.postgres = self.path / "postgres"
        self.logs = self.path / "logs"
        self.run = self.path / "run"
        self.sim = self.path / "sim"
        self.runtime_file = self.path / "runtime.json"
        self.lock_file = self.run / "lock"
        self.supervisord_conf = self.run / "supervisord.conf"

    @classmethod
    def default(cls) -> "Home":
        """Return `ARB_HOME`, or `.arb` in the checkout this code runs from, else in the working directory."""
        configured = os.environ.get("ARB_HOME")
        if configured:
            return cls(configured)
        return cls((CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / ".arb")

    def create(self) -> None:
        """Make the directories. As root others may pass through (not list): PostgreSQL drops to a user."""
        self.path.mkdir(parents=True, exist_ok=True)
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.path.chmod(mode)
        for directory in (self.redis, self.postgres, self.logs, self.run, self.sim):
            directory.mkdir(exist_ok=True)
            directory.chmod(mode if directory == self.postgres else 0o700)

    def remove(self) -> None:
        """Delete the home and what it put elsewhere. Only for a home whose stack is stopped."""
        for note in (self.run / "sockets", self.run / "postgres"):
            elsewhere = read_text(note)
            if elsewhere:
                shutil.rmtree(elsewhere.strip(), ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def control_socket(self) -> Path:
        """Return the supervisor's socket: below `run/`, or in the short directory."""
        return self._short_enough(self.run / "supervisor.sock")

    def socket_directory(self, preferred: Path) -> Path:
        """Return `preferred` if a socket path in it is short enough, else a short directory of that name."""
        return self._short_enough(preferred / ".s.PGSQL.5432").parent

    def _short_enough(self, path: Path) -> Path:
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX:
            return path
        return self._short_directory() / path.parent.name / path.name

    def _short_directory(self) -> Path:
        """Return the directory for sockets of a deep home; its place is remembered in the home."""
        note = self.run / "sockets"
        name = "arb-" + hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        short = Path((read_text(note) or "").strip() or Path(tempfile.gettempdir()) / name)
        _own_directory(short, 0o711)
        _own_directory(short / "run", 0o700)
        if not note.exists():
            write_private(note, f"{short}\n")
        return short

    def write_runtime(self, runtime: Runtime) -> None:
        """Publish where the stack is."""
        write_json(self.runtime_file, asdict(runtime))


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
