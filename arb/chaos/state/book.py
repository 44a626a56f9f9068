"""Sessions with positions in every stage, made without a market: one by one, or ten thousand at once."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Final

from sqlalchemy import insert

from arb.adapters.postgres import holds, ledger
from arb.adapters.postgres.engine import transaction
from arb.adapters.postgres.rows import fill_values, order_values, trade_values
from arb.adapters.postgres.tables import fills, orders, trades
from arb.chaos.state.testbed import OWNER, StateTestbed
from arb.domain.ledger.ledger import fill_entry, opening_entry
from arb.domain.market.ids import Coin, FillId, SessionId, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.pair import Pair
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState, Purpose
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.market.markets import symbol_on

PAIR: Final = Pair(*tuple(Venue)[:2])
PRICES: Final = {"KRW": Decimal("140000000"), "USDT": Decimal("100000")}  # by what a venue quotes in
MONEY: Final = {"KRW": Decimal("900000000"), "USDT": Decimal("900000")}
FUNDS: Final = {venue: {venue.quote: MONEY[venue.quote], "BTC": Decimal("900")} for venue in PAIR.venues}
QUANTITY: Final = Decimal("0.01234567")
CHUNK: Final = 500
numbers = count(1)


def open_books(testbed: StateTestbed, session_id: SessionId) -> None:
    """Book what the venues hold."""
    for venue, funds in FUNDS.items():
        testbed.trades.book_entry(session_id, opening_entry(session_id, venue, funds), testbed.clock.now_ns())


def new_trade(
    testbed: StateTestbed, session_id: SessionId, coin: str, state: TradeState = TradeState.OPENING
) -> Trade:
    """Return a trade that nobody wrote yet."""
    now_ns = testbed.clock.now_ns()
    return Trade(
        trade_id=trade_id(now_ns // 1_000_000, next(numbers)),
        session_id=session_id,
        coin=Coin(coin),
        direction=PAIR.directions[0],
        state=state,
        quantity=QUANTITY,
        notional_krw=Decimal("1728394.12345"),
        entry_edge_bps=Decimal("21.5"),
        entry_premium_bps=Decimal("40.25"),
        opened_at_ns=now_ns,
        updated_at_ns=now_ns,
    )


def legs(trade: Trade, number: int = 1, purpose: Purpose = Purpose.ENTRY) -> tuple[Order, Order]:
    """Return the intents of a trade's two legs."""
    first, second = (
        Order(
            client_order_id=client_order_id(trade.trade_id, venue, number),
            trade_id=trade.trade_id,
            venue=venue,
            symbol=symbol_on(venue, trade.coin),
            side=trade.direction.side(venue),
            purpose=purpose,
            quantity=trade.quantity,
            limit_price=PRICES[venue.quote],
            expires_at_ns=trade.opened_at_ns + 3_000_000_000,
            created_at_ns=trade.opened_at_ns,
        )
        for venue in PAIR.venues
    )
    return first, second


def write(testbed: StateTestbed, trade: Trade, intents: Sequence[Order]) -> None:
    """Write a trade with its intents and holds, as opening it does."""
    with transaction(testbed.database) as connection:
        connection.execute(insert(trades).values(trade_values(trade)))
        rows = [order_values(order, trade.session_id, order.created_at_ns) for order in intents]
        connection.execute(insert(orders).values(rows))
        holds.reserve(connection, trade.session_id, intents)


def fill_of(order: Order, quantity: Decimal | None = None) -> Fill:
    """Return an execution of an order."""
    number = next(numbers)
    amount = order.quantity if quantity is None else quantity
    return Fill(
        fill_id=FillId(f"{order.created_at_ns}-{number}"),
        price=order.limit_price,
        quantity=amount,
        fee=(amount * order.limit_price * Decimal("0.0005")).normalize(),
        fee_asset=order.venue.quote,
        ts_event_ns=order.created_at_ns + number,
    )


def report(testbed: StateTestbed, order: Order, status: OrderState, *found: Fill) -> Order:
    """Claim an intent if it is one, and record what the venue says."""
    testbed.trades.claim(order.client_order_id, order.created_at_ns)
    said = OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId(f"v-{order.client_order_id}"),
        status=status,
        fills=found,
    )
    return testbed.trades.record(said, testbed.clock.now_ns())


def half_open(testbed: StateTestbed, session_id: SessionId, coin: str) -> Trade:
    """Open a trade with one leg filled and the other working at its venue, partly filled."""
    trade = new_trade(testbed, session_id, coin)
    first, second = legs(trade)
    write(testbed, trade, (first, second))
    report(testbed, first, OrderState.FILLED, fill_of(first))
    report(testbed, second, OrderState.PARTIALLY_FILLED, fill_of(second, second.quantity / 2))
    return trade


def hedged(testbed: StateTestbed, session_id: SessionId, coin: str) -> Trade:
    """Open a trade and fill both legs."""
    trade = new_trade(testbed, session_id, coin)
    both = legs(trade)
    write(testbed, trade, both)
    for order in both:
        report(testbed, order, OrderState.FILLED, fill_of(order))
    return testbed.trades.add_orders(replace(trade, state=TradeState.OPEN), ())


def lost(testbed: StateTestbed, session_id: SessionId, coin: str, pnl_krw: Decimal) -> Trade:
    """Open and close a trade with this result."""
    trade = hedged(testbed, session_id, coin)
    now_ns = testbed.clock.now_ns()
    ended = replace(trade, state=TradeState.CLOSED, closed_at_ns=now_ns, pnl_krw=pnl_krw, reason="stop_loss")
    return testbed.trades.add_orders(ended, ())


def many(testbed: StateTestbed, session_id: SessionId, total: int) -> None:
    """Write that many hedged trades, in chunks, with orders, fills and ledger."""
    now_ns = testbed.clock.now_ns()
    for _ in range(0, total, CHUNK):
        made = [new_trade(testbed, session_id, "BTC", TradeState.OPEN) for _ in range(CHUNK)]
        filled = [_filled(order) for trade in made for order in legs(trade)]
        with transaction(testbed.database) as connection:
            connection.execute(insert(trades), [trade_values(trade) for trade in made])
            rows = [order_values(order, session_id, now_ns) | {"event_seq": 1} for order in filled]
            connection.execute(insert(orders), rows)
            found = [fill_values(order, order.fills[0], OWNER, now_ns) for order in filled]
            connection.execute(insert(fills), found)
            entries = [fill_entry(order, order.fills[0]) for order in filled]
            ledger.book(connection, session_id, entries, now_ns)


def _filled(order: Order) -> Order:
    return replace(order, state=OrderState.FILLED, fills=(fill_of(order),), attempts=1, fence=1)
