"""What comes in from outside: time and chance, the newest books, and who feeds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from arb.domain.health.assignment import Assignment, Beat, Reassignment, WorkerHealth
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue

Result = TypeVar("Result")
COINS_AT_ONCE: Final = 32  # evaluated for one message, so that what comes behind it waits for milliseconds


class Clock(Protocol):
    """Time, as an argument of everything that needs it: stamps by one clock, waits by another.

    The wall clock can be set, back too. What one process waits for or measures is by the steady clock.
    """

    def now_ns(self) -> int:
        """Return nanoseconds since the Unix epoch."""

    def steady_ns(self) -> int:
        """Return nanoseconds since some moment; they only grow, at the pace of time."""

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait for so many milliseconds."""


class Errands(Protocol):
    """Calls that are made beside us and waited for only so long: for who watches what may hang.

    While a call of one name has not ended, no other of that name begins: it is late at once.
    """

    def run(self, name: str, call: Callable[[], Result], ms_max: int) -> Result:
        """Return what the call returns, or raise what it raises. Raises: Late."""

    def run_all(
        self, calls: Mapping[str, Callable[[], Result]], ms_max: int
    ) -> Mapping[str, Callable[[], Result]]:
        """Make all calls side by side; return how each came out, to be asked for. Raises, there: Late."""


class Entropy(Protocol):
    """Randomness, as an argument; seeded in replays."""

    def bits(self, count: int) -> int:
        """Return `count` random bits."""

    def draw(self) -> float:
        """Return a uniform number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class ReadyMessage:
    """A message as the broker keeps it, for whoever writes to the same server anyway."""

    queue: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write of books."""

    due: bool  # no evaluation was pending, one is marked pending now: the caller enqueues it
    asked: bool = False  # none was pending, and the notice is in its queue
    fenced: tuple[Coin, ...] = ()  # coins that the writer does not own: nothing of theirs was written


@dataclass(frozen=True, slots=True)
class Quotes:
    """The books that are there, and the fence of each coin that somebody owns."""

    books: Mapping[tuple[Venue, Symbol], Book]
    fences: Mapping[Coin, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """The coins that had changed and are worth a look, with what is known of their markets."""

    coins: tuple[Coin, ...]
    quotes: Quotes  # with the fences of these coins at least
    more: bool = False  # have changed; an evaluation of them is marked pending: the caller enqueues it


class Worth(Protocol):
    """Says which of the coins that have changed are worth a look now."""

    def __call__(self, changed: Sequence[Coin], /) -> Sequence[Coin]: ...


class QuoteStore(Protocol):
    """The newest book of each instrument, and which coins changed since they were last evaluated.

    A coin has one owner, whose fence is on its books; `FeedRegistry` says who. Books of another fence are
    fenced off, so that a writer that was frozen writes nothing when it wakes up.
    """

    def put(
        self, books: Sequence[Book], dirty: Sequence[Coin], notice: ReadyMessage | None = None
    ) -> Written:
        """Write the books and mark the coins dirty in one round trip; nothing if all books are fenced off.

        Where no evaluation is pending, `notice` is put into its queue in the same step.

        Raises: StoreUnavailable.
        """

    def take(self, venues: Sequence[Venue], also: Sequence[tuple[Venue, Symbol]], worth: Worth) -> Changed:
        """Clear the pending mark, take dirty coins, and look at them, in one round trip.

        What is read are the books of those coins that are worth it, and those of `also`. At most
        `COINS_AT_ONCE` are taken; where others are left, the mark stays. A put that comes when it is
        cleared asks for another evaluation. Raises: StoreUnavailable.
        """

    def get(self, instruments: Sequence[tuple[Venue, Symbol]]) -> Mapping[tuple[Venue, Symbol], Book]:
        """Return the books that are there. Raises: StoreUnavailable."""

    def look(self, instruments: Sequence[tuple[Venue, Symbol]]) -> Quotes:
        """Return the books that are there with the fences in force. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All that is known of the feed workers."""

    assignment: Assignment
    beats: Mapping[str, Beat]
    leads: bool = False  # who asked is the one to reassign what has to be
    held: tuple[Coin, ...] = ()  # besides those of the list: something of them is open


class FeedRegistry(Protocol):
    """Who feeds which coin. It may be lost, or come back old: workers and epochs mend it.

    Raises, everywhere: StoreUnavailable.
    """

    def report(self, beat: Beat) -> Roster:
        """Leave a sign of life, take or keep the lead if nobody else has it, and return what is known."""

    def commit(self, assignment: Assignment, moves: Sequence[Reassignment], epoch: int) -> bool:
        """Put an assignment in force if that of `epoch` still is; books of coins that moved are forgotten."""

    def hold(self, coins: Sequence[Coin]) -> None:
        """Have these fed besides those of the list, and no others that were held before."""

    def leave(self, worker: str) -> None:
        """Forget a worker that ends, with its lead."""

    def drop_heartbeat(self, worker: str) -> None:
        """Forget the process heartbeat of a worker that is dead: its work went to others."""

    def note(self, healths: Mapping[str, WorkerHealth]) -> None:
        """Keep how the workers are, for whoever looks."""

    def read(self) -> tuple[Roster, Mapping[str, WorkerHealth]]:
        """Return what is known, and how the leader found the workers."""

    def moves(self, limit: int) -> tuple[Reassignment, ...]:
        """Return the last moves, the newest first."""
