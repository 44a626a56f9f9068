"""`arb.ports.market.Errands` in threads: whoever sent one waits for it only so long.

A thread cannot be ended from outside. One that is late runs on, and while it does, no second one is sent
under its name: what hangs costs one thread, however often it is asked for.
"""

import contextvars
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, TypeVar

from arb.domain.errors import Late

Result = TypeVar("Result")


class ThreadErrands:
    """The errands of one process."""

    def __init__(self) -> None:
        self._out: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()

    def run(self, name: str, call: Callable[[], Result], ms_max: int) -> Result:
        """Return what the call returns, or raise what it raises. Raises: Late."""
        return self.run_all({name: call}, ms_max)[name]()

    def run_all(
        self, calls: Mapping[str, Callable[[], Result]], ms_max: int
    ) -> Mapping[str, Callable[[], Result]]:
        """Make all calls side by side; return how each came out, to be asked for. Raises, there: Late."""
        sent = {name: self._send(name, call) for name, call in calls.items()}
        wait([future for future in sent.values() if future is not None], ms_max / 1000)
        return {name: partial(_outcome, name, future) for name, future in sent.items()}

    def _send(self, name: str, call: Callable[[], Result]) -> Future[Result] | None:
        """Send one, unless the last one of this name is still out."""
        future: Future[Result] = Future()
        with self._lock:
            last = self._out.get(name)
            if last is not None and not last.done():
                return None
            self._out[name] = future
        carry = partial(contextvars.copy_context().run, _carry, future, call)
        try:
            threading.Thread(target=carry, name=f"errand-{name}", daemon=True).start()
        except RuntimeError:  # the machine has no thread left
            future.set_exception(Late(name))
        return future


def _carry(future: Future[Result], call: Callable[[], Result]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is asked for
        future.set_exception(error)


def _outcome(name: str, future: Future[Result] | None) -> Result:
    if future is None or not future.done():
        raise Late(name)
    return future.result()
