"""What happened, from two sources: the engine's journal and the venues' own.

Values only. `EngineHistory` is one consistent reading of one session's rows; `VenueHistory` is what the
simulated venues say for themselves since that session began.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from arb.domain.ledger.ledger import EntryKind, Posting
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, Symbol, TradeId, Venue
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Pair
from arb.domain.risk.mode import ModeChange
from arb.domain.state.owner import Names, Owner
from arb.domain.state.snapshot import Snapshot
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Fill, Order, OrderEvent, OrderState
from arb.domain.trading.trade import Trade
from arb.ports.trading import Session


class Invariant(StrEnum):
    """What must hold, through every fault; DESIGN section 3."""

    INTENT_FIRST = "intent_first"
    AT_MOST_ONCE = "at_most_once"
    UNKNOWN_IS_A_STATE = "unknown_is_a_state"
    EVERY_FILL_ONCE = "every_fill_once"
    NO_LONELY_LEG = "no_lonely_leg"
    NOTHING_LOST_ON_RESTART = "nothing_lost_on_restart"
    RISK_ONLY_SHRINKS = "risk_only_shrinks"
    BOOKED_PROFIT_IS_REAL = "booked_profit_is_real"
    MODES_NEVER_TOUCH = "modes_never_touch"
    DECIDED_BY_WHAT_EXECUTES = "decided_by_what_executes"


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks an invariant, and how."""

    invariant: Invariant
    row: str  # "order a1-...", "trade ...", "fill <venue> BTC/USDT 12"
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTransition:
    """One change of an order's state, as written down."""

    client_order_id: ClientOrderId
    seq: int
    event: OrderEvent
    from_state: OrderState
    to_state: OrderState
    fence: int
    reason: str
    at_ns: int
    actor: str = ""  # whose process wrote it, as "mode:account"; empty where nobody kept it


