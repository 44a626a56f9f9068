"""Tickers and candles as streams, over real sockets and by the clock."""

import json
from decimal import Decimal

import orjson
import pytest

from arb.sim.binance.day_tickers import DayTickers
from arb.sim.binance.frames import crossed
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.summaries import Summaries
from arb.sim.core.book import SimulatedBook, SimulatedLevel

MINI = set("eEscohlvq")
TICKER = MINI | set("pPwxQbBaAOCFLn")
KLINE = set("tTsifLochlvnxqVQB")
MINUTE_MS = 60_000
BEGIN_MS = 1_700_000_040_000  # a whole minute


def receive(socket):
    return json.loads(socket.recv())


@pytest.mark.parametrize(
    ("channel", "event", "names"), [("miniTicker", "24hrMiniTicker", MINI), ("ticker", "24hrTicker", TICKER)]
)
def test_ticker_comes_once_a_second_as_documented(binance, channel, event, names):
    with binance.socket(f"/ws/btcusdt@{channel}") as socket:
        first, second = receive(socket), receive(socket)
    assert set(first) == names
    assert (first["e"], first["s"]) == (event, "BTCUSDT")
    assert second["E"] // 1_000 > first["E"] // 1_000
    assert Decimal(first["l"]) <= Decimal(first["c"]) <= Decimal(first["h"])
    assert Decimal(second["v"]) > Decimal(first["v"]) > 0


def test_ticker_counts_the_trades_that_rest_lists(binance):
    with binance.socket("/ws/ethusdt@ticker") as socket:
        told = receive(socket)
    rows = binance.public("/api/v3/trades", symbol="ETHUSDT", limit=1000).json
    last = max((row for row in rows if row["time"] <= told["C"]), key=lambda row: row["id"])
    assert (told["c"], told["Q"], told["L"]) == (last["price"], last["qty"], last["id"])
    assert told["n"] == last["id"] - told["F"] + 1
    assert Decimal(told["p"]) == Decimal(told["c"]) - Decimal(told["o"])


def test_rest_and_the_stream_tell_the_same_day(binance):
    with binance.socket("/ws/ethusdt@ticker") as socket:
        told = receive(socket)
    shown = binance.public("/api/v3/ticker/24hr", symbol="ETHUSDT").json
    assert (shown["openPrice"], shown["firstId"]) == (told["o"], told["F"])
    assert shown["count"] == shown["lastId"] - shown["firstId"] + 1 >= told["n"]
    assert Decimal(shown["volume"]) >= Decimal(told["v"]) > 0
    assert shown["closeTime"] - shown["openTime"] == 86_400_000
    mini = binance.public("/api/v3/ticker/24hr", symbol="ETHUSDT", type="MINI").json
    assert set(shown) > set(mini) > {"quoteVolume"}


@pytest.mark.parametrize(("channel", "names"), [("miniTicker", MINI), ("ticker", TICKER)])
def test_all_tickers_come_as_one_array(binance, channel, names):
    with binance.socket(f"/stream?streams=!{channel}@arr") as socket:
        told = receive(socket)
    assert told["stream"] == f"!{channel}@arr"
    assert {each["s"] for each in told["data"]} == {"BTCUSDT", "ETHUSDT"}
    assert all(set(each) == names for each in told["data"])


def test_array_meets_the_faults_of_market_streams(binance):
    binance.fault(kind="crossed_book", endpoint="!ticker@arr")
    with binance.socket("/ws/!ticker@arr") as socket:
        assert all(Decimal(each["b"]) > Decimal(each["a"]) for each in receive(socket))


def test_crossed_leaves_candles_alone():
    raw = orjson.dumps({"e": "kline", "k": {"B": "0"}})
    assert crossed(raw) == raw


@pytest.mark.parametrize("interval", ["1m", "1h", "1d", "1w", "1M"])
def test_candle_is_the_one_that_rest_shows(binance, interval):
    with binance.socket(f"/ws/btcusdt@kline_{interval}") as socket:
        told = receive(socket)
        while told["k"]["x"]:
            told = receive(socket)
    rows = binance.public("/api/v3/klines", symbol="BTCUSDT", interval=interval).json
    row = next(row for row in rows if row[0] == told["k"]["t"])
    assert (told["e"], told["s"], set(told["k"])) == ("kline", "BTCUSDT", KLINE)
    assert (told["k"]["i"], told["k"]["s"]) == (interval, "BTCUSDT")
    assert (row[1], row[6]) == (told["k"]["o"], told["k"]["T"])
    assert row[8] >= told["k"]["n"] > 0


