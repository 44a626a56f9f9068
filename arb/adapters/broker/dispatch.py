"""The Dispatcher port on Celery."""

from collections.abc import Mapping, Sequence
from typing import Any

from arb.adapters.broker.celery_app import ArbCelery
from arb.ports.market import ReadyMessage


class CeleryDispatcher:
    """Hands work to other processes by task name."""

    def __init__(self, app: ArbCelery) -> None:
        self._app = app

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Enqueue one task on the queue of its purpose. Raises: DispatchError."""
        options: dict[str, Any] = {}
        if countdown_ms > 0:
            options["countdown"] = countdown_ms / 1000
        if expires_ms > 0:
            options["expires"] = expires_ms / 1000
        self._app.send_task(task, args=args, **options)


class CeleryReadyMessages:
    """`arb.engine.market.feed.ReadyMessages` where Celery's broker is the Redis that keeps the books."""

    def __init__(self, app: ArbCelery, task: str, expires_ms: int) -> None:
        self._app, self._task, self._expires_s = app, task, expires_ms / 1000

    def make(self, books: Sequence[Mapping[str, Any]]) -> ReadyMessage | None:
        """Return a message that carries these books, None where it has to be sent another way."""
        return self._app.notice(self._task, (list(books),), expires=self._expires_s)

    def taken(self) -> None:
        """Note that the broker has one."""
        self._app.gate.succeeded()


class MemoryDispatcher:
    """Keeps what was sent, in order: the twin for tests and replays."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[Any, ...], int]] = []

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Remember a task instead of sending it."""
        self.sent.append((task, args, countdown_ms))

    def take(self) -> list[tuple[str, tuple[Any, ...], int]]:
        """Return what was sent since the last call, and forget it."""
        sent, self.sent = self.sent, []
        return sent


class SilentDispatcher:
    """Sends nothing: for a process that looks at the rows itself and needs no broker."""

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Ignore the task: its row is there, and a sweep sends it."""
