"""When *inventory* takes an edge: what a tilt costs, what brings it back, and where nothing tilts further."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.pair import Direction
from arb.domain.strategy.economics import Costs
from arb.domain.strategy.inventory import BEYOND_BAND, InventoryRules, InventoryStrategy, Tilt
from arb.domain.strategy.pair import UNKNOWN, PairStrategy
from arb.domain.strategy.port import Chance, Declined
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeKind
from tests.domain.markets import NOW_NS
from tests.domain.strategy import test_pair
from tests.domain.strategy.test_pair import Known, at
from tests.engine.trading.test_proposals import SIZE, edges_at

RULES = InventoryRules(min_profit_bps=Decimal(6), slippage_bps=Decimal(1), band=Decimal("0.8"))
SELL, BUY = Direction("sell_upbit"), Direction("buy_upbit")
LEG = Decimal("0.00999")


def inventory(levels=None, **rules):
    known = levels or Known()
    pairs = PairStrategy(rules=test_pair.RULES, levels=known)
    return InventoryStrategy(rules=replace(RULES, **rules), levels=known, pairs=pairs)


def lying(on_upbit, on_binance):
    return {Venue.UPBIT: Decimal(on_upbit), Venue.BINANCE: Decimal(on_binance)}


EVEN, DEEP = lying("0.05", "0.05"), lying(500, 500)


def takes(premium, stock=DEEP, levels=None, **rules):
    found = at(premium)
    chance = Chance(market=found, edges=edges_at(found, SIZE), now_ns=NOW_NS, stock=stock)
    return inventory(levels, **rules).entry(chance)


def least_premium(stock=DEEP, sign=1, **how):
    return next(bps for bps in range(200) if hasattr(takes(sign * bps, stock, **how), "direction"))


def test_its_trades_are_done_with_both_legs():
    assert inventory().kind is TradeKind.EXCHANGE
    assert PairStrategy(rules=test_pair.RULES, levels=Known()).kind is TradeKind.PAIR


@pytest.mark.parametrize(("premium", "way"), [(40, SELL), (-40, BUY), (15, None), (-15, None)])
def test_an_edge_is_taken_that_pays_for_its_own_fees_and_leaves_a_profit(premium, way):
    found = takes(premium)
    assert (found and found.direction) == way


def test_while_a_coin_lies_even_a_trade_asks_for_its_fees_slippage_and_profit():
    assert least_premium() in range(21, 25)  # 15 of fees, 1 of slippage, 6 of profit, half of both books
    assert least_premium(slippage_bps=Decimal(4)) == least_premium() + 3
    assert least_premium(min_profit_bps=Decimal(16)) == least_premium() + 10


def test_the_further_it_tilts_the_more_a_trade_asks_for_up_to_what_the_way_back_costs():
    asked = [least_premium(lying(500 - more, 500 + more)) for more in (0, 100, 200, 300, 390)]
    assert asked == sorted(set(asked))
    assert asked[-1] - asked[0] in range(14, 18)  # fees and half of both books once more


def test_the_way_back_asks_for_less_the_further_it_tilted_and_never_loses():
    asked = [least_premium(lying(500 - more, 500 + more), sign=-1) for more in (0, 200, 399, 480)]
    assert asked[0] > asked[1] > asked[2] == asked[3]
    found = takes(-asked[3], lying(20, 980))
    assert found.direction is BUY
    assert found.net_bps >= RULES.slippage_bps


def test_out_and_back_are_priced_alike_for_the_same_coins():
    found = at(40)
    (out,) = [each for each in edges_at(found, SIZE) if each.direction is SELL]
    there = Tilt.of(Chance(market=found, edges=(), now_ns=0, stock=EVEN), out)
    after = lying(EVEN[Venue.UPBIT] - out.quantity, EVEN[Venue.BINANCE] + out.quantity)
    (home,) = [each for each in edges_at(found, SIZE) if each.direction is BUY]
    back = Tilt.of(Chance(market=found, edges=(), now_ns=0, stock=after), home)
    assert back == Tilt(before=-there.after, after=-there.before)
    assert back.of_band(RULES.band) == -there.of_band(RULES.band)


@pytest.mark.parametrize("upbit", ["0.005", "0.012", "0.018"])
def test_beyond_the_band_nothing_tilts_further_whatever_it_brings(upbit):
    lies = lying(upbit, Decimal("0.1") - Decimal(upbit))
    assert takes(300, lies) == Declined(BEYOND_BAND)
    assert takes(-300, lies).direction is BUY


def test_a_trade_that_would_leave_more_on_the_other_side_than_it_found_is_beyond_the_band_too():
    assert takes(300, lying("0.0101", "0.0001")) == Declined(BEYOND_BAND)  # nearly all, from nearly all
    assert takes(300, lying("0.0102", "0.0002"), band=Decimal(1)).direction is SELL


def test_without_any_coin_balances_refuse_and_no_band():
    assert takes(40, {}).direction is SELL
    assert takes(40, lying(0, 0)).direction is SELL


@pytest.mark.parametrize(("level", "more"), [(30.0, True), (-30.0, False)])
def test_the_price_of_a_tilt_is_what_the_way_back_costs_at_the_level(level, more):
    tilted = lying(200, 800)
    usual, at_level = least_premium(tilted), least_premium(tilted, levels=Known(level))
    assert (at_level > usual) is more
    assert at_level != usual


def test_what_the_level_may_be_wrong_by_counts_as_the_coin_is_tilted():
    tilted, wrong = lying(200, 800), Known(margin_bps=20.0)
    assert least_premium(levels=wrong) == least_premium()
    assert least_premium(tilted, levels=wrong) in range(
        least_premium(tilted) + 14, least_premium(tilted) + 17
    )


def test_an_unknown_level_opens_nothing_and_is_counted_where_it_would_be_worth_a_look():
    assert takes(60, levels=Known(None)) == Declined(UNKNOWN)
    assert takes(20, levels=Known(None)) is None


def test_what_does_not_stand_or_come_back_is_declined_only_where_it_would_be_taken():
    assert takes(60, levels=Known(why="premium_flickers")) == Declined("premium_flickers")
    assert takes(20, levels=Known(why="premium_flickers")) is None


def test_a_book_too_thin_for_the_way_back_is_no_place_to_tilt_into():
    thin = at(60, binance_bids=(("99999.99", "0.001"),))
    chance = Chance(market=thin, edges=edges_at(thin, SIZE), now_ns=NOW_NS, stock=lying(400, 600))
    assert inventory().entry(chance) is None


def test_what_it_says_of_a_round_trip_is_that_no_trade_loses():
    costs = Costs(
        fees_bps=(Decimal(5), Decimal(10)),
        spread_bps=Decimal(4),
        rate_step_bps=Decimal(7),
        slip_bps=Decimal(8),
    )
    found = inventory().outlook(costs)
    assert [(trip.close, trip.earned_bps) for trip in found.round_trips] == [(Close.EXCHANGED, Decimal(6))]
    assert (found.edge_bps_least, found.break_even_premium_bps) == (Decimal(7), Decimal(18))
