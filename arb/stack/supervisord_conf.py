"""The configuration of supervisord, made from process specs.

The file holds what only one program may see (Flower's password) and is written with mode 0600.
"""

import os
import shlex
from collections.abc import Sequence
from typing import Final

from arb.stack.control import USER
from arb.stack.errors import StackError
from arb.stack.files import remembered_secret
from arb.stack.home import Home
from arb.stack.process_spec import ProcessSpec

RETRIES: Final = 1_000_000_000  # never give up; spawn_counter keeps the pause bounded
LOG_BYTES_MAX: Final = "10MB"
LOG_BACKUPS: Final = 3

HEAD: Final = """\
[supervisord]
nodaemon = true
silent = true
logfile = {log}
logfile_maxbytes = {log_bytes}
logfile_backups = {log_backups}
pidfile = {pid_file}
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
supervisor.rpcinterface_factory = arb.stack.spawn_counter:make_spawn_counter
"""
FORK: Final = """
[rpcinterface:fork]
supervisor.rpcinterface_factory = arb.stack.fork:make_fork
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


def configuration(home: Home, specs: Sequence[ProcessSpec]) -> str:
    """Return the text of supervisord.conf."""
    head = HEAD.format(
        logs=_value(str(home.logs)),
        log=_value(str(home.log_file("supervisord"))),
        pid_file=_value(str(home.supervisord_pid_file)),
        socket=_value(str(home.control_socket())),
        user="user = root\n" if os.geteuid() == 0 else "",
        username=USER,
        password=_value(remembered_secret(home.supervisor_password_file)),
        log_bytes=LOG_BYTES_MAX,
        log_backups=LOG_BACKUPS,
    )
    fork = FORK if any(spec.is_module for spec in specs) else ""  # what is preloaded is for them
    return head + fork + "".join(_program(home, spec) for each in specs for spec in each.expanded())


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
        log=_value(str(home.log_file(spec.name))),
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
