"""Sessions, trades and orders: their stores, the venues they are sent to, and what stops them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

from arb.domain.ledger.ledger import Entry
from arb.domain.market.book import Book
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, Symbol, TradeId, Venue
from arb.domain.market.listing import Listing
from arb.domain.risk.known_exposure import KnownExposure, Way
from arb.domain.risk.mode import Cause, ModeChange, ModeReason, after
from arb.domain.risk.review import Approved, Denied, Limits, Mode, Proposal
from arb.domain.state.generation import Generation
from arb.domain.state.owner import Accounts, Owner
from arb.domain.state.recovery import Recovery
from arb.domain.trading.by_hand import CloseRequest, CoinPause, Decided
from arb.domain.trading.external import ExternalOrder, ListedOrder
from arb.domain.trading.lone_leg import LoneLeg
from arb.domain.trading.order import Order, OrderEvent, OrderReport
from arb.domain.trading.trade import Trade

Facts = Mapping[str, str]
NOTHING_SEEN: Final[Facts] = MappingProxyType({})


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
    accounts: Accounts = field(default_factory=dict)  # sessions of one account see the same balances
    generation: int = 0  # of settings: what opens a trade has to know them

    @property
    def owner(self) -> Owner:
        """Return the mode and the accounts that the session belongs to."""
        return Owner(environment=self.environment, accounts=self.accounts)

    @property
    def reason(self) -> ModeReason:
        """Return why it allows as much as it does."""
        return ModeReason.parse(self.mode_reason)

    def after(self, cause: Cause) -> Mode | None:
        """Return the mode that a cause leads to from here; None where it changes nothing."""
        return after(self.mode, self.mode_reason, cause)

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
class SessionView:
    """A session's mode and its trades that have not ended, read at one moment."""

    mode: Mode
    trades: tuple[TradeView, ...]
    mark: int = 0  # how often what its entries are reviewed by was decided anew


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

    def last_mode(self, session_id: SessionId, besides: Collection[Cause]) -> ModeChange | None:
        """Return the newest change of mode whose cause is none of these, all of which pass."""

    def name_accounts(self, session_id: SessionId, accounts: Accounts) -> None:
        """Name the accounts of a session that have no name yet."""

    def unjudged(self, session_id: SessionId) -> Mapping[str, int]:
        """Return what reconciliations could not judge, and since when."""

    def keep_unjudged(self, session_id: SessionId, since: Mapping[str, int]) -> None:
        """Replace the assets that no reconciliation could judge, with since when (ns)."""

    def recovered(self, session_id: SessionId, recovery: Recovery) -> None:
        """Write down that something of a session is back."""

    def recoveries(self, session_id: SessionId, limit: int) -> tuple[Recovery, ...]:
        """Return what came back lately, the newest first."""

    def get(self, session_id: SessionId) -> Session | None:
        """Return a session by its id, None if there is none."""

    def generation(self, session_id: SessionId) -> Generation | None:
        """Return the settings that a session runs with; None of one that began before they were kept."""

    def begin_generation(self, generation: Generation) -> None:
        """Put the next settings in force: no trade is opened on others afterwards.

        Raises: Conflict if its number does not follow.
        """


Meanwhile = Callable[[], object]


def nothing_else() -> None:
    """Do nothing while something is being written."""