def test_times_of_candles_and_tickers_come_in_microseconds_to_who_asks(binance):
    path = "/stream?streams=btcusdt@kline_1m/btcusdt@ticker&timeUnit=MICROSECOND"
    found = {}
    with binance.socket(path) as socket:
        while len(found) < 2:
            told = receive(socket)["data"]
            found[told["e"]] = told
    candle, ticker = found["kline"]["k"], found["24hrTicker"]
    assert {len(str(time)) for time in (candle["t"], candle["T"], ticker["O"], ticker["C"], ticker["E"])} == {
        16
    }


def test_unknown_interval_is_silence(binance):
    with binance.socket("/ws/btcusdt@kline_7m/btcusdt@miniTicker") as socket:
        assert {receive(socket)["e"] for _ in range(3)} == {"24hrMiniTicker"}


class Listening:
    """A hub that keeps what it is given on some streams."""

    def __init__(self, *streams):
        self.streams, self.made = set(streams), []

    def wants(self, stream):
        return stream in self.streams

    def wants_any(self, streams):
        return not streams.isdisjoint(self.streams)

    def publish(self, stream, make):
        if stream in self.streams:
            self.made.append(json.loads(make()))


def traded(trades, at_ms, price="100"):
    level = SimulatedLevel(Decimal(price), Decimal(1))
    trades.add("BTC", level, at_ms * 1_000_000, buyer_is_maker=False)


def book_at(price):
    level = SimulatedLevel(Decimal(price), Decimal(1))
    return {"BTC": SimulatedBook(bids=(level,), asks=(level,))}


def test_every_trade_is_counted_also_when_steps_are_left_out_or_have_none_and_fills_lie_between():
    trades = PublicTrades(7)
    empty = {"BTC": SimulatedBook(bids=(), asks=())}
    for step, books in ((3, book_at(100)), (4, empty), (5, {}), (28, book_at(101))):
        list(trades.advance(step, BEGIN_MS * 1_000_000 + step, books))
    traded(trades, BEGIN_MS + 1, "102")
    list(trades.advance(29, BEGIN_MS * 1_000_000 + 2_000_000, book_at(103)))
    day = trades.candles["BTC"].day(BEGIN_MS // 1_000)
    assert day.trades == day.last_id - day.first_id + 1 == 4
    again = PublicTrades(7)
    traded(again, BEGIN_MS + 1_000)
    assert again.recent["BTC"][0].number > day.last_id


def told_candles(hub):
    return [(each["k"]["t"] - BEGIN_MS, each["k"]["c"][:3], each["k"]["x"]) for each in hub.made]


def test_candle_is_told_once_as_closed_also_when_steps_were_missed_and_nothing_was_traded():
    trades, hub = PublicTrades(7), Listening("btcusdt@kline_1m")
    summaries = Summaries(DayTickers(None, trades), trades, hub)
    traded(trades, BEGIN_MS + 1_000)
    summaries.step(BEGIN_MS + 1_000)
    traded(trades, BEGIN_MS + 59_999, "101")
    traded(trades, BEGIN_MS + 60_100, "102")
    summaries.step(BEGIN_MS + 60_100)
    assert told_candles(hub) == [(0, "100", False), (0, "101", True), (MINUTE_MS, "102", False)]
    hub.made.clear()
    for later_ms in (200_000, 202_000, 204_000):
        summaries.step(BEGIN_MS + later_ms)
    assert told_candles(hub) == [(MINUTE_MS, "102", True)]


def test_ticker_is_silent_while_nothing_is_traded_and_forgets_what_is_a_day_old():
    trades, hub = PublicTrades(7), Listening("btcusdt@miniTicker", "!miniTicker@arr")
    summaries = Summaries(DayTickers(None, trades), trades, hub)
    traded(trades, BEGIN_MS, "50")
    summaries.step(BEGIN_MS)
    summaries.step(BEGIN_MS + 1_000)
    assert len(hub.made) == 2
    hub.made.clear()
    later_ms = BEGIN_MS + 86_400_000 + MINUTE_MS
    traded(trades, later_ms, "100")
    summaries.step(later_ms)
    assert [hub.made[0][name][:3] for name in "ohlcv"] == ["100", "100", "100", "100", "1.0"]
    assert hub.made[1] == [hub.made[0]]


def test_nothing_is_counted_together_for_nobody(monkeypatch):
    trades, hub = PublicTrades(7), Listening()
    traded(trades, BEGIN_MS)
    monkeypatch.setattr(type(trades.candles["BTC"]), "day", None)
    monkeypatch.setattr(type(trades.candles["BTC"]), "since", None)
    Summaries(DayTickers(None, trades), trades, hub).step(BEGIN_MS)
    assert hub.made == []
