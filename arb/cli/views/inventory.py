"""Inventory as rows for tables or for JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from arb.app.inventory import Inventory
from arb.cli.views.style import plain_table
from arb.cli.views.text import UNKNOWN, bare, duration, quantity, signed
from arb.domain.market.money import plain
from arb.domain.time import NS_PER_S

Document = Mapping[str, Any]


def inventory_document(found: Inventory) -> dict[str, Any]:
    """Return an inventory as JSON has it."""
    return {
        "held": [
            {
                "venue": each.venue.value,
                "asset": each.asset,
                "free": plain(each.free),
                "change": plain(each.change),
                "legs": None if each.legs is None else plain(round(each.legs, 1)),
                "lasts_ns": each.lasts_ns,
            }
            for each in found.held
        ],
        "pays_for": [
            {
                "coin": each.coin,
                "direction": str(each.direction),
                "pairs": plain(round(each.pairs, 1)),
                "short_of": f"{each.short.venue} {each.short.asset}",
                "lasts_ns": each.lasts_ns,
            }
            for each in found.reach
        ],
        "advice": [
            {
                "action": each.action,
                "asset": each.asset,
                "from_venue": each.from_venue.value,
                "to_venue": each.to_venue.value,
                "amount": plain(each.amount),
                "cost_krw": None if each.cost_krw is None else f"{each.cost_krw:.0f}",
                "why": each.why,
            }
            for each in found.advice
        ],
    }


def inventory_view(document: Document, hours: int) -> RenderableType:
    """Return what is where, how far it reaches and what to do, one below the other."""
    held = plain_table("venue", "asset", "free", f"in {hours} h", "legs", "lasts")
    for row in document["held"]:
        sign = "+" if Decimal(row["change"]) > 0 else ""
        held.add_row(
            row["venue"], row["asset"], quantity(row["free"]), sign + quantity(row["change"]),
            UNKNOWN if row["legs"] is None else bare(row["legs"]), _lasts(row),
        )  # fmt: skip
    reach = plain_table("coin", "direction", "pairs", "short of", "lasts")
    for row in document["pays_for"]:
        reach.add_row(row["coin"], row["direction"], bare(row["pairs"]), row["short_of"], _lasts(row))
    lines = [Text(_advice(row)) for row in document["advice"]] or [Text("nothing runs low")]
    return Group(held, Text(), reach, Text(), *lines)


def _lasts(row: Mapping[str, Any]) -> str:
    return "" if row["lasts_ns"] is None else duration(row["lasts_ns"] // NS_PER_S)


def _advice(row: Mapping[str, Any]) -> str:
    cost = "at a cost nobody knows"
    if row["cost_krw"] is not None:
        amount = Decimal(row["cost_krw"])
        cost = f"earns {signed(-amount, 0)} KRW" if amount < 0 else f"costs {amount:,.0f} KRW"
    action = row["action"].replace("_", " ")
    return (
        f"{row['to_venue']} runs low of {row['asset']}: {action} {quantity(row['amount'])} from "
        f"{row['from_venue']}, {cost}: {row['why']}"
    )
