"""Which markets are traded on, and which only left."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.pair import Direction
from arb.domain.market.spread import RATE_FORGOTTEN, RATE_STALE, RATE_WIDE
from arb.domain.risk.review import Denied
from arb.domain.risk.sanity import out_of_band, rate_doubt, stale, unfit, untradable, with_hole
from arb.domain.time import NS_PER_S, STAMP_AHEAD_NS_MAX
from arb.domain.trading.order import Purpose
from arb.domain.trading.trade import pair_legs
from tests.contracts import world
from tests.domain.markets import BINANCE, NOW_NS, PAIR, UPBIT, market, with_book


def test_a_fresh_market_is_fit_for_everything():
    found = market()
    assert stale(found, world.LIMITS, NOW_NS + NS_PER_S) is None
    assert untradable(found) is None
    assert unfit(found, world.LIMITS) is None


def test_old_books_are_stale():
    assert stale(market(), world.LIMITS, NOW_NS + NS_PER_S + 1) == Denied("quote_stale")


def test_a_rate_has_an_age_of_its_own():
    limits = replace(world.LIMITS, quote_age_ns_max=100 * NS_PER_S)
    found, rate = market(), market().rate
    assert rate_doubt(rate, limits, NOW_NS + NS_PER_S) == ""
    assert rate_doubt(rate, limits, NOW_NS + NS_PER_S + 1) == RATE_STALE
    assert rate_doubt(rate, limits, NOW_NS + limits.rate_memory_ns + 1) == RATE_FORGOTTEN
    assert stale(found, limits, NOW_NS + limits.rate_memory_ns + 1) is None, "what is open can be closed"


def test_what_a_rate_is_in_doubt_for_is_told_before_its_age():
    rate = replace(market().rate, doubt=RATE_WIDE)
    assert rate_doubt(rate, world.LIMITS, NOW_NS + NS_PER_S + 1) == RATE_WIDE
    assert rate_doubt(rate, world.LIMITS, NOW_NS + world.LIMITS.rate_memory_ns + 1) == RATE_FORGOTTEN


def test_a_venue_that_takes_no_orders_is_not_traded_on():
    assert untradable(market(upbit=replace(UPBIT, tradable=False))) == Denied("not_tradable_upbit")


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("premium_absurd", {"krw_per_usdt": "1200"}),
        ("market_warning_upbit", {"upbit": replace(UPBIT, warning="GLOBAL_PRICE_DIFFERENCES")}),
        ("market_warning_upbit", {"upbit": replace(UPBIT, warning="PRICE_FLUCTUATIONS,WARNING")}),
        ("market_warning_binance", {"binance": replace(BINANCE, warning="WARNING")}),
    ],
)
def test_what_stops_entries_does_not_stop_exits(reason, values):
    found = market(**values)
    assert unfit(found, world.LIMITS) == Denied(reason)
    assert stale(found, world.LIMITS, NOW_NS) is None
    assert untradable(found) is None


def test_a_caution_that_is_not_on_the_list_stops_nothing():
    assert unfit(market(upbit=replace(UPBIT, warning="TRADING_VOLUME_SOARING")), world.LIMITS) is None


@pytest.mark.parametrize(
    ("reason", "band_bps"), [(None, "110"), ("price_band_upbit", "50"), ("price_band_upbit", "98")]
)
def test_a_limit_price_is_held_against_the_other_venue(reason, band_bps):
    """Upbit quotes 100 bps above Binance."""
    found = market()
    legs = pair_legs(found, Direction("sell_upbit"), Purpose.ENTRY, Decimal("0.1"), Decimal(1))
    limits = replace(world.LIMITS, price_band_bps_max=Decimal(band_bps))
    assert out_of_band(legs, found, limits) == (reason and Denied(reason))


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_either_venue_that_takes_no_orders_keeps_the_pair_from_being_traded(venue):
    rule = UPBIT if venue is Venue.UPBIT else BINANCE
    found = market(**{venue.value: replace(rule, tradable=False)})
    assert untradable(found) == Denied(f"not_tradable_{venue}")


@pytest.mark.parametrize(("ahead_ns", "refused"), [(0, None), (1, Denied("quote_ahead"))])
def test_one_book_of_two_that_is_ahead_of_now_is_enough_to_refuse(ahead_ns, refused):
    found = with_book(market(), Venue.BINANCE, ts_recv_ns=NOW_NS + STAMP_AHEAD_NS_MAX + ahead_ns)
    assert stale(found, world.LIMITS, NOW_NS) == refused


def test_a_premium_exactly_at_its_bound_is_still_believed():
    found = market()
    at_bound = replace(world.LIMITS, premium_bps_abs_max=abs(found.premium_bps))
    assert unfit(found, at_bound) is None
    below = replace(world.LIMITS, premium_bps_abs_max=abs(found.premium_bps) - 1)
    assert unfit(found, below) == Denied("premium_absurd")


def test_a_discount_is_as_absurd_as_a_premium():
    assert unfit(market(krw_per_usdt="1600"), world.LIMITS) == Denied("premium_absurd")


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("side", ["bids", "asks"])
def test_a_hole_in_one_side_of_either_book_is_told_by_its_venue(venue, side):
    book = market().book(venue)
    rest = getattr(book, side)[0]
    tiny = rest._replace(quantity=Decimal("0.00001"))
    away = rest.price * (Decimal("0.99") if side == "bids" else Decimal("1.01"))
    found = with_book(market(), venue, **{side: (tiny, rest._replace(price=away))})
    assert with_hole(found, Decimal("0.01"), world.LIMITS) == Denied(f"book_wide_{venue}")
    assert with_hole(market(), Decimal("0.01"), world.LIMITS) is None
