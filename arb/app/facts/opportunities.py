"""A chance as JSON and the page have it."""

from typing import Any

from arb.domain.market.money import plain
from arb.domain.market.opportunity import Opportunity


def opportunity_row(each: Opportunity) -> dict[str, Any]:
    """Return a chance with its best moment, and what became of it."""
    return {
        "coin": each.coin,
        "direction": str(each.direction),
        "from_ns": each.began_ns,
        "to_ns": each.ended_ns,
        "peak_ns": each.peak_ns,
        "peak_bps": plain(round(each.peak_bps, 2)),
        "quantity": plain(each.quantity),
        "size_krw": f"{each.size_krw:.0f}",
        "worth_krw": f"{each.worth_krw:.0f}",
        "taken": bool(each.trades),
        "reason": each.reason,
        "looks": dict(each.reasons),
        "trades": list(each.trades),
    }
