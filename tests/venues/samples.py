"""Orders and payloads that the codec tests share; payloads are those of the protocol notes."""

import json
from decimal import Decimal
from typing import Any

from arb.domain.market.ids import Symbol, TradeId, Venue, client_order_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.venues.request import HttpResponse

TRADE = TradeId("abcdefghijkl2")
NOW_NS = 1_700_000_000_000_000_000


def make_order(venue: Venue = Venue.BINANCE, **changes: Any) -> Order:
    """A claimed order of 0.01 BTC."""
    is_binance = venue is Venue.BINANCE
    facts: dict[str, Any] = {
        "client_order_id": client_order_id(TRADE, venue, 1),
        "trade_id": TRADE,
        "venue": venue,
        "symbol": Symbol("BTC/USDT" if is_binance else "BTC/KRW"),
        "side": Side.BUY,
        "purpose": Purpose.ENTRY,
        "quantity": Decimal("0.01"),
        "limit_price": Decimal("100000.5") if is_binance else Decimal(140_000_000),
        "expires_at_ns": NOW_NS + 3_000_000_000,
        "created_at_ns": NOW_NS,
        "claimed_at_ns": NOW_NS,
        "state": OrderState.SUBMITTED,
        "fence": 1,
        "attempts": 1,
    }
    return Order(**(facts | changes))


def response(status: int, body: Any = None, **headers: str) -> HttpResponse:
    """A reply; header names are written with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status=status, headers=named, body=raw)


BINANCE_FULL = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": "6gCrw2kRUAF9CvJDGP16IP",
    "transactTime": 1507725176595,
    "price": "0.00000000",
    "origQty": "10.00000000",
    "executedQty": "1.00000000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "4000.00000000",
    "status": "EXPIRED",
    "timeInForce": "IOC",
    "type": "LIMIT",
    "side": "SELL",
    "workingTime": 1507725176595,
    "selfTradePreventionMode": "NONE",
    "expiryReason": "UNFILLED_IOC_QUANTITY_EXPIRED",
    "fills": [
        {
            "price": "4000.00000000",
            "qty": "1.00000000",
            "commission": "4.00000000",
            "commissionAsset": "USDT",
            "tradeId": 56,
        }
    ],
}

BINANCE_ROW = {
    "symbol": "LTCBTC",
    "orderId": 1,
    "orderListId": -1,
    "clientOrderId": "myOrder1",
    "price": "0.1",
    "origQty": "1.0",
    "executedQty": "0.0",
    "cummulativeQuoteQty": "0.0",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "time": 1499827319559,
    "updateTime": 1499827319559,
    "isWorking": True,
}

BINANCE_TRADES = [
    {
        "symbol": "BNBBTC",
        "id": 28457,
        "orderId": 100234,
        "orderListId": -1,
        "price": "4.00000100",
        "qty": "12.00000000",
        "quoteQty": "48.000012",
        "commission": "10.10000000",
        "commissionAsset": "BNB",
        "time": 1499865549590,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
    }
]

BINANCE_MARKET = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"],
    "isSpotTradingAllowed": True,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.00000000", "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
    ],
}

UPBIT_WAIT = {
    "uuid": "cdd92199-2897-4e14-9448-f923320408ad",
    "side": "bid",
    "ord_type": "limit",
    "price": "100.0",
    "state": "wait",
    "market": "KRW-BTC",
    "created_at": "2018-04-10T15:42:23+09:00",
    "volume": "0.01",
    "remaining_volume": "0.01",
    "reserved_fee": "0.0015",
    "remaining_fee": "0.0015",
    "paid_fee": "0.0",
    "locked": "1.0015",
    "executed_volume": "0.0",
    "trades_count": 0,
    "time_in_force": "ioc",
    "identifier": "arb-0001-u-1",
}

UPBIT_DONE = {
    "market": "KRW-USDT",
    "uuid": "3b67e543-8ad3-48d0-8451-0dad315cae73",
    "side": "ask",
    "ord_type": "market",
    "state": "done",
    "created_at": "2025-08-09T16:44:00+09:00",
    "volume": "5.377594",
    "remaining_volume": "0",
    "executed_volume": "5.377594",
    "reserved_fee": "0",
    "remaining_fee": "0",
    "paid_fee": "3.697095875",
    "locked": "0",
    "trades_count": 1,
    "trades": [
        {
            "market": "KRW-USDT",
            "uuid": "795dff29-bba6-49b2-baab-63473ab7931c",
            "price": "1375",
            "volume": "5.377594",
            "funds": "7394.19175",
            "trend": "down",
            "created_at": "2025-08-09T16:44:00.597751+09:00",
            "side": "ask",
        }
    ],
}

UPBIT_CHANCE = {
    "bid_fee": "0.0005",
    "ask_fee": "0.0004",
    "market": {
        "id": "KRW-BTC",
        "bid": {"currency": "KRW", "min_total": "5000"},
        "ask": {"currency": "BTC", "min_total": 6000},
        "max_total": "1000000000.0",
        "state": "active",
    },
}

BITHUMB_ORDER = {
    "uuid": "C0101000000001818113",
    "side": "bid",
    "ord_type": "limit",
    "price": "140000000",
    "state": "done",
    "market": "KRW-BTC",
    "created_at": "2026-11-13T10:58:46+09:00",
    "volume": "0.01",
    "remaining_volume": "0.006",
    "reserved_fee": "560",
    "remaining_fee": "0",
    "paid_fee": "224",
    "locked": "0",
    "executed_volume": "0.004",
    "executed_funds": "560000",
    "trades_count": 1,
    "time_in_force": "ioc",
    "stp_type": "cancel_taker",
    "cancel_type": "tif_cancel",
    "client_order_id": "a1-abcdefghijkl2-t1",
    "trades": [
        {
            "market": "KRW-BTC",
            "uuid": "C0000000000044553322",
            "price": "140000000",
            "volume": "0.004",
            "funds": "560000",
            "side": "bid",
            "created_at": "2026-11-13T10:58:46+09:00",
        }
    ],
}
