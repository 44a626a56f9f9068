"""Sweeps: what is asked for is what is run, the screen only ranks, and walking forward looks at no future."""

from decimal import Decimal

import pytest
from typer.testing import CliRunner

from arb.backtest.asked import settings_of
from arb.backtest.replay.run import ReplayPlan, replay
from arb.backtest.sweep.grid import axes_of, changes_of
from arb.backtest.sweep.run import ParameterSweep, agreement, part_bounds, refuse_unranked, valid_settings
from arb.cli.main import app
from arb.domain.errors import ConfigError
from tests.backtest.series import FIXED, SETTINGS, load, mapping_of, write_csv


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    return load(write_csv(folder / "prices.csv", 1_200), mapping_of(folder))


def test_every_combination_of_the_values_is_a_setting():
    axes = axes_of(["strategy.entry_edge_bps=20:30:5", "strategy.take_profit_bps=10,20"])
    assert changes_of(axes)[0] == ("strategy.entry_edge_bps=20", "strategy.take_profit_bps=10")
    assert len(changes_of(axes)) == 6


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=1:2", "a=3:1:1", "a=1:2:0", "a=1:x:1", "a=0:1000:0.1"])
def test_what_is_no_sweep_is_one_line(text):
    with pytest.raises(ConfigError, match="--sweep"):
        axes_of([text])


def test_settings_that_contradict_each_other_are_left_out_and_named():
    changes = changes_of(axes_of(["strategy.take_profit_bps=20,-5"]))
    valid, refused = valid_settings(changes, lambda change: settings_of([*FIXED, *change], {}))
    assert len(valid) == 1
    assert sum(refused.values()) == 1


def _swept(series, best, folds=0):
    changes = changes_of(axes_of(["strategy.entry_edge_bps=15:75:10"]))
    valid, _ = valid_settings(changes, lambda change: settings_of([*FIXED, *change], {}))
    plan = ReplayPlan(series=series, settings=SETTINGS)
    return dict(valid), ParameterSweep(
        plan=plan, settings=valid, best=best, jobs=2, progress=lambda _what, _done, _of: None
    ).run(folds)


def test_screen_ranks_about_as_the_engine_does(series):
    settings, found = _swept(series, best=7)
    assert found.agreement > 0.7
    best = found.choices[0]
    exact = replay(ReplayPlan(series=series, settings=settings[best.change])).records
    assert best.exact.net_krw == sum((each.pnl_krw for each in exact), Decimal(0))


def test_walking_forward_tries_each_part_on_what_came_before_only(series):
    settings, found = _swept(series, best=2, folds=2)
    bounds = part_bounds(series, 3)
    assert [fold.from_ns for fold in found.folds] == [int(series.ts_ns[row]) for row in bounds[1:3]]
    for fold, first, last in zip(found.folds, bounds[1:], bounds[2:], strict=False):
        alone = ReplayPlan(series=series.cut(first, last), settings=settings[fold.change])
        assert fold.after.net_krw == sum((each.pnl_krw for each in replay(alone).records), Decimal(0))


def of_pair(series, best):
    changes = changes_of(axes_of(["strategy.min_profit_bps=6,12,18"]))
    valid, _ = valid_settings(changes, lambda change: settings_of(change, {}))
    refuse_unranked(valid, best)
    plan = ReplayPlan(series=series, settings=SETTINGS)
    nobody = {"progress": lambda _what, _done, _of: None}
    return ParameterSweep(plan=plan, settings=valid, best=best, jobs=1, **nobody).run(0)


def test_what_the_screen_does_not_know_is_run_and_not_ranked(series):
    found = of_pair(series, best=3)
    assert [each.guess for each in found.choices] == [None] * 3
    assert all(each.exact is not None for each in found.choices)
    assert found.agreement is None
    with pytest.raises(ConfigError, match="--best 3"):
        of_pair(series, best=2)


def test_who_sweeps_what_only_fixed_reads_means_fixed():
    assert settings_of(["strategy.entry_edge_bps=30"], {}).strategy.name == "fixed"
    assert settings_of(["strategy.min_profit_bps=9"], {}).strategy.name == "pair"
    both = ["strategy.entry_edge_bps=30", "strategy.name=pair"]
    assert settings_of(both, {}).strategy.name == settings_of(both[::-1], {}).strategy.name == "pair"


def test_agreement_of_too_few_is_none():
    assert agreement([]) is None


def test_sweep_is_in_the_report(tmp_path):
    path, html = write_csv(tmp_path / "prices.csv", 300), tmp_path / "out.html"
    asked = ["backtest", "--data", str(path), "--mapping", mapping_of(tmp_path), "--html", str(html)]
    sweeps = ["--sweep", "strategy.entry_edge_bps=20,40", "--sweep", "strategy.take_profit_bps=20,30"]
    done = CliRunner().invoke(app, [*asked, *sweeps, "--best", "2", "--jobs", "1", "--walk-forward", "1"])
    assert done.exit_code == 0, done.output
    assert "heat map" in html.read_text()
    assert "walked forward" in done.output
