"""Candles over WebSocket: real sockets, and by the clock."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from arb.domain.time import NS_PER_S
from arb.sim.core.candles import Candles
from arb.sim.krw.candle_news import CandleNews
from tests.sim.upbit.client import receive

FIELDS = {"type", "code", "candle_date_time_utc", "candle_date_time_kst", "opening_price", "high_price"}
FIELDS |= {"low_price", "trade_price", "candle_acc_trade_volume", "candle_acc_trade_price"}
FIELDS |= {"timestamp", "stream_type"}
SHORT = {"ty", "cd", "cdttmu", "cdttmk", "op", "hp", "lp", "tp", "catv", "catp", "tms", "st"}
BEGIN_S = 1_700_000_040  # a whole minute


@pytest.fixture
def market(moving):
    moving.clear_faults()
    moving.switch()
    return moving


@pytest.mark.parametrize("unit", [1, 3, 5, 10, 15, 30, 60, 240])
def test_candle_is_the_one_that_rest_shows(market, unit):
    with market.socket({"type": f"candle.{unit}m", "codes": ["KRW-BTC"], "is_only_snapshot": True}) as socket:
        told = receive(socket)[1]
    rows = market.public(f"/v1/candles/minutes/{unit}", market="KRW-BTC", count=200).json
    row = next(row for row in rows if row["candle_date_time_utc"] == told["candle_date_time_utc"])
    assert set(told) == FIELDS
    assert (told["type"], told["code"], told["stream_type"]) == (f"candle.{unit}m", "KRW-BTC", "SNAPSHOT")
    for name in ("candle_date_time_kst", "opening_price"):
        assert told[name] == row[name]
    assert told["low_price"] <= told["trade_price"] <= told["high_price"]
    assert 0 < told["candle_acc_trade_volume"] <= row["candle_acc_trade_volume"]


def test_candles_come_once_a_second_after_the_snapshot(market):
    with market.socket({"type": "candle.60m", "codes": ["KRW-BTC"]}) as socket:
        first, *later = [receive(socket)[1] for _ in range(4)]
    assert [first["stream_type"], *(each["stream_type"] for each in later)] == ["SNAPSHOT"] + ["REALTIME"] * 3
    latest = {each["timestamp"] // 1_000: each["candle_date_time_utc"] for each in later}
    assert len(latest) >= len(later) - 1  # one more where the hour turns


def test_short_names_are_the_documented_ones(market):
    fields = {"type": "candle.1m", "codes": ["KRW-BTC"]}, {"format": "SIMPLE"}
    with market.socket(*fields) as socket:
        told = receive(socket)[1]
    assert set(told) == SHORT
    assert told["ty"] == "candle.1m"


def test_candles_stand_in_the_list_of_subscriptions(market):
    with market.socket({"type": "candle.5m", "codes": ["KRW-BTC"], "is_only_realtime": True}) as socket:
        socket.send('[{"ticket":"again"},{"method":"LIST_SUBSCRIPTIONS"}]')
        message = receive(socket)[1]
        while "method" not in message:
            message = receive(socket)[1]
    assert message["result"] == [{"type": "candle.5m", "codes": ["KRW-BTC"]}]


class Clock:
    """Candle news over trades at seconds of our choice."""

    def __init__(self):
        self.minutes, self.seconds = Candles(), Candles(1)
        made_of = lambda _market, span: self.seconds if span == 1 else self.minutes  # noqa: E731
        self.tape = SimpleNamespace(recent={"KRW-BTC": []}, made_of=made_of)
        self.news = CandleNews(self.tape)

    def trade(self, second, price):
        at_ns = (BEGIN_S + second) * NS_PER_S
        self.tape.recent["KRW-BTC"].append(SimpleNamespace(ts_ns=at_ns))
        for candles in (self.minutes, self.seconds):
            candles.add(at_ns, Decimal(price), Decimal(1), True)

    def told(self, second, kind="candle.1m"):
        now_ns = (BEGIN_S + second) * NS_PER_S
        self.news.step(now_ns)
        found = self.news.news(kind, "KRW-BTC", now_ns)
        return [(each["candle_date_time_utc"][-5:], int(each["trade_price"])) for each in found]


def test_a_candle_comes_once_more_when_the_next_has_begun_and_not_while_nothing_is_traded():
    clock = Clock()
    clock.trade(0, 100)
    assert clock.told(0) == [("14:00", 100)]
    assert clock.told(0) == []
    assert clock.told(1) == []
    clock.trade(59, 101)
    clock.trade(60, 102)
    assert clock.told(60) == [("14:00", 101), ("15:00", 102)]
    assert clock.told(61) == []


def test_candles_of_a_second_are_those_in_which_something_was_traded():
    clock = Clock()
    clock.trade(0, 100)
    assert clock.told(0, "candle.1s") == [("14:00", 100)]
    clock.trade(2, 101)
    clock.trade(2, 102)
    assert clock.told(3, "candle.1s") == [("14:00", 100), ("14:02", 102)]


def test_the_candle_of_a_second_is_the_one_that_rest_shows(market):
    with market.socket({"type": "candle.1s", "codes": ["KRW-BTC"], "is_only_snapshot": True}) as socket:
        told = receive(socket)[1]
    rows = market.public("/v1/candles/seconds", market="KRW-BTC", count=200).json
    assert set(told) == FIELDS
    row = next(row for row in rows if row["candle_date_time_utc"] == told["candle_date_time_utc"])
    assert told["opening_price"] == row["opening_price"]


def test_a_snapshot_is_of_the_newest_candle_however_old():
    clock = Clock()
    clock.trade(0, 100)
    [told] = clock.news.newest("candle.3m", "KRW-BTC", (BEGIN_S + 10_000) * NS_PER_S)
    assert (told["trade_price"], told["timestamp"]) == (100, (BEGIN_S + 10_000) * 1_000)
