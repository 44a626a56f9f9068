"""What the memory stores share: the tables, one lock around each method, and a switch to be away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from threading import RLock

from arb.adapters.postgres.records.holds import Hold
from arb.adapters.postgres.records.seals import SealedPart
from arb.domain.errors import InvariantError, StoreUnavailable
from arb.domain.health.alert import Alert
from arb.domain.health.message import Message, MessageKind
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, Symbol, TradeId, Venue, VenueOrderId
from arb.domain.risk.mode import ModeChange
from arb.domain.state.account import Known
from arb.domain.state.generation import Generation
from arb.domain.state.recovery import Recovery
from arb.domain.trading.by_hand import CloseRequest, CoinPause
from arb.domain.trading.external import ExternalOrder
from arb.domain.trading.order import Order, OrderEvent, OrderState
from arb.domain.trading.trade import Trade
from arb.ports.trading import Session

Place = tuple[str, str, Venue]  # environment, account, venue


@dataclass(frozen=True, slots=True)
class OrderEventRow:
    """One change of an order's state."""

    event: OrderEvent
    from_state: OrderState
    to_state: OrderState
    fence: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order and what the store knows besides."""

    order: Order
    session_id: SessionId
    changed_at_ns: int
    hold: Hold
    events: tuple[OrderEventRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """A ledger entry in its place; its position is its number in the list, from 1."""

    session_id: SessionId
    entry: Entry
    at_ns: int


@dataclass(slots=True, kw_only=True)
class MessageRow:
    """One message and what became of it."""

    session_id: SessionId
    message: Message
    due_ns: int = 0
    tried_at_ns: int = 0
    tries: int = 0
    failure: str = ""
    ended_at_ns: int = 0
    told_by: str = ""


@dataclass(slots=True)
class MemoryTables:
    """All rows. `away` makes every method raise StoreUnavailable, as a database that went."""

    lock: RLock = field(default_factory=RLock)
    away: bool = False
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    account_keys: dict[tuple[str, Venue, str], Known] = field(
        default_factory=dict
    )  # mode, venue, fingerprint
    generations: dict[SessionId, Generation] = field(default_factory=dict)
    set_aside: set[SessionId] = field(default_factory=set)
    mode_changes: list[tuple[SessionId, ModeChange]] = field(default_factory=list)
    unjudged: dict[SessionId, dict[str, int]] = field(default_factory=dict)
    recoveries: list[tuple[SessionId, Recovery]] = field(default_factory=list)
    trades: dict[TradeId, Trade] = field(default_factory=dict)
    trials: dict[TradeId, Mapping[str, int]] = field(default_factory=dict)
    decided_later: dict[TradeId, dict[int, Mapping[str, str]]] = field(default_factory=dict)
    take_ups: dict[TradeId, int] = field(default_factory=dict)
    orders: dict[ClientOrderId, OrderRow] = field(default_factory=dict)
    fills: dict[tuple[Place, Symbol, FillId], ClientOrderId] = field(default_factory=dict)
    ledger: list[Booked] = field(default_factory=list)
    keys: set[tuple[SessionId, str]] = field(default_factory=set)
    balances: dict[SessionId, dict[tuple[str, str], Decimal]] = field(default_factory=dict)
    external: dict[tuple[Place, VenueOrderId], ExternalOrder] = field(default_factory=dict)
    pauses: dict[tuple[SessionId, Venue], tuple[int, str]] = field(default_factory=dict)
    coin_pauses: dict[tuple[str, str, Coin], CoinPause] = field(default_factory=dict)  # mode, group, coin
    close_requests: list[CloseRequest] = field(default_factory=list)
    alerts: list[tuple[SessionId | None, Alert]] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    message_marks: dict[tuple[SessionId, MessageKind], int] = field(default_factory=dict)
    snapshots: dict[tuple[SessionId, str], dict[str, SealedPart]] = field(default_factory=dict)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block alone. Blocks change nothing before their last check: there is no roll-back."""
        with self.lock:
            if self.away:
                raise StoreUnavailable("memory store is away")
            yield

    def place(self, session_id: SessionId, venue: Venue) -> Place:
        """Return the account of a session at a venue; of one that is not kept here nobody knows it."""
        session = self.sessions.get(session_id)
        return (
            ("", "", venue)
            if session is None
            else (session.environment, session.accounts.get(venue, ""), venue)
        )

    def session(self, session_id: SessionId) -> Session:
        """Return a session that must exist."""
        if session_id not in self.sessions:
            raise InvariantError(f"session {session_id} does not exist")
        return self.sessions[session_id]
