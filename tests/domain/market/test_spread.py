"""The net edge of a pair: depth, both fees, the rate."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Direction
from arb.domain.market.spread import (
    MarketLeg,
    Rate,
    best_case_bps,
    common_quantity,
    edge,
    par,
    protective_price,
)
from tests.domain.markets import BINANCE, NOW_NS, PAIR, UPBIT, book, market

TENTH = Decimal("0.1")


def test_a_direction_buys_on_one_venue_and_sells_on_the_other():
    for direction in PAIR.directions:
        assert {direction.side(venue) for venue in PAIR.venues} == set(Side)
        assert direction.opposite.opposite is direction
    assert Direction("sell_upbit").side(Venue.UPBIT) is Side.SELL


def test_the_edge_by_hand():
    """Sell 0.1 at 141.4 M KRW less 5 bps, buy 0.1 at 100,000 USDT x 1,400 plus 10 bps."""
    found = edge(market(), Direction("sell_upbit"), TENTH)
    proceeds = Decimal("14140000") * Decimal("0.9995")
    cost = Decimal("14000000") * Decimal("1.001")
    assert (found.net_krw, found.cost_krw) == (proceeds - cost, cost)
    assert found.net_bps == (proceeds - cost) / cost * 10_000


def test_the_other_direction_loses_what_this_one_earns_and_both_spreads():
    forward, backward = (edge(market(), direction, TENTH) for direction in PAIR.directions)
    assert forward.net_krw > 0 > backward.net_krw
    assert forward.net_krw + backward.net_krw < 0


def test_depth_makes_the_edge_smaller():
    thin = market(binance_asks=(("100000", "0.05"), ("100500", "1")))
    assert (
        edge(thin, Direction("sell_upbit"), TENTH).net_bps
        < edge(market(), Direction("sell_upbit"), TENTH).net_bps
    )
    assert edge(thin, Direction("sell_upbit"), TENTH).legs[Venue.BINANCE].worst_price == 100_500


@pytest.mark.parametrize("quantity", ["1.1", "0"])
def test_without_depth_or_quantity_there_is_no_edge(quantity):
    assert edge(market(), Direction("sell_upbit"), Decimal(quantity)) is None


@given(premium=st.integers(-300, 300), lots=st.integers(1, 100_000))
def test_opening_and_closing_at_once_never_earns(premium, lots):
    bid = 140_000_000 + premium * 14_000
    shifted = market(upbit_bids=((str(bid), "1"),), upbit_asks=((str(bid + 1000), "1"),))
    quantity = Decimal(lots) * Decimal("0.00001")
    assert sum(edge(shifted, direction, quantity).net_krw for direction in PAIR.directions) < 0


def test_the_premium_is_middle_to_middle():
    assert round(market().premium_bps, 1) == Decimal("100.0")


def test_the_common_quantity_is_a_multiple_of_the_coarser_lot():
    quantity = common_quantity(market(), Decimal("1000.55"))
    assert quantity == Decimal("0.01000")
    assert quantity % BINANCE.lot_step == 0


@pytest.mark.parametrize("notional", ["0", "0.5", "3"])
def test_too_little_for_a_venue_is_nothing(notional):
    assert common_quantity(market(), Decimal(notional)) == 0


def test_too_much_for_a_venue_is_nothing():
    small = market(binance=replace(BINANCE, quantity_max=Decimal("0.001")))
    assert common_quantity(small, Decimal("1000")) == 0


@given(
    venue=st.sampled_from(PAIR.venues),
    side=st.sampled_from(Side),
    worst=st.integers(1000, 200_000_000),
    slip_bps=st.integers(0, 100),
)
def test_a_protective_price_reaches_the_level_and_stays_within_the_slip(venue, side, worst, slip_bps):
    """A level is on a tick. Only a step into a coarser band may cost more than the slip."""
    instrument = UPBIT if venue is Venue.UPBIT else BINANCE
    level = instrument.round_price(Decimal(worst), side)
    price = protective_price(market(), venue, side, level, Decimal(slip_bps))
    assert price % instrument.tick(price) == 0
    assert side.sign * (price - level) >= 0
    slip = level * slip_bps / 10_000
    assert side.sign * (price - level) <= slip + (instrument.tick(price) if side is Side.BUY else 0)


def test_between_venues_of_one_currency_the_rate_is_one_whatever_side():
    rate = par(NOW_NS)
    assert (rate.krw_per_usdt, rate.middles, rate.sides) == (1, (1, 1), (1, 1))


PRICES = st.decimals("0.5", "2000", places=2)
SIZES = st.lists(st.decimals("0.01", "5", places=2), min_size=1, max_size=4)


def side_of(best, step, sizes):
    return [(best + number * step, size) for number, size in enumerate(sizes)]


@given(
    krw=st.decimals("1300", "1500", places=1),
    half_spread=st.decimals("0", "3", places=1),
    bids=st.tuples(PRICES, PRICES),
    sizes=st.tuples(SIZES, SIZES, SIZES, SIZES),
    quantity=st.decimals("0.001", "20", places=3),
)
def test_no_size_brings_more_than_the_best_prices_do(krw, half_spread, bids, sizes, quantity):
    step = Decimal("0.01")
    prices = {Venue.UPBIT: (bids[0] * krw).quantize(Decimal(1)) + 100, Venue.BINANCE: bids[1] + 10}
    steps = {Venue.UPBIT: Decimal(1), Venue.BINANCE: step}
    rules = {Venue.UPBIT: UPBIT, Venue.BINANCE: BINANCE}
    legs = {}
    for number, venue in enumerate(PAIR.venues):
        own, bid = steps[venue], prices[venue]
        there = book(
            venue, side_of(bid, -own, sizes[2 * number]), side_of(bid + own, own, sizes[2 * number + 1])
        )
        legs[venue] = MarketLeg(there, rules[venue])
    rate = Rate(krw_per_usdt=krw, ts_recv_ns=NOW_NS, low=krw - 1, high=krw + 2, half_spread=half_spread)
    made = replace(market(), legs=legs, rate=rate)
    bound = best_case_bps(made)
    for way in PAIR.directions:
        found = edge(made.at_worst(way, made.rate.sides), way, quantity)
        assert found is None or found.net_bps <= bound + Decimal("1e-20")
    smallest = min(size for row in sizes for size in row)
    exact = [edge(made.at_worst(way, made.rate.sides), way, smallest).net_bps for way in PAIR.directions]
    assert abs(max(exact) - bound) < Decimal("1e-20"), "it is what the best prices bring"


def test_a_tick_is_the_newest_book_that_of_the_rate_too_where_there_is_one():
    before = market()
    assert before.tick_at_ns == NOW_NS
    later = replace(before, rate=replace(before.rate, ts_recv_ns=NOW_NS + 5))
    assert later.tick_at_ns == NOW_NS + 5
    assert replace(before, rate=par(NOW_NS + 5)).tick_at_ns == NOW_NS
