"""The engine: what fills, at what price, and what stays locked."""

from decimal import Decimal

import pytest

from arb.sim.core.exchange import OrderRejection, RejectReason
from arb.sim.core.orders import Status
from tests.sim.core.worlds import book, exchange, order, quote_fees, show


def fills_of(engine):
    return [(f.event.client_id, f.event.price, f.event.quantity) for f in engine.records.archive.fills()]


def test_limit_takes_the_best_levels_first_and_rests_with_the_remainder():
    engine = exchange()
    placed = engine.place(order("BUY", "101", "1.5"))
    assert fills_of(engine) == [("c", 101, 1)]
    assert placed.status is Status.PARTIALLY_FILLED
    assert engine.balance("USDT").locked == Decimal("50.5")


def test_better_price_than_the_limit_gives_the_difference_back():
    engine = exchange()
    placed = engine.place(order("BUY", "110", "1"))
    assert placed.status is Status.FILLED
    assert engine.balance("USDT").free == 10_000 - 101
    assert engine.balance("USDT").locked == 0


def test_ioc_remainder_expires_and_releases_its_hold():
    engine = exchange()
    placed = engine.place(order("SELL", "99", "3", "IOC"))
    assert (placed.status, placed.executed, placed.reason) == (Status.EXPIRED, 1, "ioc_remainder")
    assert engine.balance("BTC").locked == 0


def test_fok_fills_whole_or_not_at_all():
    engine = exchange()
    failed = engine.place(order("BUY", "102", "3.001", "FOK"))
    assert (failed.status, failed.executed, failed.reason) == (Status.EXPIRED, 0, "fok_unfilled")
    assert engine.place(order("BUY", "102", "3", "FOK")).status is Status.FILLED


def test_post_only_that_would_take_is_refused_and_changes_nothing():
    engine = exchange()
    with pytest.raises(OrderRejection) as refused:
        engine.place(order("BUY", "101", "1", "POST_ONLY"))
    assert refused.value.reason is RejectReason.WOULD_TAKE
    assert not engine.orders


def test_order_beyond_the_free_balance_is_refused():
    engine = exchange()
    with pytest.raises(OrderRejection) as refused:
        engine.place(order("SELL", "200", "10.001"))
    assert refused.value.reason is RejectReason.INSUFFICIENT_BALANCE


def test_market_order_by_quantity_ends_expired_on_a_thin_book():
    engine = exchange()
    placed = engine.place(order("SELL", None, "5", "IOC"))
    assert (placed.status, placed.executed, placed.reason) == (Status.EXPIRED, 3, "no_liquidity")


def test_market_order_by_quote_spends_whole_lots_only():
    engine = exchange()
    placed = engine.place(order("BUY", quote="150", tif="IOC"))
    assert placed.status is Status.FILLED
    assert placed.executed == Decimal("1.480")  # 1 at 101, 0.480 at 102, 0.04 left over
    assert engine.balance("USDT").free == Decimal(10_000) - Decimal("149.96")


def test_liquidity_taken_is_gone_until_the_next_book():
    engine = exchange()
    engine.place(order("BUY", "101", "1", "IOC"))
    assert engine.place(order("BUY", "101", "1", "IOC")).executed == 0
    show(engine, book())
    assert engine.place(order("BUY", "101", "1", "IOC")).executed == 1


def test_resting_orders_fill_by_price_then_by_time_at_their_own_price():
    engine = exchange()
    for client_id, price in (("early", "95"), ("late", "95"), ("best", "96")):
        engine.place(order("BUY", price, "1", client_id=client_id))
    show(engine, book(bids=[("90", "1")], asks=[("94", "2.5")]))
    assert fills_of(engine) == [("best", 96, 1), ("early", 95, 1), ("late", 95, Decimal("0.5"))]
    assert all(fill.event.maker for fill in engine.records.archive.fills())


def test_book_that_does_not_reach_a_resting_order_leaves_it():
    engine = exchange()
    placed = engine.place(order("SELL", "105", "1"))
    show(engine, book(bids=[("104", "9")], asks=[("106", "9")]))
    assert placed.status is Status.NEW


def test_own_orders_do_not_trade_with_each_other():
    engine = exchange()
    maker = engine.place(order("SELL", "100", "1", client_id="maker"))
    taker = engine.place(order("BUY", "101", "1", "IOC", client_id="taker"))
    assert maker.status is Status.EXPIRED_IN_MATCH
    assert taker.status is Status.FILLED
    assert fills_of(engine) == [("taker", 101, 1)]


def test_cancel_releases_what_was_locked():
    engine = exchange()
    placed = engine.place(order("BUY", "90", "2"))
    engine.cancel(placed)
    assert placed.status is Status.CANCELED
    assert (engine.balance("USDT").free, engine.balance("USDT").locked) == (10_000, 0)


def test_fill_cap_stops_at_its_share_and_the_ioc_remainder_expires():
    placed = exchange().place(order("BUY", "102", "2", "IOC"), fill_cap=Decimal("0.25"))
    assert (placed.status, placed.executed) == (Status.EXPIRED, Decimal("0.5"))


def test_commission_comes_out_of_the_received_asset():
    engine = exchange()
    engine.place(order("BUY", "101", "1"))
    engine.place(order("SELL", "99", "1"))
    assert engine.balance("BTC").free == Decimal("9.999")
    assert engine.balance("USDT").free == Decimal(10_000) - 101 + 99 - Decimal("0.099")


def test_quote_fee_is_locked_on_top_of_a_bid_and_taken_from_an_ask():
    engine = exchange(venue_rules=quote_fees())
    bid = engine.place(order("BUY", "90", "1"))
    assert bid.held == Decimal("90.045")
    engine.cancel(bid)
    engine.place(order("BUY", "101", "1"))
    assert engine.balance("USDT").free == Decimal(10_000) - Decimal("101.0505")
    engine.place(order("SELL", "99", "1"))
    assert engine.balance("BTC").free == 10
