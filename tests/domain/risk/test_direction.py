"""How much of one currency all pairs hold against another, and how far fills have moved the accounts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.pair import long_sign
from arb.domain.risk.direction import Currencies, currencies
from arb.domain.trading.trade import TradeState
from tests.contracts import world

SELL, BUY = world.SELL_UPBIT, world.BUY_UPBIT
ONE = Decimal(1_400_000)


def trade(direction):
    return world.opening("s", direction=direction).trade


def standing(*rows, taken_in="0"):
    return currencies([(way, state, ONE) for way, state in rows], {"KRW": Decimal(taken_in)})


def test_who_buys_with_krw_and_sells_for_usdt_is_long_in_usdt_and_the_other_way_round():
    assert (long_sign(BUY, "KRW"), long_sign(SELL, "KRW")) == (1, -1)
    assert (long_sign(BUY, "USDT"), long_sign(SELL, "USDT")) == (-1, 1)


def test_the_net_direction_is_what_pairs_of_both_ways_leave():
    found = standing((SELL, TradeState.OPEN), (SELL, TradeState.OPENING), (BUY, TradeState.OPEN))
    assert found.net_krw == -ONE


@pytest.mark.parametrize(
    ("state", "relief"),
    [
        (TradeState.OPEN, ONE),
        (TradeState.OPENING, 0),
        (TradeState.CLOSING, 0),
        (TradeState.REPAIRING, 0),
        (TradeState.ESCALATED, 0),
    ],
)
def test_only_pairs_that_are_open_take_away_from_what_another_adds(state, relief):
    assert standing((BUY, state)).net_with(trade(SELL)) == ONE - relief
    assert standing((SELL, state)).net_with(trade(SELL)) == 2 * ONE


def test_the_drift_is_what_fills_took_in_and_a_trade_adds_to_it_in_its_own_way_alone():
    found = standing(taken_in="5000000")
    assert found.drift_krw == -5_000_000
    assert found.drift_with(trade(SELL)) == 5_000_000 + ONE
    assert found.drift_with(trade(BUY)) == -5_000_000 + ONE


def test_what_is_being_opened_counts_in_the_drift_before_it_is_booked():
    assert standing((SELL, TradeState.OPENING)).drift_with(trade(SELL)) == 2 * ONE
    assert standing((SELL, TradeState.OPENING)).drift_with(trade(BUY)) == ONE


def test_accounts_in_which_nothing_happened_stand_at_nothing():
    assert (Currencies().net_krw, Currencies().drift_krw) == (0, 0)
    assert Currencies().net_with(replace(trade(SELL), notional_krw=ONE)) == ONE
