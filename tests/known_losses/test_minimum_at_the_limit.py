"""A venue's minimum holds at the limit that an order is sent at, which may be lower than the best bid.

A leg that is just big enough at the best price is too small at the price that is sent: the venue would refuse
it, and the other leg would stand alone.
"""

from dataclasses import replace
from decimal import Decimal

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Order, Purpose
from tests.domain.markets import PAIR
from tests.engine.testbed import RULES, EngineTestbed
from tests.known_losses.helpers import orders, pay, require, run_all, tell

PRICES_USDT = ("0.25", "0.5", "1.25", "2.5", "5", "20")
LOTS = ("1", "0.1", "0.001")
NOTIONALS_USDT = ("5", "5.01", "5.05", "5.1", "7")
TICK = Decimal("0.0001")
KRW_PER_USDT = 1_400


def a_testbed_with(lot: str, notional_usdt: str) -> EngineTestbed:
    """Return a testbed whose coin is traded in such lots, and whose pairs are that big."""
    testbed = EngineTestbed()
    rule = replace(
        RULES[Venue.BINANCE],
        lot_step=Decimal(lot),
        quantity_min=Decimal(lot),
        price_bands=((Decimal(0), TICK),),
    )
    testbed.venues[Venue.BINANCE].rules[rule.symbol] = rule
    for venue in PAIR.venues:
        pay(testbed, venue, "BTC", Decimal(1_000))
    appetite = replace(testbed.evaluate.appetite, notional_usdt=Decimal(notional_usdt))
    testbed.evaluate = replace(testbed.evaluate, appetite=appetite)
    return testbed


def show(testbed: EngineTestbed, price_usdt: Decimal, premium_bps: int) -> None:
    krw = price_usdt * KRW_PER_USDT * (1 + Decimal(premium_bps) / 10_000)
    tick = RULES[Venue.UPBIT].tick(krw)
    ask = (krw / tick).to_integral_value() * tick
    tell(
        testbed,
        testbed.book(Venue.BINANCE, "BTC/USDT", str(price_usdt), str(price_usdt + TICK), "1000"),
        testbed.book(Venue.UPBIT, "BTC/KRW", str(ask - tick), str(ask), "1000"),
        testbed.book(Venue.UPBIT, "USDT/KRW", "1399", "1401", "100000"),
    )


def entries(price_usdt: Decimal, lot: str, notional_usdt: str, premium_bps: int) -> list[Order]:
    """Return the legs that are decided in such a market, if any."""
    testbed = a_testbed_with(lot, notional_usdt)
    show(testbed, price_usdt, premium_bps)
    testbed.evaluate_now()
    return orders(testbed, Purpose.ENTRY)


def too_small(order: Order) -> bool:
    return order.quantity * order.limit_price < RULES[order.venue].notional_min


def test_no_leg_is_below_the_venues_minimum_at_its_own_limit():
    found = [
        order
        for price_usdt in map(Decimal, PRICES_USDT)
        for lot in LOTS
        for notional_usdt in NOTIONALS_USDT
        for premium_bps in (200, -200)
        for order in entries(price_usdt, lot, notional_usdt, premium_bps)
    ]
    require(found, "pairs are opened in some of these markets")
    refused = [(order.quantity, order.limit_price) for order in found if too_small(order)]
    assert refused == []


def test_a_size_without_room_above_the_minimum_is_refused_by_that_reason():
    testbed = a_testbed_with("0.1", "5.5")
    show(testbed, Decimal("0.5"), 200)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "size_too_small"] == 1


def test_an_exit_and_a_repair_hold_the_minimum_at_their_limits_too():
    for premium_bps in (200, -200):
        testbed = a_testbed_with("0.1", "7")
        testbed.venues[Venue.BINANCE].troubles.append(Trouble.UNFILLED)
        for shown_bps in (premium_bps, premium_bps, 0, 0):
            show(testbed, Decimal("0.5"), shown_bps)
            testbed.evaluate_now()
            run_all(testbed)
            testbed.pass_time(300)
        purposes = {order.purpose for order in orders(testbed)}
        require(Purpose.REPAIR in purposes, "a leg stood alone")
        assert [order for order in orders(testbed) if too_small(order)] == []
