"""Every scenario is one that the simulated venues take, and that can be proven to have struck."""

import msgspec
import pytest

from arb.chaos.market.scenarios import BY_NAME, COIN, SCENARIOS, Scenario
from arb.domain.market.ids import Coin
from arb.sim.core.fault_check import complaint
from arb.sim.core.faults import Fault

COINS = ("USDT", "BTC", "ETH", "XRP", "SOL", "ADA")
# What has to be there, by the way in which real markets broke.
WANTED = {
    "crash", "venue_gone", "maintenance_announced", "maintenance_unannounced", "coin_halted", "wallet_closed",
    "listing_pump", "rate_moves", "rate_hole", "thin_books", "stuck_price", "decimal_misplaced",
    "rules_changed", "key_revoked", "account_blocked", "balance_off",
}  # fmt: skip


def test_every_way_is_there_once():
    assert set(BY_NAME) == WANTED
    assert len(SCENARIOS) == len(WANTED)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_venues_take_its_faults(scenario: Scenario):
    for blow in scenario.of(Coin("ETH")).blows:
        for fault in blow.faults:
            asked = msgspec.convert(dict(fault), Fault, strict=False)
            assert complaint(asked, blow.venue, COINS) is None


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_it_says_what_must_strike_and_does_that(scenario: Scenario):
    kinds = {fault["kind"] for blow in scenario.blows for fault in blow.faults}
    assert set(scenario.must_strike) <= kinds
    assert scenario.must_strike or scenario.move


def test_all_of_them_fit_into_the_time_of_a_run():
    """25 minutes, of which a start and the rests between take half."""
    assert sum(scenario.hold_s for scenario in SCENARIOS) <= 12.5 * 60


def test_a_coin_is_put_in_wherever_one_is_named():
    halted = BY_NAME["coin_halted"]
    assert halted.names_coin
    assert not BY_NAME["venue_gone"].names_coin
    [blow] = halted.of(Coin("XRP")).blows
    assert blow.faults[0]["coins"] == ["XRP"]
    assert halted.blows[0].faults[0]["coins"] == [COIN]
    [hole, *_] = BY_NAME["rate_hole"].of(Coin("XRP")).blows[0].faults
    assert hole["coins"] == ["USDT"]
