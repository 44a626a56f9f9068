"""A venue is named in its own folders, its rows of the tables, the settings and the composition root only."""

import re
from pathlib import Path

from arb.domain.market.ids import Venue

CHECKOUT = Path(__file__).parents[1]
CODE = ("arb", "workers", "beat")
OWN = ("arb/venues/", "arb/adapters/venues/", "arb/sim/", "arb/app/")
NAMES = re.compile("|".join(Venue), re.IGNORECASE)
ROW = re.compile(r'    [A-Z]+ = "[a-z]+", "[a-z]", "[A-Z]+", "[A-Z]*"')


def named() -> list[tuple[str, str]]:
    """Return every line that names a venue where none should be named, with its file."""
    files = (path for folder in CODE for path in sorted((CHECKOUT / folder).rglob("*")))
    return [
        (name, line)
        for path in files
        if path.suffix in (".py", ".js", ".html", ".lua")
        and not (name := str(path.relative_to(CHECKOUT))).startswith(OWN)
        for line in path.read_text().splitlines()
        if NAMES.search(line)
    ]


def test_no_line_names_a_venue_but_the_row_that_introduces_it():
    found = named()
    assert {name for name, _ in found} == {"arb/domain/market/ids.py"}
    assert len(found) == len(Venue)
    assert all(ROW.fullmatch(line) for _, line in found)
