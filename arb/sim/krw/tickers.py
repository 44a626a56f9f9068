"""A market's day so far, and the ticker that tells it. Prices in KRW, volumes in the base.

Pure. Shapes: docs/protocols/upbit.md.
"""

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from arb.sim.krw.public_trades import KrwTrade, change_fields
from arb.sim.krw.text import KST, compact_date_and_time, date_and_time, milliseconds, number

ZERO: Final = Decimal(0)


@dataclass(slots=True, kw_only=True)
class DayStatistics:
    """What a ticker says about a market since the simulator started; prices in KRW."""

    opening: Decimal
    high: Decimal
    low: Decimal
    last: KrwTrade
    ask_volume: Decimal = ZERO
    bid_volume: Decimal = ZERO
    funds: Decimal = ZERO  # KRW

    def count(self, trade: KrwTrade) -> None:
        """Add one trade."""
        self.last = trade
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)
        self.funds += trade.price * trade.volume
        if trade.ask_bid == "ASK":
            self.ask_volume += trade.volume
        else:
            self.bid_volume += trade.volume


def _ticker_fields(day: DayStatistics, now_ns: int) -> dict[str, Any]:
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
    return {"market": market} | _ticker_fields(day, now_ns) | local


def ticker_message(market: str, day: DayStatistics, now_ns: int) -> dict[str, Any]:
    """Return a WebSocket ticker without its stream type."""
    sides = {
        "ask_bid": day.last.ask_bid,
        "acc_ask_volume": number(day.ask_volume),
        "acc_bid_volume": number(day.bid_volume),
        "market_state": "ACTIVE",
        "delisting_date": None,
    }
    return {"type": "ticker", "code": market} | _ticker_fields(day, now_ns) | sides
