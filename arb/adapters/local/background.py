"""Work that nobody waits for: asked for any number of times within a moment, done once at its end."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Background:
    """A thread of its own, which starts when it is first asked: after any fork. It ends with the process."""

    def __init__(self, name: str, work: Callable[[], object], after_s: float) -> None:
        self._name, self._work, self._after_s = name, work, after_s
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._runs = False

    def ask(self) -> None:
        """Have it done `after_s` from now, with what else was asked by then; never waits, never raises."""
        if self._asked.is_set():
            return
        with self._starting:
            if not self._runs:
                try:
                    threading.Thread(target=self._run, name=self._name, daemon=True).start()
                except RuntimeError:  # the machine has no thread left: whoever asks next tries again
                    return
                self._runs = True
        self._asked.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._asked.wait()
            pause.wait(self._after_s)
            self._asked.clear()  # what is asked from here on may come too late for this time
            try:
                self._work()
            except Exception:  # a mistake in one go must not end all later ones
                log.exception("background_work_failed", work=self._name)
