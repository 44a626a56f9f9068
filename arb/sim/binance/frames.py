"""Market stream frames as bytes. Pure. The combined form wraps the raw one without touching it."""

from functools import cache
from typing import Any

import orjson

from arb.sim.binance.books import BookChange
from arb.sim.binance.symbols import symbol_name
from arb.sim.binance.wire import row_text, rows, text
from arb.sim.core.book import SimulatedBook, SimulatedLevel


@cache
def stream_name(coin: str, channel: str) -> str:
    """Return e.g. btcusdt@bookTicker."""
    return f"{symbol_name(coin).lower()}@{channel}"


def combined(stream: str, raw: bytes) -> bytes:
    """Return the frame as /stream connections get it."""
    return b'{"stream":"' + stream.encode() + b'","data":' + raw + b"}"


def book_ticker(coin: str, update_id: int, book: SimulatedBook) -> bytes:
    """Return the best bid and ask; it carries no time."""
    bid, ask = ((*prices, *sizes) or (0.0, 0.0) for prices, sizes in book.floats(1))
    shape = '{"u":%d,"s":"%s","b":"%.8f","B":"%.8f","a":"%.8f","A":"%.8f"}'
    return (shape % (update_id, symbol_name(coin), *bid, *ask)).encode()


def partial_depth(update_id: int, book: SimulatedBook, levels: int) -> bytes:
    """Return the top levels; it carries no symbol."""
    bids, asks = map(row_text, book.floats(levels))
    return f'{{"lastUpdateId":{update_id},"bids":[{bids}],"asks":[{asks}]}}'.encode()


def depth_update(coin: str, change: BookChange, event_ms: int) -> bytes:
    """Return the levels that changed."""
    return orjson.dumps(
        {
            "e": "depthUpdate",
            "E": event_ms,
            "s": symbol_name(coin),
            "U": change.first_id,
            "u": change.last_id,
            "b": rows(change.bids),
            "a": rows(change.asks),
        }
    )


def trade(coin: str, trade_id: int, level: SimulatedLevel, event_ms: int, buyer_is_maker: bool) -> bytes:
    """Return one public trade."""
    return orjson.dumps(
        {
            "e": "trade",
            "E": event_ms,
            "s": symbol_name(coin),
            "t": trade_id,
            "p": text(level.price),
            "q": text(level.quantity),
            "T": event_ms,
            "m": buyer_is_maker,
            "M": True,
        }
    )


def aggregate_trade(
    coin: str, trade_id: int, level: SimulatedLevel, event_ms: int, buyer_is_maker: bool
) -> bytes:
    """Return one aggregate of public trades; here each is one trade."""
    return orjson.dumps(
        {
            "e": "aggTrade",
            "E": event_ms,
            "s": symbol_name(coin),
            "a": trade_id,
            "p": text(level.price),
            "q": text(level.quantity),
            "f": trade_id,
            "l": trade_id,
            "T": event_ms,
            "m": buyer_is_maker,
            "M": True,
        }
    )


def shutdown(event_ms: int) -> bytes:
    """Return the warning before the server closes a connection."""
    return orjson.dumps({"e": "serverShutdown", "E": event_ms})


def crossed(raw: bytes) -> bytes:
    """Return the frame with bid and ask exchanged, as a broken venue would send it."""
    told = orjson.loads(raw)
    return orjson.dumps([_swapped(each) for each in told] if isinstance(told, list) else _swapped(told))


def _swapped(fields: dict[str, Any]) -> dict[str, Any]:
    swaps = {"b": "a", "a": "b", "B": "A", "A": "B", "bids": "asks", "asks": "bids"}
    return {swaps.get(name, name): value for name, value in fields.items()}
