"""What a round trip earns by settings: no mode loses by default, and no real money is traded for a loss."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from arb.app.round_trip import announce, document, economics_of, lines, loss, refuse_losing, told_fees
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Symbol, Venue
from config.settings import load
from tests.domain.markets import PAIR

FIXED = {"ARB_STRATEGY__NAME": "fixed", "ARB_STRATEGY__HOLDING_S_MAX": "3600"}
LOSING = {**FIXED, "ARB_STRATEGY__ENTRY_EDGE_BPS": "15"}


def settings(mode="paper", home="/nowhere", **environ):
    return load(mode, {"ARB_HOME": str(home), **environ})


@pytest.mark.parametrize("mode", ["mock", "paper"])
def test_no_round_trip_loses_by_default(mode):
    found = settings(mode)
    assert economics_of(found).losing == ()
    assert economics_of(found).loss_per_day_krw == 0
    assert loss(found, economics_of(found)) == ""


def test_pair_needs_a_larger_edge_where_fees_are_larger_and_loses_by_none():
    found = settings()
    usual, dear = economics_of(found), economics_of(found, told_fees(found, instruments(binance=20)))
    assert dear.edge_bps_least == usual.edge_bps_least + 10
    assert dear.break_even_premium_bps == usual.break_even_premium_bps + 20
    assert dear.losing == ()
    assert "away from its level" in next(lines(found, usual))


def test_live_mode_refuses_what_loses_and_says_from_where_on_it_does_not(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".live_trading_ok").touch()
    config = tmp_path / "own.yml"
    config.write_text(
        "strategy: {name: fixed, notional_usdt: '1000', entry_edge_bps: '15'}\n"
        "risk: {notional_per_coin_krw_max: '10000000', notional_total_krw_max: '30000000',\n"
        "  trades_open_max: 15, daily_loss_krw_max: '5000000', loss_per_trade_krw_max: '250000',\n"
        "  orders_per_minute_max: 600}\n"
        "binance: {credentials: {key: k, secret: s}}\nupbit: {credentials: {key: k, secret: s}}\n"
    )
    found = settings("live", tmp_path, LIVE_TRADING="1", ARB_CONFIG=str(config), ARB_UPBIT__ACCOUNT="desk")
    with pytest.raises(ConfigError, match=r"entry_edge_bps: .* from 19\.0 on"):
        announce(found, lambda _: None)


def test_paper_says_it_and_goes_on_where_it_was_asked_for_in_so_many_words():
    said = []
    announce(settings(**LOSING, ARB_STRATEGY__ROUND_TRIP_MAY_LOSE="true"), said.append)
    assert "LOSES money, and that is allowed" in said[-1]
    with pytest.raises(ConfigError):
        announce(settings(**LOSING), said.append)


def test_mock_says_it_and_goes_on():
    said = []
    announce(settings("mock", **LOSING), said.append)
    assert said[-1].endswith("LOSES money")


def instruments(**fees_bps):
    symbols = {Venue.UPBIT: "ETH/KRW", Venue.BINANCE: "ETH/USDT"}
    return {
        (venue, Symbol(symbols[venue])): SimpleNamespace(taker_fee_bps=Decimal(fees_bps[venue.value]))
        for venue in PAIR.venues
        if venue.value in fees_bps
    }


def test_fees_that_the_venues_tell_count_and_those_that_are_not_told_are_assumed():
    found = settings(**FIXED)
    fees = told_fees(found, instruments(binance=20))
    assert fees == {Venue.UPBIT: 5, Venue.BINANCE: 20}
    refuse_losing(found)
    with pytest.raises(ConfigError, match=r"loses 4\.0 bps"):
        refuse_losing(found, fees)
    refuse_losing(settings(**FIXED, ARB_STRATEGY__ENTRY_EDGE_BPS="40"), fees)


def test_what_the_clock_may_lose_is_counted_by_the_day():
    found = settings(**FIXED, ARB_STRATEGY__HOLDING_LOSS_BPS_MAX="1000")
    told = document(found)
    assert told["round_trips"]["holding_time"]["earned_bps"] == "-34.00"
    assert told["losing_trips_per_day"] == 15 * 8
    assert any(
        "cost 571,200 KRW a day (120 round trips)" in line for line in lines(found, economics_of(found))
    )
