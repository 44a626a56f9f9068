"""Books and what taking from them costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError
from arb.domain.market.book import sweep
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from tests.domain.markets import book, levels

ASKS = levels(("100", "1"), ("101", "2"), ("105", "3"))


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ((), (("1", "1"),), "book_empty"),
        ((("1", "1"),), (), "book_empty"),
        ((("2", "1"),), (("1", "1"),), "book_crossed"),
        ((("1", "1"),), (("1", "1"),), "book_crossed"),
        ((("0", "1"),), (("1", "1"),), "book_crossed"),
    ],
)
def test_a_book_that_makes_no_sense_is_refused(bids, asks, reason):
    with pytest.raises(DataError) as caught:
        book(Venue.UPBIT, bids, asks)
    assert caught.value.reason == reason


def test_the_best_prices_and_what_an_order_takes_from():
    made = book(Venue.UPBIT, (("99", "1"), ("98", "1")), (("101", "1"),))
    assert (made.bid, made.ask, made.mid) == (99, 101, 100)
    assert made.against(Side.BUY) == made.asks
    assert made.against(Side.SELL) == made.bids


@pytest.mark.parametrize(
    ("quantity", "notional", "worst"),
    [("0.5", "50", "100"), ("1", "100", "100"), ("2", "201", "101"), ("6", "617", "105")],
)
def test_a_sweep_walks_the_levels(quantity, notional, worst):
    found = sweep(ASKS, Decimal(quantity))
    assert (found.notional, found.worst_price) == (Decimal(notional), Decimal(worst))
    assert found.vwap == Decimal(notional) / Decimal(quantity)


def test_more_than_the_book_holds_is_no_sweep():
    assert sweep(ASKS, Decimal("6.00000001")) is None


@given(quantity=st.decimals(min_value="0.0001", max_value=6, places=4))
def test_the_average_lies_between_best_and_worst(quantity):
    found = sweep(ASKS, quantity)
    assert ASKS[0].price * quantity <= found.notional <= found.worst_price * quantity
