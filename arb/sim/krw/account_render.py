"""Balances and order chances as Upbit writes them.

Pure. REST writes amounts as strings, the WebSocket as numbers. Shapes: docs/protocols/upbit.md.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from arb.domain.time import NS_PER_S
from arb.sim.core.faults import Fault
from arb.sim.krw.forms import ASK, BID
from arb.sim.krw.rules import MAX_TOTAL_KRW
from arb.sim.krw.text import milliseconds, number, plain, utc_milliseconds

AVERAGE_UNIT: Final = Decimal("0.00000001")
BLOCK_NS: Final = 10 * NS_PER_S


def account_json(currency: str, free: Decimal, locked: Decimal, average: Decimal) -> dict[str, Any]:
    """Return one line of /v1/accounts; `balance` excludes what is locked."""
    return {
        "currency": currency,
        "balance": plain(free),
        "locked": plain(locked),
        "avg_buy_price": plain(average.quantize(AVERAGE_UNIT)),
        "avg_buy_price_modified": False,
        "unit_currency": "KRW",
    }


def my_asset_json(
    asset_uuid: str, changed: Sequence[tuple[str, Decimal, Decimal]], now_ns: int
) -> dict[str, Any]:
    """Return a myAsset event for (currency, free, locked) rows."""
    return {
        "type": "myAsset",
        "asset_uuid": asset_uuid,
        "assets": [
            {"currency": currency, "balance": number(free), "locked": number(locked)}
            for currency, free, locked in changed
        ],
        "asset_timestamp": milliseconds(now_ns),
        "timestamp": milliseconds(now_ns),
        "stream_type": "REALTIME",
    }


def chance_json(
    market: str, fee_rate: Decimal, min_total: Decimal, state: str, bid_account: Any, ask_account: Any
) -> dict[str, Any]:
    """Return /v1/orders/chance; `fee_rate` is a fraction, `min_total` KRW."""
    quote, base = market.split("-")
    fee = plain(fee_rate)
    taken = ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc", "limit_post_only"]
    return {
        "bid_fee": fee,
        "ask_fee": fee,
        "maker_bid_fee": fee,
        "maker_ask_fee": fee,
        "market": {
            "id": market,
            "name": f"{base}/{quote}",
            "order_types": ["limit"],
            "order_sides": [ASK, BID],
            "bid_types": [*taken, "price"],
            "ask_types": [*taken, "market"],
            "bid": {"currency": quote, "min_total": plain(min_total)},
            "ask": {"currency": base, "min_total": plain(min_total)},
            "max_total": plain(MAX_TOTAL_KRW),
            "state": state,
        },
        "bid_account": bid_account,
        "ask_account": ask_account,
    }


def wallet_json(currency: str, closed: Fault | None, now_ns: int) -> dict[str, Any]:
    """Return one line of /v1/status/wallet."""
    return {
        "currency": currency,
        "wallet_state": "working" if closed is None else closed.wallet.value,
        "block_state": "normal" if closed is None else "delayed",
        "block_height": now_ns // BLOCK_NS,
        "block_updated_at": utc_milliseconds(now_ns // BLOCK_NS * BLOCK_NS),
        "block_elapsed_minutes": 0,
        "net_type": currency,
        "network_name": currency,
    }
