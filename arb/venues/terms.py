"""What an account may do in a KRW market, and at what price: the reply of `GET /v1/orders/chance`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.money import BPS
from arb.venues.rows import OddField, above_zero, fee_rate, not_negative, taken, text

NOTIONAL_MIN_ABSURD: Final = Decimal(1_000_000)  # KRW; 5,000 is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an account may do in a market, and at what price."""

    taker_fee_bps: Decimal
    notional_min: Decimal  # KRW
    notional_max: Decimal  # KRW
    is_active: bool


def terms(body: Any) -> Terms | OddField:
    """Return the terms of an orders/chance reply, or what is odd about it; the dearer side's fee counts."""
    try:
        return _terms(body)
    except OddField as odd:
        return odd


def _terms(body: Any) -> Terms:
    fees = [taken(body, name, fee_rate) for name in ("bid_fee", "ask_fee")]
    market = taken(body, "market", dict)
    least = max(
        taken(taken(market, side, dict, "market"), "min_total", not_negative, f"market.{side}")
        for side in ("bid", "ask")
    )
    most = taken(market, "max_total", above_zero, "market")
    if least > min(most, NOTIONAL_MIN_ABSURD):
        raise OddField("market.min_total", least)
    return Terms(
        taker_fee_bps=BPS * max(fees),
        notional_min=least,
        notional_max=most,
        is_active=taken(market, "state", text, "market") == "active",
    )
