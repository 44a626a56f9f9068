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
    TunedTown,
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


def town_by_settings(mode: str, home: Path) -> TunedTown:
    """Return a town that goes by the settings that a mode has by default."""
    settings = load(mode, {"ARB_HOME": str(home)})
    town = TunedTown(limits=limits_of(settings), stability=stability_of(settings))
    begins_ns = town.clock.now_ns() - SEEN_MINUTES * NS_PER_MINUTE
    levels = seen(planted(Random(1), SEEN_MINUTES), levels=levels_of(settings), begins_ns=begins_ns)
    strategies = strategies_of(settings, levels)
    town.evaluate = replace(town.evaluate, strategies=strategies, appetite=appetite_of(settings))
    return town


def open_at_the_smallest_premium(town: TunedTown, sign: int) -> int:
    """Widen the premium until a pair is opened; return the premium at which it was."""
    for premium_bps in range(15, 200):
        for _ in range(3):
            quote(town, upbit=upbit_books(sign * premium_bps))
            town.evaluate_now()
            if trades(town):
                run_all(town)
                reduce_only(town)
                return premium_bps
            town.pass_time(300)
    raise Unprepared("no premium is wide enough to open a pair")


def let_it_converge(town: TunedTown, sign: int, from_bps: int) -> None:
    """Bring the premium back, and beyond even, until the pair is closed."""
    for premium_bps in range(from_bps, -100, -1):
        quote(town, upbit=upbit_books(sign * premium_bps))
        work(town)
        town.pass_time(200)
        if trades(town)[0].state is TradeState.CLOSED:
            return
    raise Unprepared("the pair was not closed")


@pytest.mark.parametrize("sign", [1, -1], ids=["dearer on Upbit", "cheaper on Upbit"])
@pytest.mark.parametrize("mode", ["mock", "paper"])
def test_a_round_trip_at_the_default_settings_does_not_lose_money(mode: str, sign: int, tmp_path: Path):
    town = town_by_settings(mode, tmp_path)
    before = worth_krw(town)
    premium_bps = open_at_the_smallest_premium(town, sign)
    let_it_converge(town, sign, premium_bps)
    require(len(trades(town)) == 1, "one round trip")
    earned_krw = worth_krw(town) - before
    assert earned_krw >= 0
