"""Feed workers: how they are, which coins each feeds, and the last moves; as JSON or as tables."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.cli.moments import shown
from arb.cli.views.style import headed_table
from arb.domain.health.assignment import AssignmentRules, WorkerHealth
from arb.domain.time import NS_PER_S
from arb.ports.market import FeedRegistry

STYLES: Final = {"healthy": "green", "proving": "cyan", "degraded": "yellow", "dead": "bold red"}


def feeds_of(registry: FeedRegistry, coins: Sequence[str], moves: int, now_ns: int) -> dict[str, Any]:
    """Return workers, what nobody feeds, and the last moves. Raises: StoreUnavailable."""
    roster, healths = registry.read()
    names = sorted(roster.beats.keys() | {owner.worker for owner in roster.assignment.owners.values()})
    workers: list[dict[str, Any]] = []
    for name in names:
        beat = roster.beats.get(name)
        age_ns = None if beat is None else now_ns - beat.at_ns
        fed = roster.assignment.fences_of(name, beat.incarnation) if beat else {}
        is_silent = age_ns is None or age_ns > AssignmentRules().dead_ns
        workers.append(
            {
                "worker": name,
                "health": (WorkerHealth.DEAD if is_silent else healths.get(name, WorkerHealth.PROVING)).value,
                "coins": sorted(fed),
                "fence": max(fed.values(), default=0),
                "capacity": beat.capacity if beat else 0,
                "age_s": None if age_ns is None else round(age_ns / NS_PER_S, 1),
            }
        )
    living = {coin for each in workers if each["health"] != WorkerHealth.DEAD for coin in each["coins"]}
    return {
        "epoch": roster.assignment.epoch,
        "workers": workers,
        "unfed": sorted({*coins, *roster.assignment.owners} - living),
        "moves": [
            {
                "at_ns": move.at_ns,
                "coin": move.coin,
                "before": move.before,
                "after": move.after,
                "fence": move.fence,
                "fence_before": move.fence_before,
                "reason": move.reason,
            }
            for move in registry.moves(moves)
        ],
    }


def feeds_view(found: Mapping[str, Any], zone: tzinfo | None) -> RenderableType:
    """Return what `feeds_of` found as tables."""
    workers = _table("worker", "health", "coins", "fence", "last seen")
    for each in found["workers"]:
        age = "never" if each["age_s"] is None else f"{each['age_s']} s ago"
        health = Text(each["health"], STYLES[each["health"]])
        workers.add_row(each["worker"], health, " ".join(each["coins"]), str(each["fence"]), age)
    moves = _table("moved at", "coin", "from", "to", "why")
    for each in found["moves"]:
        moves.add_row(
            shown(each["at_ns"], zone), each["coin"], each["before"] or "-", each["after"], each["reason"]
        )
    parts: list[RenderableType] = [workers]
    if found["unfed"]:
        parts.append(Text(f"\nfed by nobody: {' '.join(found['unfed'])}", "bold red"))
    return Group(*parts, Text(""), moves)


def _table(*columns: str) -> Table:
    table = headed_table()
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table
