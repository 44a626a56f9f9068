"""The coins of a session as a table."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from arb.cli.moments import shown
from arb.cli.views.style import BAD, plain_table
from arb.cli.views.text import amount


def coins_view(
    rows: Sequence[Mapping[str, Any]], others: Mapping[str, str], zone: tzinfo | None
) -> RenderableType:
    """Return the coins as a table; what is paused says since when, by whom and why. Then what is left out."""
    table = plain_table("coins", "coin", "open", "KRW a leg")
    table.add_column("new pairs", no_wrap=True)
    for row in rows:
        worth = amount(Decimal(row["notional_krw"]), 0)
        table.add_row(row["coin"], str(row["trades"]), worth, _entries(row, zone))
    return Group(table, *(Text(f"left out: {coin} ({why})") for coin, why in others.items()))


def pause_line(pause: Mapping[str, Any], zone: tzinfo | None) -> str:
    """Return since when a coin is paused, by whom, and why."""
    why = f": {pause['reason']}" if pause["reason"] else ""
    return f"since {shown(pause['since_ns'], zone)} by {pause['by']}{why}"


def _entries(row: Mapping[str, Any], zone: tzinfo | None) -> Text:
    if row["paused"] is not None:
        return Text(f"paused {pause_line(row['paused'], zone)}", BAD)
    return Text("opened" if row["listed"] else "none: it is not in the list of coins")
