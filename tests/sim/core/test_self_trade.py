"""Which of two orders of one account gives way."""

from decimal import Decimal

import msgspec
import pytest

from arb.sim.core.orders import SelfTrade, Status
from tests.sim.core.worlds import exchange, order


def taking(way, price, quantity, tif="IOC"):
    made = order(way, price, quantity, tif, client_id="taker")
    return msgspec.structs.replace(made, self_trade=SelfTrade.CANCEL_TAKER)


@pytest.mark.parametrize(
    ("way", "own", "limit"), [("BUY", ("SELL", "101.5"), "103"), ("SELL", ("BUY", "98.5"), "97")]
)
@pytest.mark.parametrize("tif", ["IOC", "GTC"])
def test_a_taker_that_gives_way_trades_up_to_its_own_order_and_ends(way, own, limit, tif):
    engine = exchange()
    maker = engine.place(order(*own, quantity="1", client_id="maker"))
    before = {asset: engine.records.accounts.total(asset) for asset in ("USDT", "BTC")}
    taker = engine.place(taking(way, limit, "2.5", tif))
    assert maker.is_open
    assert (taker.status, taker.reason, taker.executed) == (Status.CANCELED, "self_trade", 1)
    assert taker.held == 0
    assert {asset: engine.records.accounts.total(asset) for asset in before} == before


def test_all_or_nothing_is_nothing_and_post_only_does_not_rest():
    engine = exchange()
    maker = engine.place(order("SELL", "101.5", "1", client_id="maker"))
    assert engine.place(taking("BUY", "103", "2.5", "FOK")).executed == 0
    assert maker.is_open


def test_without_a_word_the_resting_order_gives_way():
    engine = exchange()
    maker = engine.place(order("SELL", "101.5", "1", client_id="maker"))
    taker = engine.place(order("BUY", "103", "2.5", "IOC"))
    assert maker.status is Status.EXPIRED_IN_MATCH
    assert taker.executed == Decimal("2.5")
