"""A stack that watches opens nothing, and tells of every chance."""

from arb.app.trading import WATCHING
from arb.backtest.asked import settings_of
from arb.backtest.replay.run import ReplayPlan, replay
from tests.backtest.series import load, mapping_of, write_csv

FIXED = "strategy.name=fixed"


def test_stack_that_watches_opens_nothing(tmp_path):
    series = load(write_csv(tmp_path / "prices.csv", 300), mapping_of(tmp_path))
    trading = replay(ReplayPlan(series=series, settings=settings_of([FIXED], {})))
    watching = replay(ReplayPlan(series=series, settings=settings_of([FIXED, "watch=true"], {})))
    assert trading.records
    assert watching.records == ()
    assert watching.refused[WATCHING] >= len(trading.records) / 3
    assert watching.began_with == watching.ended_with
