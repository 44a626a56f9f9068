"""Sessions, proposals and reports for tests, each with ids that no other test uses."""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.book import BookSweep
from arb.domain.market.ids import (
    ClientOrderId,
    Coin,
    FillId,
    SessionId,
    Symbol,
    Venue,
    VenueOrderId,
    client_order_id,
    trade_id,
)
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge
from arb.domain.risk.review import Limits, Mode, Proposal
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState, Purpose
from arb.domain.trading.reentry import ReentryRules
from arb.domain.trading.trade import Leg, Trade, TradeState
from arb.ports.trading import Session
from tests.domain.markets import PAIR

NOW_NS = 1_763_640_000_000_000_000  # 2025-11-20 12:00 UTC
LIFETIME_NS = 3 * NS_PER_S
TICK_NS = 20 * NS_PER_MS  # from a book to a decision on it
SELL_UPBIT, BUY_UPBIT = PAIR.directions
PRICES = {
    Venue.UPBIT: Decimal("140000000"),
    Venue.BINANCE: Decimal("100000"),
    Venue.BITHUMB: Decimal("140000000"),
}
FUNDS = {
    Venue.UPBIT: {"KRW": Decimal("50000000"), "BTC": Decimal("2"), "ETH": Decimal("50")},
    Venue.BINANCE: {"USDT": Decimal("40000"), "BTC": Decimal("2"), "ETH": Decimal("50")},
}
LIMITS = Limits(
    entry_edge_bps_min=Decimal("10"),
    notional_per_coin_krw_max=Decimal("100000000"),
    notional_total_krw_max=Decimal("200000000"),
    trades_open_max=50,
    trades_open_per_coin_max=50,
    daily_loss_krw_max=Decimal("1000000"),
    loss_per_trade_krw_max=Decimal("100000"),
    loss_reserve_bps=Decimal("250"),
    rate_reserve_bps=Decimal("1000"),
    net_direction_krw_max=Decimal("1e12"),  # of all tests that share a database
    inventory_drift_krw_max=Decimal("1e12"),
    orders_per_minute_max=1_000,
    entry_cooldown_ns=0,
    reentry=ReentryRules(pause_ns=NS_PER_S, pause_ns_max=60 * NS_PER_S),
    premium_bps_abs_max=Decimal("1000"),
    price_band_bps_max=Decimal("1000"),
    rate_move_bps_max=Decimal("500"),
    quote_age_ns_max=NS_PER_S,
    rate_age_ns_max=NS_PER_S,
    rate_memory_ns=60 * NS_PER_S,
    spread_bps_max=Decimal(30),
    warnings_blocked=("WARNING", "GLOBAL_PRICE_DIFFERENCES"),
)
numbers = count(1)


@dataclass(frozen=True)
class Opening:
    """A proposal and the two intents it would write."""

    proposal: Proposal
    orders: tuple[Order, Order]

    @property
    def trade(self) -> Trade:
        return self.proposal.trade

    def on(self, venue: Venue) -> Order:
        return next(order for order in self.orders if order.venue is venue)


def accounts(name: str) -> dict[Venue, str]:
    """Return accounts that are called the same at both venues."""
    return dict.fromkeys((Venue.UPBIT, Venue.BINANCE), name)


def session(
    mode: Mode = Mode.NORMAL, started_at_ns: int = NOW_NS, environment: str = "mock", group: str = ""
) -> Session:
    return Session(
        session_id=SessionId(f"s-{next(numbers)}"),
        environment=environment,
        started_at_ns=started_at_ns,
        mode=mode,
        mode_reason="start",
        mode_changed_at_ns=started_at_ns,
        group_name=group,
        accounts=accounts(""),
    )


