"""Whether what leaves its level is worth a trade: only what stands and comes back is."""

from random import Random

import pytest

from arb.domain.strategy.levels import FLICKERS, NO_RETURN, STAYS_AWAY
from tests.domain.strategy import premiums
from tests.domain.strategy.premiums import DAY, planted, seen

WEEK = 7 * DAY
ONLY_LOOKS_LIKE_IT = {
    "shuffled": premiums.shuffled,
    "its moves shuffled": premiums.increments_shuffled,
    "a walk": premiums.walk,
    "a fast walk": lambda draw, minutes: premiums.walk(draw, minutes, step=10.0),
    "back within days": premiums.slowly_back,
    "steps": premiums.steps,
    "many steps": lambda draw, minutes: premiums.steps(draw, minutes, a_day=6),
}


@pytest.mark.parametrize("seed", range(3))
def test_premiums_that_come_and_go_are_worth_it_once_a_few_did(seed):
    levels = seen(planted(Random(seed), WEEK))
    assert levels.why_not("BTC", 1) == ""
    assert levels.why_not("BTC", -1) == ""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ONLY_LOOKS_LIKE_IT)
def test_what_only_looks_like_it_is_not(kind, seed):
    levels = seen([])
    for minute, bps in enumerate(ONLY_LOOKS_LIKE_IT[kind](Random(seed), WEEK)):
        at_ns = premiums.BEGINS_NS + minute * premiums.NS_PER_MINUTE
        levels.note("BTC", at_ns, bps)
        level = levels.level("BTC", at_ns)
        if level is not None and abs(bps - level.bps) - level.margin_bps > 38:
            assert levels.why_not("BTC", 1 if bps > level.bps else -1), minute


def test_before_anything_was_seen_nothing_is():
    assert seen([]).why_not("BTC", 1) == FLICKERS


def away(levels, minutes, coin="BTC", bps=100.0):
    """Have a premium be away, after ten hours of calm, and look."""
    newest_ns = levels.of(coin).newest_ns or premiums.BEGINS_NS
    values = [*premiums.noise(Random(1), 600), *([bps] * minutes)]
    seen(values, coin=coin, levels=levels, begins_ns=newest_ns + premiums.NS_PER_MINUTE)
    return levels


def test_one_that_stands_for_the_first_time_waits_until_some_came_back():
    assert away(seen([]), 1).why_not("BTC", 1) == FLICKERS
    assert away(seen([]), 3).why_not("BTC", 1) == NO_RETURN


def test_what_other_coins_show_counts():
    levels = seen([])
    for _ in range(3):
        away(levels, 30, coin="ETH")
    away(levels, 0, coin="ETH")
    assert away(levels, 3).why_not("BTC", 1) == ""


def test_what_stays_away_is_left_on_that_side():
    levels = away(seen([]), 190)
    assert levels.why_not("BTC", 1) == STAYS_AWAY
    assert levels.of("BTC").returns < 0


def test_a_coin_whose_premiums_do_not_come_back_is_left_whatever_others_show():
    levels = seen([])
    for _ in range(6):
        away(levels, 30, coin="ETH")
    away(levels, 200)
    away(levels, 3)
    assert levels.why_not("BTC", 1) == NO_RETURN
