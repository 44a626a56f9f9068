"""What a check found, as a person reads it."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from arb.check.checkers import Findings
from arb.check.history import Invariant, Violation

ROWS_MAX: Final = 5


def findings_view(findings: Findings) -> RenderableType:
    """Return what a check found; of many rows that break the same invariant the first few."""
    lines = [invariants_view(findings.invariants)]
    for invariant, violations in _by_invariant(findings.violations).items():
        lines += [
            Text.assemble((f"{invariant}: ", "bold red"), f"{each.row} {each.message}")
            for each in violations[:ROWS_MAX]
        ]
        if len(violations) > ROWS_MAX:
            lines.append(Text(f"{invariant}: and {len(violations) - ROWS_MAX} more", "bold red"))
    lines += [Text(f"inconclusive: {each}", "yellow") for each in findings.inconclusive]
    return Group(*lines)


def _by_invariant(violations: tuple[Violation, ...]) -> dict[Invariant, list[Violation]]:
    found: dict[Invariant, list[Violation]] = {}
    for each in violations:
        found.setdefault(each.invariant, []).append(each)
    return found


def invariants_view(invariants: Mapping[str, bool]) -> Text:
    """Return the verdict in a few words."""
    broken = [name for name, holds in invariants.items() if not holds]
    if not invariants:
        return Text("invariants: not checked", "yellow")
    if broken:
        return Text(f"invariants: BROKEN: {', '.join(broken)}", "bold red")
    return Text(f"invariants: ok ({len(invariants)} of {len(invariants)} hold)", "bold green")
