"""Trades between others as Upbit writes them.

Pure. REST calls the market `market`, the WebSocket `code`; prices are JSON numbers in both. Shapes:
docs/protocols/upbit.md.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.krw.text import change, date_and_time, milliseconds, number

NOTHING: Final = SimulatedLevel(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class KrwTrade:
    """A trade as everybody sees it."""

    price: Decimal  # KRW
    volume: Decimal  # base
    ask_bid: str  # the taker's side: ASK | BID
    ts_ns: int
    sequence: int


def change_fields(price: Decimal, previous: Decimal) -> dict[str, Any]:
    """Return the change of `price` from the previous close, in KRW and as a fraction."""
    difference = price - previous
    rate = (difference / previous).quantize(Decimal("0.00000001"))
    return {
        "prev_closing_price": number(previous),
        "change": "RISE" if difference > 0 else "FALL" if difference < 0 else "EVEN",
        "change_price": change(abs(difference)),
        "change_rate": change(abs(rate)),
        "signed_change_price": change(difference),
        "signed_change_rate": change(rate),
    }


def trade_message(
    market: str, trade: KrwTrade, previous: Decimal, book: SimulatedBook, now_ns: int
) -> dict[str, Any]:
    """Return a WebSocket trade without its stream type."""
    date, time_of_day = date_and_time(trade.ts_ns)
    changed = change_fields(trade.price, previous)
    ask, bid = (next(iter(side), NOTHING) for side in (book.asks, book.bids))
    return {
        "type": "trade",
        "code": market,
        "timestamp": milliseconds(now_ns),
        "trade_date": date,
        "trade_time": time_of_day,
        "trade_timestamp": milliseconds(trade.ts_ns),
        "trade_price": number(trade.price),
        "trade_volume": number(trade.volume),
        "ask_bid": trade.ask_bid,
        "prev_closing_price": changed["prev_closing_price"],
        "change": changed["change"],
        "change_price": changed["change_price"],
        "sequential_id": trade.sequence,
        "best_ask_price": number(ask.price),
        "best_ask_size": number(ask.quantity),
        "best_bid_price": number(bid.price),
        "best_bid_size": number(bid.quantity),
    }


def tick_json(market: str, trade: KrwTrade, previous: Decimal) -> dict[str, Any]:
    """Return one line of /v1/trades/ticks."""
    date, time_of_day = date_and_time(trade.ts_ns)
    return {
        "market": market,
        "trade_date_utc": date,
        "trade_time_utc": time_of_day,
        "timestamp": milliseconds(trade.ts_ns),
        "trade_price": number(trade.price),
        "trade_volume": number(trade.volume),
        "prev_closing_price": number(previous),
        "change_price": change(trade.price - previous),
        "ask_bid": trade.ask_bid,
        "sequential_id": trade.sequence,
    }
