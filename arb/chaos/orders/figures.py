"""What a run came to, counted from the venues' ground truth and our journal side by side."""

from collections import Counter
from dataclasses import dataclass

from arb.chaos.orders.exposure import UnhedgedTime, exposure
from arb.check.checkers import Check
from arb.check.history import EngineHistory, VenueHistory
from arb.domain.errors import InvariantError
from arb.domain.ledger.reconcile import drifts
from arb.domain.market.ids import ClientOrderId, Venue
from arb.domain.trading.order import OrderEvent, OrderState
from arb.domain.trading.trade import TradeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts at the end of a run."""

    trades: int
    intents: int
    venue_orders: int
    unknowns: int  # orders whose answer did not come
    unknowns_resolved: int
    duplicates: int  # orders at a venue beyond the one that each intent may have
    lost: int  # intents without an end, and orders and fills that the venue has and we do not
    handed_over: int
    drift: int  # assets in which ledger and balance differ
    exposure: UnhedgedTime

    @property
    def unhedged(self) -> int:
        """Return how many trades hold more on one venue than on the other, whoever looks after them."""
        return len(self.exposure.uneven)


def figures_of(check: Check) -> Figures:
    """Return the counts of what a check reads, by the venues' own record. Raises: VenueError."""
    if check.read_venues is None:
        raise InvariantError("only simulated venues keep a record of their own")
    venues = check.read_venues()
    return figures(check.read_engine(), venues)


def figures(engine: EngineHistory, venues: VenueHistory) -> Figures:
    """Return the counts of a session at rest."""
    unknown = {event.client_order_id for event in engine.events if event.event is OrderEvent.LOSE}
    still = {order.client_order_id for order in engine.orders if order.state is OrderState.UNKNOWN}
    return Figures(
        trades=len(engine.trades),
        intents=len(engine.orders),
        venue_orders=len(venues.orders),
        unknowns=len(unknown),
        unknowns_resolved=len(unknown - still),
        duplicates=_duplicates(engine, venues),
        lost=_lost(engine, venues),
        handed_over=sum(trade.state is TradeState.ESCALATED for trade in engine.trades),
        drift=sum(len(_drifts(engine, venues, venue)) for venue in engine.pair.venues),
        exposure=exposure(venues.fills, engine.instruments, engine.read_at_ns),
    )


def _duplicates(engine: EngineHistory, venues: VenueHistory) -> int:
    allowed = engine.orders_by_id()
    placed = Counter((order.venue, ClientOrderId(order.client_id)) for order in venues.orders)
    return sum(
        count - (client_id in allowed and allowed[client_id].venue is venue)
        for (venue, client_id), count in placed.items()
    )


def _lost(engine: EngineHistory, venues: VenueHistory) -> int:
    ours = engine.orders_by_id()
    booked = {fill.key for fill in engine.fills}
    endless = sum(not order.is_terminal for order in engine.orders)
    unseen = sum(
        order.client_id not in ours or ours[ClientOrderId(order.client_id)].venue_order_id is None
        for order in venues.orders
    )
    return endless + unseen + sum(fill.key not in booked for fill in venues.fills)


def _drifts(engine: EngineHistory, venues: VenueHistory, venue: Venue) -> tuple[object, ...]:
    account = f"venue:{venue.value}"
    ledger = {asset: amount for (holder, asset), amount in engine.balances.items() if holder == account}
    held = {asset: amount for (holder, asset), amount in venues.balances.items() if holder is venue}
    return drifts(venue, ledger, held)