def opening(
    session_id: SessionId,
    coin: str = "BTC",
    quantity: str = "0.01",
    net_bps: str = "30",
    notional_krw: str = "1400000",
    direction: Direction = SELL_UPBIT,
    now_ns: int = NOW_NS,
    loss_reserve_krw: str = "400",
) -> Opening:
    trade = Trade(
        trade_id=trade_id(now_ns // 1_000_000, next(numbers)),
        session_id=session_id,
        coin=Coin(coin),
        direction=direction,
        state=TradeState.OPENING,
        quantity=Decimal(quantity),
        notional_krw=Decimal(notional_krw),
        entry_edge_bps=Decimal(net_bps),
        entry_premium_bps=Decimal("40"),
        opened_at_ns=now_ns,
        updated_at_ns=now_ns,
        loss_reserve_krw=Decimal(loss_reserve_krw),
    )
    venues = [venue for venue in Venue if venue in (direction.buy_on, direction.sell_on)]
    legs = tuple(
        Leg(
            venue=venue,
            side=direction.side(venue),
            purpose=Purpose.ENTRY,
            quantity=Decimal(quantity),
            limit_price=PRICES[venue],
        )
        for venue in venues
    )
    swept = BookSweep(Decimal(quantity), Decimal(quantity) * PRICES[Venue.UPBIT], PRICES[Venue.UPBIT])
    edge = Edge(
        direction=direction,
        quantity=Decimal(quantity),
        net_krw=Decimal(100),
        cost_krw=Decimal(1400000),
        net_bps=Decimal(net_bps),
        gross_bps=Decimal(net_bps) + 15,
        legs=dict.fromkeys(venues, swept),
    )
    proposal = Proposal(trade=trade, legs=legs, edge=edge)
    return Opening(proposal, tuple(intent(trade, leg, 1, now_ns) for leg in legs))


def intent(trade: Trade, leg: Leg, number: int, now_ns: int = NOW_NS) -> Order:
    return Order(
        client_order_id=client_order_id(trade.trade_id, leg.venue, number),
        trade_id=trade.trade_id,
        venue=leg.venue,
        symbol=Symbol(f"{trade.coin}/{leg.venue.quote}"),
        side=leg.side,
        purpose=leg.purpose,
        quantity=leg.quantity,
        limit_price=leg.limit_price,
        expires_at_ns=now_ns + LIFETIME_NS,
        created_at_ns=now_ns,
        tick_at_ns=now_ns - TICK_NS,
    )


def exit_intent(trade: Trade, venue: Venue, number: int, now_ns: int = NOW_NS) -> Order:
    leg = Leg(
        venue=venue,
        side=trade.direction.opposite.side(venue),
        purpose=Purpose.EXIT,
        quantity=trade.quantity,
        limit_price=PRICES[venue],
    )
    return intent(trade, leg, number, now_ns)


def fill(order: Order, quantity: str | Decimal | None = None, price: Decimal | None = None) -> Fill:
    number = next(numbers)
    amount = order.quantity if quantity is None else Decimal(quantity)
    paid = order.limit_price if price is None else price
    coin, _, quote = order.symbol.partition("/")
    in_base = order.venue is Venue.BINANCE and order.side is Side.BUY
    return Fill(
        fill_id=FillId(f"f{number}"),
        price=paid,
        quantity=amount,
        fee=amount * Decimal("0.001") if in_base else amount * paid * Decimal("0.0005"),
        fee_asset=coin if in_base else quote,
        ts_event_ns=NOW_NS + number,
    )


def report(order: Order, status: OrderState, *fills: Fill, reason: str = "") -> OrderReport:
    return OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId(f"v-{order.client_order_id}"),
        status=status,
        fills=fills,
        reason=reason,
    )


def filled(order: Order) -> OrderReport:
    return report(order, OrderState.FILLED, fill(order))


def with_limits(**changes: object) -> Limits:
    return replace(LIMITS, **changes)


def nobody() -> ClientOrderId:
    return client_order_id(trade_id(1, next(numbers)), Venue.UPBIT, 1)


def openings(session_id: SessionId):
    return [opening_entry(session_id, venue, funds) for venue, funds in FUNDS.items()]
