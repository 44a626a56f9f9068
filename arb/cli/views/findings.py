"""What a check found, as a person reads it."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from arb.check.checkers import Findings
from arb.check.history import Invariant, Violation
from arb.check.profit import Profit

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
    if findings.profit is not None:
        lines.append(_profit(findings.profit))
    lines += [Text(f"not proven: {name}: {why}", "yellow") for name, why in findings.unproven]
    lines += [Text(f"inconclusive: {each}", "yellow") for each in findings.inconclusive]
    return Group(*lines)


def _profit(profit: Profit) -> Text:
    """Return both ways of saying what a session earned, at one rate."""
    real = "not known" if profit.real_krw is None else f"{profit.real_krw:+,.2f}"
    return Text(
        f"profit in KRW at {profit.krw_per_usdt:f}: booked {profit.booked_krw:+,.2f}, "
        f"revaluation {profit.revaluation_krw:+,.2f}, unrealised {profit.unrealised_krw:+,.2f}; "
        f"the venues gained {real}; moved from outside {profit.outside_krw:+,.2f}"
    )


def _by_invariant(violations: tuple[Violation, ...]) -> dict[Invariant, list[Violation]]:
    found: dict[Invariant, list[Violation]] = {}
    for each in violations:
        found.setdefault(each.invariant, []).append(each)
    return found


def invariants_view(invariants: Mapping[str, bool | None]) -> Text:
    """Return the verdict in a few words."""
    broken = [name for name, holds in invariants.items() if holds is False]
    unproven = [name for name, holds in invariants.items() if holds is None]
    if not invariants:
        return Text("invariants: not checked", "yellow")
    if broken:
        return Text(f"invariants: BROKEN: {', '.join(broken)}", "bold red")
    proven = f"{len(invariants) - len(unproven)} of {len(invariants)} hold"
    if unproven:
        return Text(f"invariants: none is broken ({proven}; not proven: {', '.join(unproven)})", "yellow")
    return Text(f"invariants: ok ({proven})", "bold green")
