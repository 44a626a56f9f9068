"""Make docs/settings.md from config/default.yml, config/watchdog.yml and their comments.

`python docs/make_settings.py`.

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

Made by `make docs` from `config/default.yml` and `config/watchdog.yml`. config/MODE.yml overrides these,
then the file named by `ARB_CONFIG`, then environment variables (`ARB_RISK__TRADES_OPEN_MAX=3`). Units are
the last word of a key.

Without a default in any file: `mode`, `group`, `session` and `watch`, which commands ask for;
`redis_url`, `broker_url` and `database_url`, of servers of your own
([deployment](deployment.md#servers-of-your-own)); `credentials` (`key`, `secret`) of each venue, for live
mode; and what `database.preset` fills in, each of which may be set by itself: `database.pool_size`,
`max_overflow`, `lifetime_s`, `idle_s`, `timeout_s`.
"""
PARTS: Final = {
    "default.yml": "How it trades and runs",
    "watchdog.yml": "How it is watched, and whom it tells",
}
TABLE: Final = """
## {}

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


def page() -> str:
    """Return the reference of all settings that the files have."""
    return HEAD + "".join(
        TABLE.format(title) + _table((CHECKOUT / "config" / name).read_text())
        for name, title in PARTS.items()
    )


def _table(text: str) -> str:
    rows = (f"| `{key}` | `{default}` | {' '.join(words)} |\n" for key, default, words in rows_of(text))
    return "".join(rows)


if __name__ == "__main__":
    (CHECKOUT / "docs" / "settings.md").write_text(page())
