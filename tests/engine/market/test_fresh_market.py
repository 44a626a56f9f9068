"""A market to settle on, whatever became of the hot quotes."""

import pytest

from arb.domain.health.degradation import Degree
from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.markets import USDT_KRW
from tests.engine.town import SESSION, Town


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_hedge_is_decided_on_all_the_depth_that_the_venues_show():
    town = Town()
    town.premium(0, depth="1")
    town.show(town.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "8"))
    town.degree = Degree.SHALLOW
    market = town.settle.markets.read("BTC", deep=True)
    assert market.binance.bids[0].quantity == 8
    town.degree = Degree.NEAR
    assert town.settle.markets.read("BTC", deep=True).binance.bids[0].quantity == 1
    assert (Venue.UPBIT, Symbol("USDT/KRW")) == USDT_KRW and SESSION
