"""Which books can be decided by, at a size."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.depth import narrow
from arb.domain.market.ids import Venue
from tests.domain.markets import book

SIZE, LIMIT_BPS = Decimal(1), Decimal(30)


def judged(bids, asks, size=SIZE, tick="0"):
    return narrow(book(Venue.UPBIT, bids, asks), size, LIMIT_BPS, Decimal(tick))


def test_both_sides_pay_what_the_size_gets_on_average():
    found = judged((("1000", "0.5"), ("998", "9")), (("1001", "0.5"), ("1002", "9")))
    assert found == (Decimal(999), Decimal("1001.5"))


@pytest.mark.parametrize("sides", [("1000", "1003"), ("997.1", "1000")])
def test_sides_up_to_the_limit_apart_are_near(sides):
    bid, ask = sides
    assert judged(((bid, "9"),), ((ask, "9"),)) is not None


@pytest.mark.parametrize("sides", [("1000", "1003.1"), ("500", "1000"), ("0.01", "1000")])
def test_sides_further_apart_are_a_hole(sides):
    bid, ask = sides
    assert judged(((bid, "9"),), ((ask, "9"),)) is None


def test_next_to_nothing_on_top_of_a_hole_hides_none():
    assert judged((("1000", "0.0001"), ("900", "9")), (("1001", "9"),)) is None
    assert judged((("1000", "9"),), (("1001", "0"), ("1100", "9"))) is None


def test_an_absurd_level_of_next_to_nothing_moves_a_side_by_next_to_nothing():
    bid, ask = judged((("1000", "9"),), (("1000.01", "0.0001"), ("1001", "9")))
    assert bid == 1000
    assert Decimal("1000.99") < ask < 1001


@pytest.mark.parametrize(("there", "is_hole"), [("0.1", True), ("0.11", False), ("0", True)])
def test_a_side_that_has_next_to_nothing_is_a_hole_and_one_that_is_only_thin_is_not(there, is_hole):
    assert (judged((("1000", there),), (("1001", "9"),)) is None) is is_hole
    assert (judged((("1000", "9"),), (("1001", there),)) is None) is is_hole


def test_a_coarse_price_step_is_no_hole():
    """Upbit's step at 150 KRW is 1 KRW, 67 bps."""
    assert judged((("150", "9"),), (("153", "9"),), tick="1") is not None
    assert judged((("150", "9"),), (("154", "9"),), tick="1") is None


def test_no_size_has_no_price():
    whole = book(Venue.UPBIT, (("1000", "9"),), (("1001", "9"),))
    assert narrow(whole, Decimal(0), LIMIT_BPS) is None
    assert narrow(replace(whole), SIZE, LIMIT_BPS) is not None