class FillKey(NamedTuple):
    """How a venue's fill is told from every other."""

    venue: Venue
    symbol: Symbol
    fill_id: FillId

    def __str__(self) -> str:
        return f"fill {self.venue} {self.symbol} {self.fill_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFill:
    """A fill in our tables."""

    venue: Venue
    symbol: Symbol
    client_order_id: ClientOrderId
    fill: Fill
    booked_at_ns: int
    owner: Owner | None = None  # under whose name it is kept

    @property
    def key(self) -> FillKey:
        """Return venue, market and fill id, which identify the fill."""
        return FillKey(self.venue, self.symbol, self.fill.fill_id)

    def at_venue(self, side: Side) -> "VenueFill":
        """Return the execution that it says there was."""
        return VenueFill(
            venue=self.venue, symbol=self.symbol, client_id=self.client_order_id, side=side, fill=self.fill
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """A ledger entry in our tables: unlike `Entry` it may be wrong, which is what is looked for."""

    entry_id: int
    key: str
    kind: EntryKind
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What other sessions did on the same account: it is theirs to explain."""

    orders: frozenset[str] = frozenset()  # client order ids
    fills: frozenset[FillKey] = frozenset()  # that they booked
    unbooked: Mapping[tuple[Venue, str], Decimal] = field(default_factory=dict)  # here, though booked there


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """Sessions of other modes and accounts on the same server: nothing here may be of theirs."""

    owners: Mapping[SessionId, Owner] = field(default_factory=dict)  # of all sessions, this one's too
    orders: Mapping[str, Owner] = field(default_factory=dict)  # client order ids of orders not of this owner
    fills: Mapping[FillKey, Owner] = field(default_factory=dict)  # kept under our name, of orders of others
    names: Names = field(default_factory=dict)  # of today, of accounts that were called otherwise before


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old a quote and the rate may be when something is decided on them."""

    quote_ns_max: int = 2 * NS_PER_S
    rate_ns_max: int = 5 * NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHistory:
    """One session as SQL has it, read in one transaction."""

    session: Session
    pair: Pair  # that it trades between
    read_at_ns: int
    repair_ns_max: int
    trades: tuple[Trade, ...] = ()
    orders: tuple[Order, ...] = ()
    events: tuple[OrderTransition, ...] = ()
    fills: tuple[BookedFill, ...] = ()
    entries: tuple[BookedEntry, ...] = ()
    balances: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)  # (account, asset)
    ledger_position: int = 0
    mode_changes: tuple[ModeChange, ...] = ()
    alerts: frozenset[tuple[str, str]] = frozenset()  # (kind, subject)
    snapshot: Snapshot | None = None  # the newest that verifies
    damaged: tuple[tuple[str, str], ...] = ()  # (slot, why) of newer ones that do not
    instruments: Mapping[tuple[Venue, Symbol], Instrument] = field(default_factory=dict)
    decided_on: Mapping[TradeId, Mapping[str, str]] = field(default_factory=dict)  # what an entry saw
    # What exits and repairs saw, by the moment of the decision, which is when their orders were created.
    decided_later: Mapping[TradeId, Mapping[int, Mapping[str, str]]] = field(default_factory=dict)
    ages: "Ages" = field(default_factory=lambda: Ages())
    strangers: "Strangers" = field(default_factory=lambda: Strangers())
    elsewhere: "Elsewhere" = field(default_factory=lambda: Elsewhere())

    def orders_by_id(self) -> dict[ClientOrderId, Order]:
        """Return the orders by their ids."""
        return {order.client_order_id: order for order in self.orders}

    def orders_by_trade(self) -> dict[TradeId, tuple[Order, ...]]:
        """Return each trade's orders; trades without any are left out."""
        found: dict[TradeId, tuple[Order, ...]] = defaultdict(tuple)
        for order in self.orders:
            found[order.trade_id] += (order,)
        return dict(found)

    def events_by_order(self) -> dict[ClientOrderId, list[OrderTransition]]:
        """Return each order's events in the order they were written."""
        found: dict[ClientOrderId, list[OrderTransition]] = defaultdict(list)
        for event in sorted(self.events, key=lambda event: event.seq):
            found[event.client_order_id].append(event)
        return dict(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order that a venue accepted."""

    venue: Venue
    venue_order_id: str
    client_id: str
    coin: Coin
    status: str
    received_ns: int  # when the request came in


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFill:
    """An execution at a venue."""

    venue: Venue
    symbol: Symbol
    client_id: str
    side: Side
    fill: Fill

    @property
    def key(self) -> FillKey:
        """Return venue, market and fill id, which identify the fill."""
        return FillKey(self.venue, self.symbol, self.fill.fill_id)

    def effects(self) -> dict[str, Decimal]:
        """Return what the venue's balances changed by, by asset."""
        base, _, quote = self.symbol.partition("/")
        moved: dict[str, Decimal] = defaultdict(lambda: ZERO)
        moved[base] += self.side.sign * self.fill.quantity
        moved[quote] -= self.side.sign * self.fill.quantity * self.fill.price
        moved[self.fill.fee_asset] -= self.fill.fee
        return dict(moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueHistory:
    """What the venues say; `torn` are those that moved while they were read.

    Simulated venues keep a journal of their own. Others say what they hold, and no more.
    """

    orders: tuple[VenueOrder, ...] = ()
    fills: tuple[VenueFill, ...] = ()
    balances: Mapping[tuple[Venue, str], Decimal] = field(default_factory=dict)  # free and locked
    torn: frozenset[Venue] = frozenset()
    has_journal: bool = True

    def since(self, start_ns: int) -> "VenueHistory":
        """Return the same without what happened before `start_ns`: that belongs to older sessions."""
        return replace(
            self,
            orders=tuple(order for order in self.orders if order.received_ns >= start_ns),
            fills=tuple(fill for fill in self.fills if fill.fill.ts_event_ns >= start_ns),
        )

    def without(self, elsewhere: Elsewhere) -> "VenueHistory":
        """Return the same as it would be if others had done nothing that this session has not booked."""
        theirs = [each for each in self.fills if each.client_id in elsewhere.orders]
        coming = sum_effects(each for each in theirs if each.key not in elsewhere.fills)
        moved = {
            key: coming.get(key, ZERO) + elsewhere.unbooked.get(key, ZERO)
            for key in {*coming, *elsewhere.unbooked}
        }
        return replace(
            self,
            orders=tuple(order for order in self.orders if order.client_id not in elsewhere.orders),
            fills=tuple(each for each in self.fills if each.client_id not in elsewhere.orders),
            balances={
                key: self.balances.get(key, ZERO) - moved.get(key, ZERO) for key in {*self.balances, *moved}
            },
        )


def sum_effects(fills: Iterable[VenueFill]) -> dict[tuple[Venue, str], Decimal]:
    """Return what fills changed the venues' balances by, together."""
    sums: dict[tuple[Venue, str], Decimal] = defaultdict(lambda: ZERO)
    for fill in fills:
        for asset, amount in fill.effects().items():
            sums[fill.venue, asset] += amount
    return dict(sums)
