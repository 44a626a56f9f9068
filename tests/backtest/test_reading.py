"""Files become series: in order, once, whole, and with what is wrong with them named."""

import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from arb.backtest.asked import settings_of
from arb.backtest.reading.mapping import SHIPPED, read_mapping, told_by_names
from arb.backtest.replay.run import ReplayPlan, replay
from arb.domain.errors import ConfigError
from arb.domain.time import NS_PER_S
from tests.backtest.series import SETTINGS, load, mapping_of, write_csv


def test_duplicates_disorder_and_empty_rows_change_no_result(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 600), mapping_of(tmp_path)
    head, *rows = path.read_text().splitlines()
    clean = load(path, mapping)
    draw = random.Random(5)
    worse = rows + draw.choices(rows, k=500)
    worse += [f"{row.split(',')[0]},,,,," for row in draw.choices(rows, k=500)]
    worse += [f"{int(row.split(',')[0]) + 7},,,,," for row in draw.choices(rows, k=500)]
    draw.shuffle(worse)
    (tmp_path / "worse.csv").write_text("\n".join([head, *worse]) + "\n")
    odd = load(tmp_path / "worse.csv", mapping)
    assert np.array_equal(odd.ts_ns, clean.ts_ns)
    assert set(odd.flaws) == {
        "rows without any price, left out",
        "rows out of order, put in order",
        "rows of a time that was there, brought together",
    }
    results = [replay(ReplayPlan(series=each, settings=SETTINGS)).records for each in (clean, odd)]
    assert results[0] == results[1] != ()


def test_a_thousand_gaps_and_duplicates_where_nothing_is_held_change_no_trade(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 2_500), mapping_of(tmp_path)
    head, *rows = path.read_text().splitlines()
    settings = settings_of(
        ["strategy.name=fixed", "strategy.holding_s_max=3600", "strategy.entry_edge_bps=45"], {}
    )
    whole = replay(ReplayPlan(series=load(path, mapping), settings=settings)).records
    assert len(whole) > 10
    needed = set()
    for trade in whole:
        first, last = (at_ns // NS_PER_S for at_ns in (trade.opened_at_ns, trade.closed_at_ns))
        needed |= {row for row in rows if first - 120 <= int(row.split(",")[0]) <= last + 120}
    draw = random.Random(6)
    idle = [row for row in rows if row not in needed]
    gone = set(draw.sample(idle, 1_000))
    left = [row for row in rows if row not in gone]
    left += draw.choices(left, k=1_000)
    draw.shuffle(left)
    (tmp_path / "holed.csv").write_text("\n".join([head, *left]) + "\n")
    series = load(tmp_path / "holed.csv", mapping)
    assert len(series) == len(rows) - len(gone)
    assert replay(ReplayPlan(series=series, settings=settings)).records == whole


def test_rows_that_disagree_about_a_price_leave_it_out(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 5), mapping_of(tmp_path)
    text = path.read_text().splitlines()
    first, price, *rest = text[3].split(",")
    path.write_text("\n".join([*text, ",".join([first, str(int(price) + 1), *rest])]) + "\n")
    found = load(path, mapping)
    assert found.flaws["prices that two rows of one time disagree about, left out"] == 1
    assert found.complete("BTC").sum() == 4
    assert found.complete("ETH").sum() == 5


def test_rate_implied_by_the_only_coin_is_refused_and_by_one_of_two_is_not(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 5), mapping_of(tmp_path)
    assert load(path, mapping, "implied").coins == ("ETH",)
    text = Path(mapping).read_text()
    Path(mapping).write_text("\n".join(line for line in text.splitlines() if "ETH" not in line))
    with pytest.raises(ConfigError, match="no premium in it"):
        load(path, mapping, "implied")


def test_every_shipped_mapping_is_one():
    paths = sorted(SHIPPED.glob("*.yml"))
    assert len(paths) >= 5
    for path in paths:
        assert read_mapping(path).files, path


def test_columns_that_name_venue_coin_and_currency_need_no_mapping(tmp_path):
    path = write_csv(tmp_path / "prices.csv", 3)
    names = path.read_text().splitlines()[0].split(",")
    told = told_by_names(path, SETTINGS.pair, names, Decimal(1))
    assert sorted(told.coins) == ["BTC", "ETH"]
    assert told.rates["traded"].step == 1  # its book has two sides, as the one that is traded has
    with pytest.raises(ConfigError, match="--mapping"):
        told_by_names(path, SETTINGS.pair, names[:-1], Decimal(1))


def test_a_line_of_too_many_fields_is_counted_and_left_out(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 5), mapping_of(tmp_path)
    path.write_text(path.read_text() + "1,2,3,4,5,6,7,8,9\n")
    assert load(path, mapping).flaws == {"lines with another number of columns, left out": 1}