class TradeStore(Protocol):
    """Trades, orders, fills and ledger: the truth, in SQL. Each method is one transaction.

    Raises, everywhere: StoreUnavailable when the database cannot be reached.
    """

    def open_trade(
        self, proposal: Proposal, orders: tuple[Order, Order], limits: Limits, now_ns: int
    ) -> Approved | Denied:
        """Under the session's lock: read the exposure, review, and write trade, intents and holds.

        Orders that are claimed are written with their claims: whoever called may send them after the commit,
        and nobody else. Not if the trade `was_there`: a claim is handed out once.
        """

    def known_exposure(self, session_id: SessionId, ways: Collection[Way], now_ns: int) -> KnownExposure:
        """Return the exposure as of now, with what these coins lost in their directions."""

    def open_reviewed(
        self,
        approved: Approved,
        orders: tuple[Order, Order],
        known: KnownExposure,
        meanwhile: Meanwhile = nothing_else,
    ) -> bool:
        """Write the same for what was approved by a known exposure, unless anything was decided since.

        False, and no change, if it was, or if the trade is there already: then it is `open_trade`'s. While
        it is being written `meanwhile` is called, maybe more than once; it returns at once and never raises.
        """

    def add_orders(self, trade: Trade, orders: Sequence[Order], decided_on: Facts = NOTHING_SEEN) -> Trade:
        """Write the changed trade and new intents with their holds if `trade.version` is still current.

        With the intents goes what they were decided on, under the moment of the decision. Orders that are
        claimed may be sent by whoever called, once this has returned.
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

    def reject(
        self, client_order_id: ClientOrderId, fence: int, event: OrderEvent, reason: str, now_ns: int
    ) -> bool:
        """End a SUBMITTED order that its sender proved was not placed: REJECT or EXPIRE.

        False if the fence has moved on, or somebody gave the sender up: what it learnt then is only true of
        its own attempt, and another one (a re-drive under the same identifier) may have been accepted.
        """

    def absent(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
        """UNKNOWN -> EXPIRED on the venue's own proof; the hold is voided."""

    def record(self, report: OrderReport, now_ns: int, known: Order | None = None) -> Order:
        """Fold a report into its order: events, fills, ledger, holds and balances in one transaction.

        `known` is the order as the caller last read it, and spares reading it again: what became of it since
        counts all the same. A report that says no more than it writes nothing, and it is what comes back.
        """

    def deny(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
        """INTENT -> DENIED, the hold is voided. False if it is no intent any more and was not denied."""

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        """Return an order by our id, None if there is none."""

    def orders(self, ids: Collection[ClientOrderId]) -> tuple[Order, ...]:
        """Return those of these orders that exist, by age."""

    def view(self, trade_id: TradeId) -> TradeView | None:
        """Return a trade and its orders."""

    def active(self, session_id: SessionId) -> tuple[TradeView, ...]:
        """Return the trades that have not ended."""

    def session_view(
        self, session_id: SessionId, coins: Sequence[Coin] | None, meanwhile: Meanwhile = nothing_else
    ) -> SessionView | None:
        """Return a session's mode and its trades of these coins that have not ended, the oldest first.

        Of all coins, where none are named. None if there is no such session. While it is being read
        `meanwhile` is called, maybe more than once; it never raises.
        """

    def untold(self, session_id: SessionId, before_ns: int) -> tuple[Trade, ...]:
        """Return the trades escalated before then of which no alert tells, the oldest first."""

    def alone(self, session_id: SessionId) -> tuple[LoneLeg, ...]:
        """Return the legs that were escalated and stand alone, or were taken up and are not even yet.

        The oldest first.
        """

    def repair_again(self, trade: Trade) -> Trade:
        """Write a trade that was escalated and goes on, and count that, if `trade.version` is current.

        Returns the trade with its next version. Raises: Conflict if somebody changed it meanwhile.
        """

    def unvalued(self, session_id: SessionId, limit: int) -> tuple[TradeId, ...]:
        """Return trades with a fee of which nobody knows what it was worth, the oldest first."""

    def archive(self, session_id: SessionId, before_ns: int) -> None:
        """Keep what is over and has not changed since then as sums; its rows stay, and read as before."""

    def filled_late(self, session_id: SessionId) -> tuple[TradeId, ...]:
        """Return trades at rest with an order that was filled after it, and they, had ended."""

    def fee_assets(self, session_id: SessionId) -> frozenset[tuple[Venue, str]]:
        """Return in which third assets the newest fees were taken, by venue."""

    def value_fees(self, trade: Trade, values: Mapping[ClientOrderId, Mapping[FillId, Decimal]]) -> Trade:
        """Write what fees were worth, by order and fill, and the trade if `trade.version` is current.

        Returns the trade with its next version. Raises: Conflict if somebody changed it meanwhile.
        """

    def fees_assumed(self, session_id: SessionId, limit: int) -> tuple[ClientOrderId, ...]:
        """Return orders that are over, with a fee that their venue has not named yet, the oldest first."""

    def correct_fees(
        self, trade: Trade, client_order_id: ClientOrderId, fees: Mapping[FillId, Decimal], now_ns: int
    ) -> Trade:
        """Write what was taken for fills whose fee was assumed, book the difference, and write the trade.

        Once for a fill. Returns the trade with its next version. Raises: Conflict if it is not current.
        """

    def live(self, session_id: SessionId) -> tuple[Order, ...]:
        """Return orders that are not terminal, the longest unchanged first."""

    def overdue(self, session_id: SessionId, before_ns: int, ahead_ns: int) -> tuple[Order, ...]:
        """Return orders that are not terminal and have not changed since `before_ns`.

        What is stamped after `ahead_ns` was written before the clock was set back, and has not either.
        """

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


class HandStore(Protocol):
    """What a person decided about coins and pairs, in SQL. Raises, everywhere: StoreUnavailable."""

    def pause(self, session_id: SessionId, pause: CoinPause) -> CoinPause:
        """Open nothing of a coin, in this session and those that follow it; return the pause in force.

        Of two the first one stays. An entry that is being committed comes before it, or is denied.
        """

    def resume(self, session_id: SessionId, coin: Coin, by: str, now_ns: int) -> CoinPause | None:
        """Let a coin be opened again; return the pause that this ended, None if there was none."""

    def pauses(self, session_id: SessionId) -> tuple[CoinPause, ...]:
        """Return the pauses in force, by coin."""

    def ask_to_close(self, request: CloseRequest) -> CloseRequest:
        """Ask for a pair to be closed; return the request in force, which is the first one.

        Raises: Conflict if the trade is not open.
        """

    def decided(self, session_id: SessionId, now_ns: int) -> Decided:
        """Return what was decided by hand for a session and is in force now."""


class KillSwitch(Protocol):
    """What stops everything, kept where neither database nor broker is needed."""

    def engaged(self) -> str | None:
        """Return why everything is stopped, or None; takes microseconds. Never raises."""

    def engaged_at_ns(self) -> int | None:
        """Return when it was pulled; None if it is not, or that is not known. Never raises."""

    def engage(self, reason: str, now_ns: int) -> str:
        """Stop everything, durably; return the reason in force, which is the first one given."""

    def release(self) -> None:
        """Release the switch: orders may be sent again."""


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


@dataclass(frozen=True, slots=True)
class NotFoundYet:
    """The venue does not know the order, and that proves nothing yet; ask again after `retry_ms`."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class NeverPlaced:
    """By the venue's own rule of proof the order does not exist and never will."""

    proof: str


Resolution = OrderReport | NotFoundYet | NeverPlaced


Before = Callable[[], None]


def at_once() -> None:
    """Wait for nothing before an order is sent."""


Ready = Callable[[Before], OrderReport]  # sends an order that is ready, as `place` does


class VenueClient(Protocol):
    """One venue's private and reference endpoints. Never retries an order by itself."""

    venue: Venue

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Send one claimed order, at most once.

        `before` is called when all is ready, right before the first byte; what it raises keeps it from going.
        Raises: Rejected (final), Retryable (proven not placed), OutcomeUnknown (ask), Fatal.
        """

    def ready(self, order: Order) -> Ready | None:
        """Take room for one claimed order and sign it; return what sends it once, None where that takes time.

        Nothing is asked of the venue and nothing is waited for. Raises: VenueError, as `place` does.
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

        Raises: VenueError; of a market that it does not have, a venue rejects the list or gives an empty one.
        """

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset, zeros left out. Raises: VenueError."""

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now, asked for over REST. Raises: VenueError."""

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's market that the venue lists (and of USDT/KRW where it has it).

        Raises: VenueError.
        """

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that the venue lists, and what was traded of it in a day.

        Both against what the venue quotes in; None where it does not tell. Raises: VenueError.
        """

    def time_offset_ms(self) -> int | None:
        """Return the venue's clock minus ours, or None where the venue has no clock to compare."""
