"""Every seam of the engine on one page: what the use cases need from the world."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from arb.domain.health.alert import Alert
from arb.domain.health.assignment import Assignment, Beat, Health, Move
from arb.domain.health.dead_letter import DeadLetter
from arb.domain.ledger.ledger import Entry
from arb.domain.market.book import Book
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, Symbol, TradeId, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.risk.mode import ModeChange
from arb.domain.risk.review import Approved, Limits, Mode, Proposal, Refused
from arb.domain.state.hot_state import HotState, Stamp, StateChange
from arb.domain.state.owner import Owner
from arb.domain.state.recovery import Recovery
from arb.domain.state.snapshot import Found, Snapshot, SnapshotKind
from arb.domain.trading.external import ExternalOrder, ListedOrder
from arb.domain.trading.order import Event, Order, OrderReport
from arb.domain.trading.trade import Trade


class Clock(Protocol):
    """Time, as an argument of everything that needs it: stamps by one clock, waits by another.

    The wall clock can be set, back too. What one process waits for or measures is by the steady clock.
    """

    def now_ns(self) -> int:
        """Return nanoseconds since the Unix epoch."""

    def steady_ns(self) -> int:
        """Return nanoseconds since some moment; they only grow, at the pace of time."""

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait."""


class Entropy(Protocol):
    """Randomness, as an argument; seeded in replays."""

    def bits(self, count: int) -> int:
        """Return `count` random bits."""

    def draw(self) -> float:
        """Return a uniform number in [0, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of the engine that positions, metrics and risk state belong to."""

    session_id: SessionId
    environment: str  # mock, paper, live
    started_at_ns: int
    mode: Mode
    mode_reason: str
    mode_changed_at_ns: int
    group_name: str = ""  # of coins; each group of an environment has a session in use
    account: str = ""  # at the venues; sessions of one account see the same balances

    @property
    def owner(self) -> Owner:
        """Return whose it is."""
        return Owner(environment=self.environment, account=self.account)

    @property
    def stands_at(self) -> tuple[Mode, str, int]:
        """Return how much is allowed, why, and since when: what a change of mode replaces."""
        return self.mode, self.mode_reason, self.mode_changed_at_ns


