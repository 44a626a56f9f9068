"""A pair pays fees and spreads twice, and must be opened for what is left after both times.

The edge of an entry is net of the entry's own costs only. So the smallest edge has to pay for the exit too,
and no pair is closed at a loss because of the clock, to be opened again at the same premium.
"""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from arb.app.rules import appetite_of, levels_of, limits_of, stability_of, strategies_of
from arb.domain.time import NS_PER_MINUTE
from arb.domain.trading.trade import TradeState
from config.settings import load
from tests.domain.strategy.premiums import DAY, planted, seen
from tests.known_losses.helpers import (
    TunedTestbed,
    Unprepared,
    quote,
    reduce_only,
    require,
    run_all,
    trades,
    upbit_books,
    work,
    worth_krw,
)

SEEN_MINUTES = 3 * DAY  # of premiums that came and went


def a_testbed_by_settings(mode: str, home: Path) -> TunedTestbed:
    """Return a testbed that goes by the settings that a mode has by default."""
    settings = load(mode, {"ARB_HOME": str(home)})
    testbed = TunedTestbed(limits=limits_of(settings), stability=stability_of(settings))
    begins_ns = testbed.clock.now_ns() - SEEN_MINUTES * NS_PER_MINUTE
    levels = seen(planted(Random(1), SEEN_MINUTES), levels=levels_of(settings), begins_ns=begins_ns)
    strategies = strategies_of(settings, levels)
    testbed.evaluate = replace(testbed.evaluate, strategies=strategies, appetite=appetite_of(settings))
    return testbed


def open_at_the_smallest_premium(testbed: TunedTestbed, sign: int) -> int:
    """Widen the premium until a pair is opened; return the premium at which it was."""
    for premium_bps in range(15, 200):
        for _ in range(3):
            quote(testbed, upbit=upbit_books(sign * premium_bps))
            testbed.evaluate_now()
            if trades(testbed):
                run_all(testbed)
                reduce_only(testbed)
                return premium_bps
            testbed.pass_time(300)
    raise Unprepared("no premium is wide enough to open a pair")


def let_it_converge(testbed: TunedTestbed, sign: int, from_bps: int) -> None:
    """Bring the premium back, and beyond even, until the pair is closed."""
    for premium_bps in range(from_bps, -100, -1):
        quote(testbed, upbit=upbit_books(sign * premium_bps))
        work(testbed)
        testbed.pass_time(200)
        if trades(testbed)[0].state is TradeState.CLOSED:
            return
    raise Unprepared("the pair was not closed")


@pytest.mark.parametrize("sign", [1, -1], ids=["dearer on Upbit", "cheaper on Upbit"])
@pytest.mark.parametrize("mode", ["mock", "paper"])
def test_a_round_trip_at_the_default_settings_does_not_lose_money(mode: str, sign: int, tmp_path: Path):
    testbed = a_testbed_by_settings(mode, tmp_path)
    before = worth_krw(testbed)
    premium_bps = open_at_the_smallest_premium(testbed, sign)
    let_it_converge(testbed, sign, premium_bps)
    require(len(trades(testbed)) == 1, "one round trip")
    earned_krw = worth_krw(testbed) - before
    assert earned_krw >= 0
