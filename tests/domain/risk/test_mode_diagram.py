"""The page of modes is what the table says, and no code compares sentences beside it."""

import re
from pathlib import Path

from arb.domain.risk import mode_diagram
from arb.domain.risk.mode import Cause, SessionStanding

ROOT = Path(__file__).parents[3]
COMPARED = re.compile(r"(?<!\.c\.)\bmode_reason(\)?\s*(==|!=|in)\s|\.(startswith|removeprefix)\()")


def test_the_page_is_drawn_from_the_table():
    page = ROOT / "docs" / "session-modes.md"
    assert page.read_text(encoding="utf-8") == mode_diagram.page(), (
        "run: python -m arb.domain.risk.mode_diagram > docs/session-modes.md"
    )


def test_everything_is_explained():
    assert set(mode_diagram.MEANINGS) == set(SessionStanding)
    assert set(mode_diagram.WRITERS) == set(Cause)


def test_nobody_compares_what_a_reason_says():
    assert COMPARED.search('if session.mode_reason == "stopping":')
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("arb", "workers", "beat", "config")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if COMPARED.search(line)
    ]
    assert found == []
