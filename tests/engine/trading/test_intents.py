"""Legs become intents whose ids can be computed again."""

from decimal import Decimal

from arb.domain.market.ids import Coin, Venue, parse_client_order_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.trade import Leg
from arb.engine.trading.intents import intents
from tests.contracts import world
from tests.domain.markets import PAIR

NOW_NS, LIFETIME_NS = world.NOW_NS, 3_000
OPENING = world.opening("s")
TRADE_ID = OPENING.trade.trade_id


def leg(venue: Venue, side: Side = Side.BUY, quantity: str = "0.5") -> Leg:
    return Leg(
        venue=venue, side=side, purpose=Purpose.EXIT, quantity=Decimal(quantity), limit_price=Decimal(7)
    )


def made(*legs: Leg, known=()):
    return intents(legs, TRADE_ID, Coin("ETH"), known, NOW_NS, LIFETIME_NS)


def test_an_intent_asks_for_what_its_leg_asks_for():
    (order,) = made(leg(Venue.UPBIT, Side.SELL, "0.25"))
    assert (order.side, order.purpose, order.quantity, order.limit_price) == (
        Side.SELL, Purpose.EXIT, Decimal("0.25"), Decimal(7),
    )  # fmt: skip


def test_an_intent_goes_to_the_coins_market_on_its_venue():
    assert [order.symbol for order in made(*map(leg, PAIR.venues))] == ["ETH/KRW", "ETH/USDT"]


def test_an_intent_is_nothing_that_was_sent():
    (order,) = made(leg(Venue.UPBIT))
    assert (order.state, order.fence, order.fills) == (OrderState.INTENT, 0, ())


def test_an_intent_lives_from_now_for_its_lifetime():
    (order,) = made(leg(Venue.UPBIT))
    assert (order.created_at_ns, order.expires_at_ns) == (NOW_NS, NOW_NS + LIFETIME_NS)


def test_ids_tell_the_trade_the_venue_and_the_number():
    names = [parse_client_order_id(order.client_order_id) for order in made(*map(leg, PAIR.venues))]
    assert names == [(TRADE_ID, venue, 1) for venue in PAIR.venues]


def test_numbers_go_on_after_the_orders_already_known_on_that_venue():
    known = (*OPENING.orders, world.exit_intent(OPENING.trade, Venue.UPBIT, 2))
    names = [
        parse_client_order_id(order.client_order_id) for order in made(*map(leg, PAIR.venues), known=known)
    ]
    assert names == [(TRADE_ID, Venue.UPBIT, 3), (TRADE_ID, Venue.BINANCE, 2)]
