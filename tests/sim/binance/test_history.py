"""Trades, aggregates and candles over real sockets."""

import json
from decimal import Decimal

import pytest

from arb.sim.binance.public_trades import PublicTrades
from arb.sim.core.book import SimulatedLevel

BEGIN_NS = 1_700_000_040 * 10**9  # a whole minute


def test_trades_are_oldest_first_and_go_on_by_id(binance):
    binance.until(lambda: len(binance.public("/api/v3/trades", symbol="BTCUSDT").json) > 5)
    trades = binance.public("/api/v3/trades", symbol="BTCUSDT", limit=5).json
    assert len(trades) == 5
    assert [each["time"] for each in trades] == sorted(each["time"] for each in trades)
    first = trades[0]
    assert Decimal(first["quoteQty"]) == round(Decimal(first["price"]) * Decimal(first["qty"]), 8)
    later = binance.public("/api/v3/historicalTrades", symbol="BTCUSDT", fromId=first["id"], limit=2).json
    assert [each["id"] for each in later] == [first["id"], trades[1]["id"]]
    assert binance.public("/api/v3/trades", symbol="NOPEUSDT").error[1] == -1121


def test_our_fill_is_among_the_trades_and_the_aggregates(binance):
    placed = binance.order(quantity="0.001", price=binance.buy_price()).json
    price = placed["fills"][0]["price"]
    for path, name in (("/api/v3/trades", "price"), ("/api/v3/aggTrades", "p")):
        rows = binance.public(path, symbol="BTCUSDT", limit=1000).json
        assert price in {row[name] for row in rows}


def test_aggregates_are_streamed(binance):
    with binance.socket("/ws/btcusdt@aggTrade") as socket:
        told = json.loads(socket.recv())
    assert told["e"] == "aggTrade"
    assert told["f"] == told["l"] == told["a"]


@pytest.mark.parametrize("interval", ["1m", "1h", "1d", "1w", "1M"])
def test_klines_have_the_documented_row(binance, interval):
    binance.until(lambda: binance.public("/api/v3/klines", symbol="BTCUSDT", interval=interval).json)
    row = binance.public("/api/v3/klines", symbol="BTCUSDT", interval=interval).json[-1]
    assert len(row) == 12
    opens_ms, opening, high, low, closing, volume, closes_ms = row[:7]
    assert opens_ms < closes_ms
    assert (closes_ms + 1) % 60_000 == 0
    assert Decimal(low) <= min(Decimal(opening), Decimal(closing)) <= Decimal(high)
    assert Decimal(row[9]) <= Decimal(volume)
    assert isinstance(row[8], int)


def test_klines_refuse_what_is_no_interval_and_keep_to_the_window(binance):
    assert binance.public("/api/v3/klines", symbol="BTCUSDT", interval="7m").error == (
        400,
        -1120,
        "Invalid interval.",
    )
    assert binance.public("/api/v3/klines", symbol="BTCUSDT").error[1] == -1102
    far = {"symbol": "BTCUSDT", "interval": "1m", "startTime": 4_000_000_000_000}
    assert binance.public("/api/v3/klines", **far).json == []
    assert binance.public("/api/v3/klines", symbol="BTCUSDT", interval="1m", limit=0).error[1] == -1130


def test_average_price_is_that_of_the_trades(binance):
    rows = binance.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).json
    shown = binance.public("/api/v3/avgPrice", symbol="BTCUSDT").json
    assert shown["mins"] == 5
    assert shown["closeTime"] >= rows[-1]["time"]
    prices = [Decimal(row["price"]) for row in rows]
    assert min(prices) * Decimal("0.99") < Decimal(shown["price"]) < max(prices) * Decimal("1.01")


def test_no_symbol_has_a_reference_price_or_an_execution_rule(binance):
    shown = binance.public("/api/v3/referencePrice", symbol="BTCUSDT")
    assert shown.error == (400, -2043, "This symbol doesn't have a reference price.")
    assert binance.public("/api/v3/executionRules", symbol="BTCUSDT").json == {"symbolRules": []}
    assert binance.public("/api/v3/executionRules", symbol="NOPEUSDT").error[1] == -1121


def test_average_weighs_five_minutes_by_quantity():
    trades = PublicTrades(seed=1)
    for minute, (price, quantity) in enumerate([("1000", "9"), ("100", "1"), ("200", "3")]):
        ts_ns = (60 * minute if minute else -600) * 10**9 + BEGIN_NS
        level = SimulatedLevel(price=Decimal(price), quantity=Decimal(quantity))
        trades.add("BTC", level, ts_ns, buyer_is_maker=False)
    assert trades.average("BTC", BEGIN_NS + 150 * 10**9) == Decimal("175")
    assert trades.average("BTC", BEGIN_NS + 10**12) is None
    assert trades.average("ETH", BEGIN_NS) is None
