"""Trades, aggregates and candles over real sockets."""

import json
from decimal import Decimal

import pytest


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
