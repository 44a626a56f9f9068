"""A plug-in of supervisord: a program that is a Python module begins as a copy of it, all imports done.

A dozen processes that import the same would hold a dozen copies of it, of 70 MB. What supervisord imports
once they share as long as nobody writes to it, and what died is back at once. All else is as if it had been
executed: supervisord forks, the launcher's promises are kept, environment and streams are its own. What
cannot be forked is executed.

Loaded through `[rpcinterface:fork]`; runs inside supervisord, which has one thread and no other work yet. Its
programs run what it has imported: a newer version on the disk is taken up by the next start of the stack.
"""

import atexit
import ctypes
import gc
import importlib
import os
import runpy
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NoReturn

from setproctitle import setproctitle

from arb.domain.market.ids import Venue
from arb.stack.launch import die_with_parent
from arb.stack.process_spec import LAUNCHER

# What the programs have in common; each connects nothing and reads no settings when it is imported.
PRELOADED: Final = (
    "celery.bin.celery",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.solo",
    "celery.concurrency.thread",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.loops",
    "celery.worker.pidbox",
    "celery.worker.strategy",
    "psycopg2.extras",
    "arb.adapters.broker.consumer",
    "arb.adapters.broker.pgmq_transport",
    "arb.adapters.broker.redis_transport",
    "workers.tasks",
    "workers.life",
    "beat.tasks",
    "workers.feed",
    "workers.stream",
    "arb.web.serve",
    *(f"arb.sim.{venue}.app" for venue in Venue),
)
PR_SET_NAME: Final = 15  # linux/prctl.h
INTERRUPTED: Final = 130
BROKEN: Final = 1
Execute = Callable[[str, Sequence[str], Mapping[str, str]], Any]


class Fork:
    """Its public methods would be XML-RPC methods: it has none."""


def make_fork(supervisord: Any, **_config: str) -> Fork:
    """Be the factory that supervisord calls once, at its start."""
    try:
        for name in PRELOADED:
            importlib.import_module(name)
    except Exception:  # noqa: BLE001 - whatever it is, programs are executed then, as ever
        traceback.print_exc()
        return Fork()
    gc.collect()
    gc.freeze()
    options = supervisord.options
    options.execve = partial(become, os.getpid(), options.execve)
    return Fork()


def become(
    parent: int, execute: Execute, path: str, command: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Go on as a program in a child of supervisord; returns only where it could not be executed."""
    found = module_of(command)
    if found is None:
        execute(path, command, environ)
        return
    stop_signal, module, arguments = found
    libc = ctypes.CDLL(None)
    setproctitle(
        shlex.join([sys.executable, "-m", module, *arguments])
    )  # before the environment, whose room it takes
    as_if_executed(environ)
    die_with_parent(libc, signal.Signals[f"SIG{stop_signal}"].value, parent)
    if sys.platform == "linux":
        libc.prctl(PR_SET_NAME, module.encode(), 0, 0, 0)
    run(module, arguments)


def module_of(command: Sequence[str]) -> tuple[str, str, list[str]] | None:
    """Return the launcher's signal, the module and its arguments, of a command that is no more than that."""
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), "--signal"]
    head, (stop_signal, dashes, *program) = command[: len(launch)], [*command[len(launch) :], "", ""]
    if list(head) != launch or dashes != "--" or program[:2] != [sys.executable, "-m"]:
        return None
    return stop_signal, program[2], list(command[len(launch) + 5 :])


def as_if_executed(environ: Mapping[str, str]) -> None:
    """Have signals, environment and streams as a fresh interpreter of the program has them."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environ)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # of the numbers that are the program's now


def run(module: str, arguments: Sequence[str]) -> NoReturn:
    """Run a module to its end and leave; supervisord's own frames below are never returned to."""
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = status_of(ended.code)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody caught
        traceback.print_exc()
        status = BROKEN
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the interpreter's end does
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(status)


def status_of(code: Any) -> int:
    """Return the exit status that SystemExit means; what is no number is a last word."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return BROKEN
