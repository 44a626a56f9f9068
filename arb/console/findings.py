"""What a check found, as a person reads it."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from arb.chaos.checkers import Findings


def findings_view(findings: Findings) -> RenderableType:
    """Return what a check found."""
    lines = [invariants_view(findings.invariants)]
    lines += [
        Text.assemble((f"{each.invariant}: ", "bold red"), f"{each.row} {each.message}")
        for each in findings.violations
    ]
    lines += [Text(f"inconclusive: {each}", "yellow") for each in findings.inconclusive]
    return Group(*lines)


def invariants_view(invariants: Mapping[str, bool]) -> Text:
    """Return the verdict in a few words."""
    broken = [name for name, holds in invariants.items() if not holds]
    if not invariants:
        return Text("invariants: not checked", "yellow")
    if broken:
        return Text(f"invariants: BROKEN: {', '.join(broken)}", "bold red")
    return Text(f"invariants: ok ({len(invariants)} of {len(invariants)} hold)", "bold green")
