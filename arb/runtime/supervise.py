"""Start supervisord with a configuration made from process specs.

Why supervisor: docs/decisions/0002. Everything a stack runs inherits its environment from
supervisord, so that URLs and passwords are in no argument list; what only one program may see
(Flower's password) is in the generated file, mode 0600.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from arb.runtime.control import USER, Supervisor
from arb.runtime.errors import StackError, StartFailed, TookTooLong
from arb.runtime.files import read_text, remembered_secret, write_private
from arb.runtime.home import CHECKOUT, Home
from arb.runtime.process_spec import LAUNCHER, ProcessSpec
from arb.runtime.signals import MARK
from arb.runtime.wait import wait_until

START_LIMIT_S: Final = 15.0
RETRIES: Final = 1_000_000_000  # never give up; spawn_counter keeps the pause bounded
LOG_BYTES_MAX: Final = "10MB"
LOG_BACKUPS: Final = 3

HEAD: Final = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisord.log
logfile_maxbytes = {log_bytes}
logfile_backups = {log_backups}
pidfile = {run}/supervisord.pid
childlogdir = {logs}
umask = 077
minprocs = 32
{user}
[unix_http_server]
file = {socket}
chmod = 0700
username = {username}
password = {password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:arb]
supervisor.rpcinterface_factory = arb.runtime.spawn_counter:make_spawn_counter
"""
PROGRAM: Final = """
[program:{name}]
command = {command}
environment = {environment}
priority = {priority}
autostart = false
autorestart = true
startsecs = {start_wait_s}
startretries = {retries}
stopsignal = {stop_signal}
stopwaitsecs = {stop_wait_s}
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = {log_bytes}
stdout_logfile_backups = {log_backups}
"""


class Lifetime(Enum):
    """How long a stack lives."""

    DETACHED = "until it is stopped"
    CALLER = "until it is stopped or the thread that started it ends, however it ends"


def supervise(
    home: Home, specs: Sequence[ProcessSpec], environment: Mapping[str, str], lifetime: Lifetime
) -> Supervisor:
    """Start supervisord (no program yet) and return its handle. Raises: StartFailed."""
    write_private(home.supervisord_conf, configuration(home, specs))
    command: tuple[str, ...] = (sys.executable, "-W", "ignore", "-m", "supervisor.supervisord")
    command += ("-c", str(home.supervisord_conf))
    if lifetime is Lifetime.CALLER:
        command = (sys.executable, "-I", "-S", str(LAUNCHER), "--", *command)
    complaints = home.logs / "supervisord.stderr.log"
    with complaints.open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=CHECKOUT,  # where `-m` and the plug-in are found
            env={**os.environ, **environment, MARK: str(home.path)},
            start_new_session=True,
        )
    supervisor = Supervisor(home)

    def pending() -> str | None:
        if process.poll() is not None:
            lines = (read_text(complaints) or "").strip().splitlines() or ["it ended without a word"]
            raise StartFailed("supervisord", lines[-1], complaints)
        return None if supervisor.is_running() else "its control socket does not answer"

    try:
        wait_until(pending, limit_s=START_LIMIT_S, what="the start of supervisord")
    except TookTooLong:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # from here on it is looked after by its socket and pid, maybe by another process
    return supervisor


def configuration(home: Home, specs: Sequence[ProcessSpec]) -> str:
    """Return the text of supervisord.conf."""
    head = HEAD.format(
        logs=_value(str(home.logs)),
        run=_value(str(home.run)),
        socket=_value(str(home.control_socket())),
        user="user = root\n" if os.geteuid() == 0 else "",
        username=USER,
        password=_value(remembered_secret(home.run / "supervisor-password")),
        log_bytes=LOG_BYTES_MAX,
        log_backups=LOG_BACKUPS,
    )
    return head + "".join(_program(home, spec) for each in specs for spec in each.expanded())


def _program(home: Home, spec: ProcessSpec) -> str:
    return PROGRAM.format(
        name=spec.name,
        command=_value(shlex.join(spec.launch_command())),
        environment=_value(",".join(f'{key}="{_bare(value)}"' for key, value in spec.environment.items())),
        priority=int(spec.phase),
        start_wait_s=spec.start_wait_s,
        retries=RETRIES,
        stop_signal=spec.stop_signal,
        stop_wait_s=spec.stop_wait_s,
        log=_value(str(home.logs / f"{spec.name}.log")),
        log_bytes=LOG_BYTES_MAX,
        log_backups=LOG_BACKUPS,
    )


def _value(text: str) -> str:
    """Escape a value for the file. Raises: StackError for what the format cannot hold."""
    if "\n" in text or " ;" in text or " #" in text:
        raise StackError(f"supervisord.conf cannot hold ' ;', ' #' or a line end, as in: {text[-60:]!r}")
    return text.replace("%", "%%")


def _bare(text: str) -> str:
    if set(text) & set("\"'\\"):
        raise StackError("the environment of a single program may hold no quote and no backslash")
    return text
