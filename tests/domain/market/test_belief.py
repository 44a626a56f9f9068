"""Which rate is believed, and from when on."""

from decimal import Decimal

import pytest

from arb.domain.market.belief import BEHIND_NS_MAX, RateBelief, RateRules
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.spread import RATE_FORGOTTEN, RATE_UNSETTLED, RATE_WIDE
from arb.domain.time import NS_PER_MS, NS_PER_S
from tests.domain.markets import NOW_NS

RULES = RateRules(settle_ns=15 * NS_PER_S, spread_bps_max=Decimal(30), size_usdt=Decimal(1_000))


def seen(at_s: float, bid="1399", ask="1401", depth="100000") -> Book:
    at_ns = NOW_NS + int(at_s * 1_000) * NS_PER_MS
    return Book(
        venue=Venue.UPBIT, symbol=Symbol("USDT/KRW"), sequence=at_ns, ts_event_ns=at_ns, ts_recv_ns=at_ns,
        bids=(Level(Decimal(bid), Decimal(depth)),), asks=(Level(Decimal(ask), Decimal(depth)),),
    )  # fmt: skip


def after(*books: Book):
    belief = RateBelief(RULES)
    for book in books:
        rate = belief.rate(book)
    return rate


def jumped(at_s: float) -> Book:
    return seen(at_s, "1411", "1413")


def test_the_first_rate_is_not_believed_until_it_has_been_there_for_long_enough():
    assert after(seen(0)).doubt == RATE_UNSETTLED
    assert after(seen(0), seen(14.9)).doubt == RATE_UNSETTLED
    assert after(seen(0), seen(15)).doubt == ""


def test_a_quiet_rate_is_its_middle_and_both_of_its_sides():
    rate = after(seen(0), seen(15))
    assert rate.krw_per_usdt == 1_400
    assert rate.middles == (1_400, 1_400)
    assert rate.sides == (1_399, 1_401)


@pytest.mark.parametrize("lasts_s", [0, 1, 5, 14.4])
def test_until_a_jump_has_lasted_the_rate_may_be_either(lasts_s):
    rate = after(seen(0), seen(30), jumped(30.5), jumped(30.5 + lasts_s))
    assert rate.middles == (1_400, 1_412)
    assert rate.krw_per_usdt == 1_412
    assert rate.doubt == ""


def test_a_jump_that_has_lasted_is_the_rate():
    assert after(seen(0), seen(30), jumped(30.5), jumped(45.5)).middles == (1_412, 1_412)


def test_how_often_it_was_looked_at_does_not_matter():
    often = [jumped(30.5 + step / 100) for step in range(1_400)]
    assert after(seen(0), seen(30), *often).middles == (1_400, 1_412)
    assert after(seen(0), *(seen(step / 100) for step in range(3_000))) == after(seen(0), seen(29.99))


def test_a_blip_is_remembered_until_it_cannot_matter_and_then_forgotten():
    blip = (seen(0), seen(30), jumped(30.5), seen(31.5))
    assert after(*blip, seen(45)).middles == (1_400, 1_412)
    assert after(*blip, seen(46.5)).middles == (1_400, 1_400)


def test_what_the_rate_was_before_nobody_looked_counts_like_a_jump():
    assert after(seen(0), seen(30), jumped(3_600)).middles == (1_400, 1_412)


@pytest.mark.parametrize(
    ("bid", "ask"), [("1399", "1540"), ("1260", "1401"), ("1399", "1404"), ("0.01", "1401")]
)
def test_a_book_with_a_hole_is_no_rate_and_the_last_one_goes_on(bid, ask):
    rate = after(seen(0), seen(15), seen(16, bid, ask))
    assert rate.doubt == RATE_WIDE
    assert (rate.krw_per_usdt, rate.sides) == (1_400, (1_399, 1_401))
    assert rate.ts_recv_ns == NOW_NS + 15 * NS_PER_S, "so that its age says how long there is none"


def test_a_book_that_has_next_to_nothing_is_no_rate():
    assert after(seen(0), seen(15), seen(16, depth="1")).doubt == RATE_WIDE


def test_a_hole_is_over_with_the_first_whole_book():
    assert after(seen(0), seen(15), seen(16, "1399", "1540"), seen(17)).doubt == ""
    assert after(seen(0), seen(15), seen(16, "1399", "1540"), jumped(40)).middles == (1_400, 1_412)


def test_where_only_a_hole_was_ever_seen_the_rate_is_somewhere_in_it():
    rate = after(seen(0, "1399", "1541"), seen(60, "1399", "1541"))
    assert (rate.doubt, rate.sides) == (RATE_FORGOTTEN, (1_399, 1_541))
    assert after(seen(0, "1399", "1541"), seen(60)).doubt == RATE_UNSETTLED


def test_an_older_book_that_came_another_way_changes_nothing():
    assert after(seen(0), seen(15), jumped(14)) == after(seen(0), seen(15))


def test_after_the_clock_was_set_back_nothing_is_known_of_what_was():
    back = seen(20 - BEHIND_NS_MAX / NS_PER_S - 0.001)
    assert after(seen(0), seen(20), back).doubt == RATE_UNSETTLED
