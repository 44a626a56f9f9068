"""What was recorded is replayed: its own spreads, its own holes, nothing filled in."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from arb.backtest.asked import ReplayRequest, recorded_series, settings_of
from arb.backtest.reading.recorded import GAP_S
from arb.backtest.replay.books import RowBooks
from arb.backtest.replay.rules import rules_of
from arb.backtest.replay.run import ReplayPlan, replay
from arb.backtest.replay.screen import edge_bounds
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin
from arb.domain.time import ALWAYS, NS_PER_MINUTE, NS_PER_S
from tests.backtest.series import PAIR, SETTINGS
from tests.contracts.test_recorded import ROW

ASKED = ReplayRequest(data=None, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7)  # type: ignore[arg-type]


def rows(minutes: int, premium_bps=lambda minute: 0, coin: str = "BTC"):
    made = []
    for minute in range(minutes):
        middle = Decimal(140_000_000) * (1 + Decimal(premium_bps(minute)) / 10_000)
        made.append(
            replace(
                ROW,
                coin=Coin(coin),
                at_ns=ROW.at_ns // NS_PER_MINUTE * NS_PER_MINUTE + minute * NS_PER_MINUTE,
                first_bid=middle - 14_000,  # 1 bp
                first_ask=middle + 14_000,
                second_bid=Decimal(99_995),  # half a bp
                second_ask=Decimal(100_005),
                rate_bid=Decimal("1399.5"),
                rate_ask=Decimal("1400.5"),
            )
        )
    return made


def test_spreads_are_those_of_the_record():
    series = recorded_series(ASKED, SETTINGS, rows(3))
    assert series.half_bps(PAIR.first, "BTC") == pytest.approx(1.0)
    assert series.half_bps(PAIR.second, "BTC") == pytest.approx(0.5)
    rules = rules_of(PAIR, Coin("BTC"), 100_000.0, ReplayPlan(series=series, settings=SETTINGS).fees_bps)
    first, second = RowBooks(series, PAIR, rules).of_coin(1, Coin("BTC"), 1)
    assert (round(first.bid), round(first.ask)) == (139_986_000, 140_014_000)
    assert (round(second.bid), round(second.ask)) == (99_995, 100_005)
    wide = edge_bounds(series, PAIR, {venue: Decimal(0) for venue in PAIR.venues}, Coin("BTC"))
    assert wide.selling == pytest.approx(-1.5, abs=0.01)


def test_recorded_premium_is_traded_and_a_hole_ends_what_is_open():
    def premium(minute: int) -> int:
        return 80 if 20 <= minute < 60 else 0

    made = rows(120, premium)
    settings = settings_of(["strategy.name=fixed"], {})
    whole = replay(ReplayPlan(series=recorded_series(ASKED, settings, made), settings=settings))
    assert {record.reason for record in whole.records} <= {"converged", "take_profit"}
    assert whole.records
    holed = made[:40] + made[40 + GAP_S // 60 + 1 :]
    ended = replay(ReplayPlan(series=recorded_series(ASKED, settings, holed), settings=settings))
    assert "gap" in {record.reason for record in ended.records}


def test_seconds_among_minutes_are_no_holes():
    made = rows(10)
    seconds = [replace(made[4], at_ns=made[4].at_ns + second * NS_PER_S) for second in range(1, 60)]
    series = recorded_series(ASKED, SETTINGS, sorted([*made, *seconds], key=lambda row: row.at_ns))
    assert len(series) == 69
    assert len(series.gaps(Coin("BTC"))) == 0


def test_coins_that_were_not_there_in_a_moment_have_no_price_in_it():
    made = rows(4) + rows(2, coin="ETH")
    series = recorded_series(ASKED, SETTINGS, made)
    assert series.coins == ("BTC", "ETH")
    assert series.complete("ETH").tolist() == [True, True, False, False]
    assert not np.isnan(series.rate).any()
    assert series.cut(1, 3).half_bps(PAIR.first, "BTC") == pytest.approx(1.0)


def test_nothing_recorded_is_one_line():
    with pytest.raises(ConfigError, match="nothing was recorded"):
        recorded_series(ASKED, SETTINGS, [])
    with pytest.raises(ConfigError, match="ETH"):
        recorded_series(replace(ASKED, coins=("ETH",)), SETTINGS, rows(2))
