"""The pair that a market is worth."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import SessionId, TradeId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Denied, Proposal
from arb.domain.trading.evidence import entry_facts
from arb.domain.trading.reserve import loss_reserve_krw, rate_reserve_krw
from arb.domain.trading.trade import TradeState
from arb.engine.trading.proposals import Identity, edges_at, propose
from tests.contracts import world
from tests.domain.markets import NOW_NS, PAIR, market, with_book

IDENTITY = Identity(trade_id=TradeId("t"), session_id=SessionId("s"), now_ns=NOW_NS + 3_000_000)
SIZE, SLIP = Decimal(1_000), Decimal(8)
CHEAP = {"upbit_bids": (("138000000", "1"),), "upbit_asks": (("138001000", "1"),)}


def best_edge(found, size):
    return max(edges_at(found, size), key=lambda each: each.net_bps, default=None)


def proposed(found=None, limits=world.LIMITS):
    found = found or market()
    return propose(found, best_edge(found, SIZE), IDENTITY, limits, SLIP)


@pytest.mark.parametrize(("prices", "way"), [({}, Direction("sell_upbit")), (CHEAP, Direction("buy_upbit"))])
def test_the_better_way_is_to_sell_where_it_is_dear(prices, way):
    assert best_edge(market(**prices), SIZE).direction is way


def test_the_better_way_is_told_even_where_both_lose():
    flat = market(upbit_bids=(("139990000", "1"),), upbit_asks=(("140010000", "1"),))
    assert best_edge(flat, SIZE).net_bps < 0


def test_a_size_below_a_minimum_is_worth_nothing():
    assert best_edge(market(), Decimal(4)) is None


def test_a_way_whose_book_is_too_thin_leaves_the_other_one():
    thin = market(binance_asks=(("100000", "0.001"),))
    assert best_edge(thin, SIZE).direction is Direction("buy_upbit")


def test_books_too_thin_either_way_are_worth_nothing():
    thin = market(binance_asks=(("100000", "0.001"),), binance_bids=(("99999.99", "0.001"),))
    assert best_edge(thin, SIZE) is None


def test_a_proposal_is_the_trade_that_takes_the_edge():
    found = market()
    best, made = best_edge(found, SIZE), proposed(found)
    trade = made.trade
    assert (trade.trade_id, trade.session_id, trade.state) == ("t", "s", TradeState.OPENING)
    assert (trade.direction, trade.quantity) == (best.direction, best.quantity)
    assert (trade.notional_krw, trade.entry_edge_bps) == (best.cost_krw, best.net_bps)
    assert trade.opened_at_ns == trade.updated_at_ns == IDENTITY.now_ns


def test_a_proposal_sets_its_worst_loss_aside():
    found = market()
    best, made = best_edge(found, SIZE), proposed(found).trade
    expected = loss_reserve_krw(best.cost_krw, found, world.LIMITS.loss_reserve_bps)
    moved = rate_reserve_krw(best.cost_krw, best.direction, world.LIMITS.rate_reserve_bps)
    assert (made.loss_reserve_krw, made.rate_reserve_krw) == (expected + moved, moved)
    assert expected > 0 < moved
    assert made.entry_krw_per_usdt == found.rate.krw_per_usdt


def test_both_legs_of_a_proposal_have_the_size_of_the_edge():
    made = proposed()
    assert isinstance(made, Proposal)
    assert {leg.quantity for leg in made.legs} == {made.edge.quantity}


def test_a_limit_price_that_the_other_venue_contradicts_is_refused():
    limits = replace(world.LIMITS, price_band_bps_max=Decimal(50))
    assert proposed(limits=limits) == Denied("price_band_upbit")


def test_an_edge_that_the_book_no_longer_holds_is_gone():
    best = best_edge(market(), SIZE)
    thin = market(binance_asks=(("100000", "0.001"),))
    assert propose(thin, best, IDENTITY, world.LIMITS, SLIP) is None


def test_what_a_trade_is_decided_on_is_kept_with_the_ages_of_its_quotes():
    found = with_book(market(), Venue.BINANCE, fence=4, ts_event_ns=9)
    facts = entry_facts(found, best_edge(found, SIZE), IDENTITY.now_ns)
    assert (facts["upbit_bid"], facts["binance_ask"], facts["krw_per_usdt"]) == (
        "141400000",
        "100000",
        "1400",
    )
    assert (facts["upbit_age_ms"], facts["rate_age_ms"]) == ("3", "3")
    assert (facts["binance_fence"], facts["binance_ts_event_ns"]) == ("4", "9")
    assert {f"{venue}_worst_price" for venue in PAIR.venues} <= facts.keys()


def test_what_a_trade_is_decided_on_is_text():
    assert all(isinstance(value, str) and "E" not in value for value in proposed().decided_on.values())
