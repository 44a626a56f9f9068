"""Make docs/settings.md from config/default.yml and its comments: `python docs/make_settings.py`.

A comment belongs to the key of its line and, if it stands under that line's comment, to the same key; one on
a line of its own belongs to the key below it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]
KEY: Final = re.compile(r"( *)([\w-]+):(?: +(.*?))?(?: +# (.*))?")
BESIDE: Final = 20  # columns before a comment that goes on with the one above it
HEAD: Final = """# Settings

Made by `make docs` from `config/default.yml`. config/MODE.yml overrides these, then the file named by
`ARB_CONFIG`, then environment variables (`ARB_RISK__TRADES_OPEN_MAX=3`). Units are the last word of a key.

| key | default | what it does |
| --- | --- | --- |
"""


def rows_of(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Return each key that has a default, the default, and the lines of its comment."""
    above: list[str] = []
    path: list[str] = []
    row: tuple[str, str, list[str]] | None = None
    for line in text.splitlines():
        if line.strip().startswith("#"):
            goes_on = row is not None and line.index("#") > BESIDE
            (row[2] if row and goes_on else above).append(line.strip(" #"))
        elif found := KEY.fullmatch(line):
            indent, key, default, beside = found.groups()
            path[len(indent) // 2 :] = [key]
            if row:
                yield row
            row = (".".join(path), default, [*above, *filter(None, [beside])]) if default else None
            above = []
        else:
            above = []
    if row:
        yield row


def page(text: str) -> str:
    """Return the reference of settings of a file's text."""
    rows = (f"| `{key}` | `{default}` | {' '.join(words)} |\n" for key, default, words in rows_of(text))
    return HEAD + "".join(rows)


if __name__ == "__main__":
    made = page((CHECKOUT / "config" / "default.yml").read_text())
    (CHECKOUT / "docs" / "settings.md").write_text(made)
