"""What processes tell each other and the operator: work, alerts, dead letters, counts, signs of life."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from arb.domain.health.alert import Alert
from arb.domain.health.dead_letter import DeadLetter
from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import SessionId


class AlertStore(Protocol):
    """Alerts that somebody must see."""

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        """Record an alert. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that was claimed to be sent now."""

    message_id: int
    session_id: SessionId
    message: Message
    tries: int  # this one included
    was_cut_off: bool  # the last try was claimed, and nothing is known of how it ended


class MessageStore(Protocol):
    """News on its way to a person: each is there once, until it was told or is too old.

    Raises, everywhere: StoreUnavailable.
    """

    def add(self, session_id: SessionId, messages: Iterable[Message]) -> int:
        """Keep what is not kept yet; return how many that were."""

    def newest_ns(self, session_id: SessionId, kind: MessageKind, subject: str) -> int:
        """Return when the newest message was made whose key is the subject and a moment; 0 if none was."""

    def claim(
        self, session_ids: Collection[SessionId], now_ns: int, lease_ns: int, pause_ns: int
    ) -> Sequence[Waiting]:
        """Take what is due for as long as the lease; nothing of a kind that was tried within the pause."""

    def told(self, message_ids: Collection[int], by: str, now_ns: int) -> None:
        """End messages: this channel took them, or, without a name, nobody is told any more."""

    def failed(self, message_ids: Collection[int], why: str, due_ns: int) -> None:
        """Have messages wait for another try."""

    def mark(self, session_id: SessionId, kind: MessageKind) -> int | None:
        """Return until when news of a kind was looked for, None if it never was."""

    def set_mark(self, session_id: SessionId, kind: MessageKind, at_ns: int) -> None:
        """Record up to which moment a kind of news was looked for, ns."""

    def unmark(self, session_id: SessionId, kinds: Collection[MessageKind]) -> None:
        """Drop the marks of these kinds: what happened before is no news."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: the name of the channel that took it, or why none did."""

    by: str = ""
    why: str = ""


class Messenger(Protocol):
    """Whoever brings a message to a person."""

    def send(self, title: str, text: str, message: Message) -> Sent:
        """Send once. Never raises, and ends in some seconds."""


class DeadLetterStore(Protocol):
    """Messages that were given up, in SQL."""

    def add(self, letter: DeadLetter) -> None:
        """Write a letter, or count one more failure of the same work. Raises: StoreUnavailable."""


class DeadLetterBuffer(Protocol):
    """Where letters wait while SQL is away, beside the messages that no consumer could read.

    Raises, everywhere: StoreUnavailable.
    """

    def put(self, letter: DeadLetter) -> None:
        """Keep a letter until somebody collects it."""

    def waiting(
        self, queues: Sequence[str], now_ns: int, limit: int
    ) -> Sequence[tuple[tuple[str, bytes], DeadLetter]]:
        """Return what waits, the oldest first, with what `remove` needs to know."""

    def remove(self, token: tuple[str, bytes]) -> None:
        """Remove a parked message that was collected."""


class AlertSink(Protocol):
    """Where alerts are raised."""

    def raise_alert(self, alert: Alert) -> None:
        """Deliver one alert; never raises."""


class Counters(Protocol):
    """Counts by reason, best effort: a lost count never disturbs trading."""

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter of this reason. Never raises."""

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason."""


class Heartbeats(Protocol):
    """Signs of life of long-lived processes."""

    def beat(self, process: str, facts: Mapping[str, str], now_ns: int) -> None:
        """Write a heartbeat; never raises."""

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Return the newest heartbeat of each process, with `at_ns` among its facts."""


class Dispatcher(Protocol):
    """Hands work to other processes; ids travel, not objects."""

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Enqueue one task on the queue of its purpose. Raises: DispatchError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A piece of work that was done without the message that else asks for it."""

    task: str
    argument: str
    began_ns: int
    took_ns: int
    error: str = ""


Tell = Callable[[Done], None]  # returns at once, never raises


def unheard(_done: Done) -> None:
    """Tell nobody."""
