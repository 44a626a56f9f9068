"""What a check found, in words."""

from arb.check.checkers import Findings
from arb.check.history import Invariant, Violation
from arb.cli.views.findings import findings_view
from tests.cli.views.drawing import drawn


def test_findings_name_the_row_and_what_was_not_compared() -> None:
    violation = Violation(Invariant.AT_MOST_ONCE, "order a1", "has 2 orders")
    text = drawn(findings_view(Findings(violations=(violation,), inconclusive=("upbit moved",))))
    assert "at_most_once: order a1 has 2 orders" in text
    assert "inconclusive: upbit moved" in text


def test_many_rows_of_one_invariant_are_summed_up() -> None:
    rows = tuple(Violation(Invariant.NO_LONELY_LEG, f"trade {number}", "is alone") for number in range(9))
    text = drawn(findings_view(Findings(violations=rows)))
    assert text.count("is alone") == 5
    assert "no_lonely_leg: and 4 more" in text
