"""Start supervisord with a configuration made from process specs.

Why supervisor: docs/decisions/0002-supervision-by-supervisor.md. Everything a stack runs inherits its
environment from supervisord, so that URLs and passwords are in no argument list.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from arb.stack.control import Supervisor
from arb.stack.errors import StartFailed, TookTooLong
from arb.stack.files import write_private
from arb.stack.home import CHECKOUT, Home
from arb.stack.process_spec import LAUNCHER, ProcessSpec
from arb.stack.signals import MARK
from arb.stack.status import last_words
from arb.stack.supervisord_conf import configuration
from arb.stack.wait import wait_until

START_LIMIT_S: Final = 60.0  # it imports what its programs have in common: seconds, on a loaded machine more


class Lifetime(Enum):
    """How long a stack lives."""

    DETACHED = "until it is stopped"
    CALLER = "until it is stopped or the thread that started it ends, however it ends"


def supervise(
    home: Home, specs: Sequence[ProcessSpec], environment: Mapping[str, str], lifetime: Lifetime
) -> Supervisor:
    """Start supervisord (no program yet) and return its handle. Raises: StartFailed, TookTooLong."""
    write_private(home.supervisord_conf, configuration(home, specs))
    complaints = home.log_file("supervisord.stderr")
    process = _spawn(home, {**os.environ, **environment, MARK: str(home.path)}, lifetime, complaints)
    supervisor = Supervisor(home)

    def pending() -> str | None:
        if process.poll() is not None:
            raise StartFailed("supervisord", last_words(complaints), complaints)
        return None if supervisor.is_running() else "its control socket does not answer"

    try:
        wait_until(pending, limit_s=START_LIMIT_S, what="the start of supervisord")
    except TookTooLong:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # from here on it is looked after by its socket and pid, maybe by another process
    return supervisor


def _spawn(
    home: Home, environment: Mapping[str, str], lifetime: Lifetime, complaints: Path
) -> subprocess.Popen[bytes]:
    command: tuple[str, ...] = (sys.executable, "-W", "ignore", "-m", "supervisor.supervisord")
    command += ("-c", str(home.supervisord_conf))
    if lifetime is Lifetime.CALLER:
        command = (sys.executable, "-I", "-S", str(LAUNCHER), "--", *command)
    with complaints.open("w") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=CHECKOUT,  # where `-m` and the plug-in are found
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is for us to handle
        )
