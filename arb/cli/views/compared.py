"""Two sessions on the same recorded books: what they decided alike, and each difference with its kind."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from arb.cli.views.style import headed_table
from arb.domain.ledger.comparison import DecisionAction, DecisionMatch, DecisionTaken, DifferenceKind
from arb.domain.market.money import plain
from arb.domain.state.generation import SettingChange
from arb.domain.time import NS_PER_S

# What no two sessions have in common: which they are, and when the books began to be played to them.
OWN: Final = frozenset({"mode", "group", "sim.played_s"})
Row = dict[str, Any]


def comparison_document(
    found: Sequence[DecisionMatch],
    *,
    sessions: tuple[str, str],
    settings: Iterable[SettingChange],
    elsewhere: Collection[str],
    books: str,
    within_ms: int,
) -> Row:
    """Return the comparison as a document; `elsewhere` are venues that neither session trades on."""
    counts = {
        action.value: {kind.value: _count(found, action, kind) for kind in DifferenceKind}
        for action in DecisionAction
    }
    return {
        "sessions": list(sessions),
        "data": books,
        "within_ms": within_ms,
        "settings": [
            {"key": each.key, "before": each.before, "after": each.after}
            for each in settings
            if each.key not in OWN and each.key.partition(".")[0] not in elsewhere
        ],
        "counts": counts,
        "unexplained": sum(each[DifferenceKind.UNEXPLAINED] for each in counts.values()),
        "differences": [_row(each) for each in found if each.kind is not DifferenceKind.SAME],
    }


def _count(found: Sequence[DecisionMatch], action: DecisionAction, kind: DifferenceKind) -> int:
    return sum(each.kind is kind and each.one.action is action for each in found)


def _row(match: DecisionMatch) -> Row:
    one = match.one
    return {
        "at_ns": min(each.at_ns for each in (match.first, match.second) if each is not None),
        "action": one.action.value,
        "coin": one.coin,
        "direction": one.direction,
        "kind": match.kind.value,
        "why": match.why,
        "first": _side(match.first),
        "second": _side(match.second),
    }


def _side(decision: DecisionTaken | None) -> Row | None:
    if decision is None:
        return None
    return {
        "trade_id": decision.trade_id,
        "at_ns": decision.at_ns,
        "quantity": plain(decision.quantity),
        "filled": {venue: plain(quantity) for venue, quantity in decision.filled.items()},
        "reason": decision.reason,
        "seen": dict(decision.seen),
    }


def comparison_view(document: Row, where: str) -> RenderableType:
    """Return what differs, the earliest first, and how many decisions there are of each kind."""
    first, second = document["sessions"]
    head = [
        f"first {first}, second {second}, {where}",
        f"recorded books of {document['data']}; entries within {document['within_ms']} ms are one decision",
        *(
            f"settings differ: {each['key']}: {each['before']} -> {each['after']}"
            for each in document["settings"]
        ),
    ]
    table = headed_table(("at s", "what", "coin", "direction", "in", "kind"), ())
    table.add_column("why", overflow="fold")
    for row in document["differences"]:
        table.add_row(
            f"{row['at_ns'] / NS_PER_S:.2f}",
            row["action"],
            row["coin"],
            row["direction"],
            "both" if row["first"] and row["second"] else "first" if row["first"] else "second",
            row["kind"],
            row["why"],
        )
    sums = headed_table(("decisions",), tuple(kind.value.replace("_", " ") for kind in DifferenceKind))
    for action, counts in document["counts"].items():
        sums.add_row(action, *(str(counts[kind.value]) for kind in DifferenceKind))
    shown = [table] if document["differences"] else []
    return Group(*(Text(line, "dim") for line in head), *shown, sums)