@dataclass(frozen=True, slots=True)
class TradeView:
    """A trade with all of its orders, read in one transaction."""

    trade: Trade
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write of books."""

    due: bool  # no evaluation was pending, one is marked pending now: the caller enqueues it
    refused: tuple[Coin, ...] = ()  # coins that the writer does not own: nothing of theirs was written


@dataclass(frozen=True, slots=True)
class Quotes:
    """The books that are there, and the fence of each coin that somebody owns."""

    books: Mapping[tuple[Venue, Symbol], Book]
    fences: Mapping[Coin, int]


class QuoteStore(Protocol):
    """The newest book of each instrument, and which coins changed since they were last evaluated.

    A coin has one owner, whose fence is on its books; `FeedRegistry` says who. Books of another fence are
    refused, so that a writer that was frozen writes nothing when it wakes up.
    """

    def put(self, books: Sequence[Book], dirty: Sequence[Coin]) -> Written:
        """Write the books and mark the coins dirty in one round trip; nothing if all books are refused.

        Raises: StoreUnavailable.
        """

    def take_dirty(self) -> tuple[Coin, ...]:
        """Clear the pending mark, then drain the dirty set. Raises: StoreUnavailable."""

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


class FeedRegistry(Protocol):
    """Who feeds which coin. It may be lost, or come back old: workers and epochs mend it.

    Raises, everywhere: StoreUnavailable.
    """

    def report(self, beat: Beat) -> Roster:
        """Leave a sign of life, take or keep the lead if nobody else has it, and return what is known."""

    def commit(self, assignment: Assignment, moves: Sequence[Move], epoch: int) -> bool:
        """Put an assignment in force if that of `epoch` still is; books of coins that moved are forgotten."""

    def leave(self, worker: str) -> None:
        """Forget a worker that ends, with its lead."""

    def bury(self, worker: str) -> None:
        """Forget the process heartbeat of a worker that is dead: its work went to others."""

    def note(self, healths: Mapping[str, Health]) -> None:
        """Keep how the workers are, for whoever looks."""

    def read(self) -> tuple[Roster, Mapping[str, Health]]:
        """Return what is known, and how the leader found the workers."""

    def moves(self, limit: int) -> tuple[Move, ...]:
        """Return the last moves, the newest first."""


class SessionStore(Protocol):
    """Sessions and their mode, in SQL."""

    def create(self, session: Session) -> None:
        """Write a new session. Raises: Conflict if its id exists."""

    def current(self, environment: str, group: str = "") -> Session | None:
        """Return the newest session of an environment and group that is not set aside."""

    def listed(self, environment: str) -> tuple[Session, ...]:
        """Return all sessions of an environment, the newest first."""

    def take_up(self, session_id: SessionId, now_ns: int) -> None:
        """Make this the current session of its group: the others of it are set aside, and kept."""

    def set_mode(self, session_id: SessionId, mode: Mode, reason: str, now_ns: int) -> None:
        """Change how much is allowed, with the reason, and keep the history."""

    def change_mode(self, seen: Session, mode: Mode, reason: str, now_ns: int) -> bool:
        """The same if nobody has changed it since `seen` was read; False, and no change, if somebody has."""

    def last_mode(self, session_id: SessionId, besides: Collection[str]) -> ModeChange | None:
        """Return the newest change of mode whose reason is none of these."""

    def set_account(self, session_id: SessionId, account: str) -> None:
        """Note which account a session trades on."""

    def recovered(self, session_id: SessionId, recovery: Recovery) -> None:
        """Write down that something of a session is back."""

    def recoveries(self, session_id: SessionId, limit: int) -> tuple[Recovery, ...]:
        """Return what came back lately, the newest first."""

    def get(self, session_id: SessionId) -> Session | None:
        """Return one session."""


class TradeStore(Protocol):
    """Trades, orders, fills and ledger: the truth, in SQL. Each method is one transaction.

    Raises, everywhere: StoreUnavailable when the database cannot be reached.
    """

    def open_trade(
        self, proposal: Proposal, orders: tuple[Order, Order], limits: Limits, now_ns: int
    ) -> Approved | Refused:
        """Under the session's lock: read the exposure, review, and write trade, intents and holds."""

    def add_orders(self, trade: Trade, orders: Sequence[Order]) -> Trade:
        """Write the changed trade and new intents with their holds if `trade.version` is still current.

        Returns the trade with its next version. Raises: Conflict if somebody changed it meanwhile.
        """

    def next_order_number(self, trade_id: TradeId, venue: Venue) -> int:
        """Return the number (from 1) of the trade's next order on a venue."""

    def claim(self, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
        """Compare-and-set INTENT -> SUBMITTED with a grown fence; None if it was no intent any more.

        An intent past its lifetime becomes EXPIRED instead, and its hold is voided.
        """

    def release(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        """SUBMITTED -> INTENT: proven not placed. False if the fence has moved on."""

    def lose(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        """SUBMITTED -> UNKNOWN. False if the fence has moved on or a report came in meanwhile."""

    def refuse(
        self, client_order_id: ClientOrderId, fence: int, event: Event, reason: str, now_ns: int
    ) -> bool:
        """End a SUBMITTED order that its sender proved was not placed: REJECT or EXPIRE.

        False if the fence has moved on, or somebody gave the sender up: what it learnt then is only true of
        its own attempt, and another one (a re-drive under the same identifier) may have been accepted.
        """

    def absent(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
        """UNKNOWN -> EXPIRED on the venue's own proof; the hold is voided."""

    def record(self, report: OrderReport, now_ns: int) -> Order:
        """Fold a report into its order: events, fills, ledger, holds and balances in one transaction."""

    def deny(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
        """INTENT -> DENIED, the hold is voided. False if it is no intent any more and was not denied."""

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        """Return one order."""

    def orders(self, ids: Collection[ClientOrderId]) -> tuple[Order, ...]:
        """Return those of these orders that exist, by age."""

    def view(self, trade_id: TradeId) -> TradeView | None:
        """Return a trade and its orders."""

    def active(self, session_id: SessionId, coins: Sequence[Coin] | None = None) -> tuple[TradeView, ...]:
        """Return the trades that have not ended."""

    def untold(self, session_id: SessionId, before_ns: int) -> tuple[Trade, ...]:
        """Return the trades handed over before then of which no alert tells, the oldest first."""

    def overdue(self, session_id: SessionId, before_ns: int) -> tuple[Order, ...]:
        """Return orders that are not terminal and have not changed since `before_ns`."""

    def moving(self, session_id: SessionId, since_ns: int) -> tuple[Order, ...]:
        """Return the account's orders that are not terminal or have changed since `since_ns`, by age."""

    def book_entry(self, session_id: SessionId, entry: Entry, now_ns: int) -> bool:
        """Write a ledger entry that no fill caused; False if its key is already booked."""

    def book_moves(self, session_id: SessionId, now_ns: int) -> int:
        """Book what other sessions moved on the same account since the last time; return how many did."""

    def open_beside(self, session_id: SessionId, now_ns: int) -> bool:
        """Open the books from those of another group's session in use, where there is one.

        Returns whether the books are open.
        """

    def balances(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        """Return what each venue should hold, by the ledger."""

    def free(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        """Return what each venue should hold, less what is on hold for orders."""

    def working(self, session_id: SessionId) -> int:
        """Return how many orders may still execute."""


class KillSwitch(Protocol):
    """What stops everything, kept where neither database nor broker is needed."""

    def engaged(self) -> str | None:
        """Return why everything is stopped, or None; takes microseconds. Never raises."""

    def engaged_at_ns(self) -> int | None:
        """Return when it was pulled; None if it is not, or that is not known. Never raises."""

    def engage(self, reason: str, now_ns: int) -> str:
        """Stop everything, durably; return the reason in force, which is the first one given."""

    def release(self) -> None:
        """Let everything go on."""


class ExternalOrderStore(Protocol):
    """Orders on our accounts that are not ours, in SQL."""

    def adopt(
        self, session_id: SessionId, venue: Venue, listed: Sequence[ListedOrder], now_ns: int
    ) -> tuple[ListedOrder, ...]:
        """Remember all open external orders on the session's account; return those not known before.

        Those that are known and not listed any more are gone. Raises: StoreUnavailable.
        """

    def known(self, session_id: SessionId, venue: Venue) -> tuple[ExternalOrder, ...]:
        """Return each that was ever seen on the session's account, the newest first.

        Raises: StoreUnavailable.
        """


class SnapshotStore(Protocol):
    """Images of sessions, in SQL."""

    def image(self, session_id: SessionId) -> tuple[int, Mapping[str, Any]]:
        """Return (ledger position, parts) of one consistent point in time."""

    def save(self, snapshot: Snapshot) -> bool:
        """Write the four parts in one transaction; False if the slot is already taken."""

    def take(
        self, session_id: SessionId, kind: SnapshotKind, slot: str, taken_at_ns: int, at_once: int
    ) -> bool:
        """Image a session and write it, with so many trades in memory at a time; False as above."""

    def latest(self, session_id: SessionId) -> Snapshot | None:
        """Return the newest snapshot that verifies."""

    def find(self, session_id: SessionId) -> Found:
        """Return the newest snapshot that verifies, and which newer ones were skipped and why."""

    def taken(self, session_id: SessionId, slot: str) -> bool:
        """Tell whether a slot is taken already."""

    def stamp(self, session_id: SessionId) -> Stamp:
        """Return what tells whether a copy of the state is of this moment."""

    def change(self, session_id: SessionId, trades: Collection[TradeId]) -> StateChange:
        """Return the sums and these trades as they are at one point in time."""

    def entries_after(self, session_id: SessionId, position: int) -> tuple[Entry, ...]:
        """Return the ledger's entries beyond a position, in commit order."""


class StateStore(Protocol):
    """The hot copy of sessions' state. Never believed over SQL.

    Raises, everywhere: StoreUnavailable. A writer takes a revision, reads SQL, then writes.
    """

    def next_revision(self, session_id: SessionId) -> int:
        """Return a number greater than any before it."""

    def save(self, state: HotState, revision: int) -> bool:
        """Replace the whole state at once; False if a later revision was written meanwhile."""

    def apply(self, change: StateChange, revision: int) -> bool | None:
        """Write what changed at once; False as above, None if there is no state to change."""

    def load(self, session_id: SessionId) -> HotState | None:
        """Return the whole state. Raises: DataError if it is not readable."""

    def delete(self, session_id: SessionId) -> None:
        """Remove the whole state at once."""

    def ping(self) -> None:
        """Return if the store answers."""


class AlertStore(Protocol):
    """Alerts that somebody must see."""

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        """Write one alert."""


class DeadLetterStore(Protocol):
    """Messages that were given up, in SQL."""

    def add(self, letter: DeadLetter) -> None:
        """Write a letter, or count one more failure of the same work. Raises: StoreUnavailable."""


class ParkingLot(Protocol):
    """Where letters wait while SQL is away, beside the messages that no consumer could read.

    Raises, everywhere: StoreUnavailable.
    """

    def park(self, letter: DeadLetter) -> None:
        """Keep a letter until somebody collects it."""

    def parked(
        self, queues: Sequence[str], now_ns: int, limit: int
    ) -> Sequence[tuple[tuple[str, bytes], DeadLetter]]:
        """Return what waits, the oldest first, with what `remove` needs to know."""

    def remove(self, token: tuple[str, bytes]) -> None:
        """Forget one that was collected."""


class AlertSink(Protocol):
    """Where alerts go."""

    def raise_alert(self, alert: Alert) -> None:
        """Deliver one alert; never raises."""


class Counters(Protocol):
    """Counts by reason, best effort: a lost count never disturbs trading."""

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter."""

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason."""


class Heartbeats(Protocol):
    """Signs of life of long-lived processes."""

    def beat(self, process: str, facts: Mapping[str, str], now_ns: int) -> None:
        """Write a heartbeat; never raises."""

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Return the newest heartbeat of each process, with `at_ns` among its facts."""


class MemoryBudget(Protocol):
    """What large work may take at once in this process."""

    def items(self, item_bytes: int, at_most: int) -> AbstractContextManager[int]:
        """Reserve memory for one chunk, waiting for others if need be; give how many items it may have.

        At least one: nothing fails for want of memory, it is done smaller or later.
        """


class Dispatcher(Protocol):
    """Hands work to other processes; ids travel, not objects."""

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Enqueue one task on the queue of its purpose. Raises: DispatchError."""


@dataclass(frozen=True, slots=True)
class NotFoundYet:
    """The venue does not know the order, and that proves nothing yet; ask again after `retry_ms`."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class NeverPlaced:
    """By the venue's own rule of proof the order does not exist and never will."""

    proof: str


Resolution = OrderReport | NotFoundYet | NeverPlaced


class VenueClient(Protocol):
    """One venue's private and reference endpoints. Never retries an order by itself."""

    venue: Venue

    def place(self, order: Order) -> OrderReport:
        """Send one claimed order.

        Raises: Rejected (final), Retryable (proven not placed), OutcomeUnknown (ask), Fatal.
        """

    def query(self, order: Order) -> OrderReport | None:
        """Return what the venue knows, fills included; None if it says the order does not exist.

        Raises: VenueError when it cannot be asked.
        """

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Ask about an UNKNOWN order by the venue's rule of proof. Raises: VenueError.

        Where that proof is sending it again, it may only execute if `may_trade`.
        """

    def cancel(self, order: Order | ListedOrder) -> None:
        """Ask to cancel; what came of it is learnt by `query`. Raises: VenueError."""

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return every open order of the account, ours or not (foreign ids kept as they are)."""

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return a market's orders created since then, ours or not, as far as one list goes.

        Raises: VenueError; of a market that it does not have, a venue refuses the list or gives an empty one.
        """

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset, zeros left out. Raises: VenueError."""

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now, asked for over REST. Raises: VenueError."""

    def instruments(self, coins: Sequence[Coin]) -> tuple[Instrument, ...]:
        """Return the rules of each coin's market that the venue lists (and of USDT/KRW where it has it).

        Raises: VenueError.
        """

    def time_offset_ms(self) -> int | None:
        """Return the venue's clock minus ours, or None where the venue has no clock to compare."""
