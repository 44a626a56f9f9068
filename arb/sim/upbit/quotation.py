"""Order books, trades and tickers as Upbit writes them.

Pure. REST calls the market `market`, the WebSocket `code`; prices are JSON numbers in both. Shapes:
exchange_protocols.md 2.4 and 2.8.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from itertools import groupby, zip_longest
from typing import Any, Final

from arb.sim.core.book import Book, Level
from arb.sim.core.ticks import ceil_to, floor_to
from arb.sim.upbit.text import KST, compact_date_and_time, date_and_time, milliseconds, number

ZERO: Final = Decimal(0)
NOTHING: Final = Level(ZERO, ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade between others."""

    price: Decimal  # KRW
    volume: Decimal  # base
    ask_bid: str  # the taker's side: ASK | BID
    ts_ns: int
    sequence: int


@dataclass(slots=True, kw_only=True)
class DayStatistics:
    """What a ticker says about a market since the simulator started; prices in KRW."""

    opening: Decimal
    high: Decimal
    low: Decimal
    last: PublicTrade
    ask_volume: Decimal = ZERO
    bid_volume: Decimal = ZERO
    funds: Decimal = ZERO  # KRW

    def count(self, trade: PublicTrade) -> None:
        """Add one trade."""
        self.last = trade
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)
        self.funds += trade.price * trade.volume
        if trade.ask_bid == "ASK":
            self.ask_volume += trade.volume
        else:
            self.bid_volume += trade.volume


def grouped(book: Book, level: Decimal) -> Book:
    """Return the book with prices merged to multiples of `level` KRW; 0 leaves it alone."""
    if not level:
        return book
    return Book(
        bids=_merged((floor_to(price, level), quantity) for price, quantity in book.bids),
        asks=_merged((ceil_to(price, level), quantity) for price, quantity in book.asks),
    )


def orderbook_fields(book: Book, ts_ns: int, units: int) -> dict[str, Any]:
    """Return what REST and WebSocket order books have in common; row i holds ask i and bid i."""
    asks, bids = book.asks[:units], book.bids[:units]
    return {
        "timestamp": milliseconds(ts_ns),
        "total_ask_size": number(sum((each.quantity for each in asks), ZERO)),
        "total_bid_size": number(sum((each.quantity for each in bids), ZERO)),
        "orderbook_units": [
            {
                "ask_price": number(ask.price),
                "bid_price": number(bid.price),
                "ask_size": number(ask.quantity),
                "bid_size": number(bid.quantity),
            }
            for ask, bid in zip_longest(asks, bids, fillvalue=NOTHING)
        ],
    }


def change_fields(price: Decimal, previous: Decimal) -> dict[str, Any]:
    """Return the change of `price` from the previous close, in KRW and as a fraction."""
    difference = price - previous
    rate = (difference / previous).quantize(Decimal("0.00000001"))
    return {
        "prev_closing_price": number(previous),
        "change": "RISE" if difference > 0 else "FALL" if difference < 0 else "EVEN",
        "change_price": number(abs(difference)),
        "change_rate": number(abs(rate)),
        "signed_change_price": number(difference),
        "signed_change_rate": number(rate),
    }


def trade_message(
    market: str, trade: PublicTrade, previous: Decimal, book: Book, now_ns: int
) -> dict[str, Any]:
    """Return a WebSocket trade without its stream type."""
    date, time_of_day = date_and_time(trade.ts_ns)
    change = change_fields(trade.price, previous)
    ask, bid = book.asks[0], book.bids[0]
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
        "prev_closing_price": change["prev_closing_price"],
        "change": change["change"],
        "change_price": change["change_price"],
        "sequential_id": trade.sequence,
        "best_ask_price": number(ask.price),
        "best_ask_size": number(ask.quantity),
        "best_bid_price": number(bid.price),
        "best_bid_size": number(bid.quantity),
    }


def tick_json(market: str, trade: PublicTrade, previous: Decimal) -> dict[str, Any]:
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
        "change_price": number(trade.price - previous),
        "ask_bid": trade.ask_bid,
        "sequential_id": trade.sequence,
    }


def ticker_fields(day: DayStatistics, now_ns: int) -> dict[str, Any]:
    """Return what REST and WebSocket tickers have in common."""
    trade = day.last
    date, time_of_day = compact_date_and_time(trade.ts_ns, UTC)
    today = date_and_time(trade.ts_ns)[0]
    volume = number(day.ask_volume + day.bid_volume)
    return {
        "trade_date": date,
        "trade_time": time_of_day,
        "trade_timestamp": milliseconds(trade.ts_ns),
        "opening_price": number(day.opening),
        "high_price": number(day.high),
        "low_price": number(day.low),
        "trade_price": number(trade.price),
        **change_fields(trade.price, day.opening),
        "trade_volume": number(trade.volume),
        "acc_trade_price": number(day.funds),
        "acc_trade_price_24h": number(day.funds),
        "acc_trade_volume": volume,
        "acc_trade_volume_24h": volume,
        "highest_52_week_price": number(day.high),
        "highest_52_week_date": today,
        "lowest_52_week_price": number(day.low),
        "lowest_52_week_date": today,
        "timestamp": milliseconds(now_ns),
    }


def ticker_json(market: str, day: DayStatistics, now_ns: int) -> dict[str, Any]:
    """Return one line of /v1/ticker."""
    date, time_of_day = compact_date_and_time(day.last.ts_ns, KST)
    local = {"trade_date_kst": date, "trade_time_kst": time_of_day}
    return {"market": market} | ticker_fields(day, now_ns) | local


def ticker_message(market: str, day: DayStatistics, now_ns: int) -> dict[str, Any]:
    """Return a WebSocket ticker without its stream type."""
    sides = {
        "ask_bid": day.last.ask_bid,
        "acc_ask_volume": number(day.ask_volume),
        "acc_bid_volume": number(day.bid_volume),
        "market_state": "ACTIVE",
        "delisting_date": None,
    }
    return {"type": "ticker", "code": market} | ticker_fields(day, now_ns) | sides


def _merged(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Level, ...]:
    return tuple(
        Level(price, sum((quantity for _, quantity in same), ZERO))
        for price, same in groupby(rows, key=lambda row: row[0])
    )
