"""docs/settings.md has every setting of config/default.yml, with its default and its comment."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[2]
MAKER = runpy.run_path(str(CHECKOUT / "docs" / "make_settings.py"))
DEFAULTS = (CHECKOUT / "config" / "default.yml").read_text()


def test_the_committed_file_is_current() -> None:
    committed = (CHECKOUT / "docs" / "settings.md").read_text()
    assert committed == MAKER["page"](DEFAULTS), "`make docs` writes docs/settings.md anew"


def test_every_setting_has_a_row_with_its_default() -> None:
    rows = {key: yaml.safe_load(default) for key, default, _ in MAKER["rows_of"](DEFAULTS)}
    assert rows == dict(flat(yaml.safe_load(DEFAULTS), ""))


def test_every_setting_says_what_it_does() -> None:
    assert [key for key, _, words in MAKER["rows_of"](DEFAULTS) if not words] == []


def flat(found: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        if value and isinstance(value, dict) and above + key != "paper.balances":
            yield from flat(value, f"{above}{key}.")
        elif value and isinstance(value, dict):
            yield from ((f"{above}{key}.{venue}", balances) for venue, balances in value.items())
        else:
            yield above + key, value


def test_a_comment_goes_with_its_key() -> None:
    text = "# of a\na: 1\n\n# of the group\nb:\n  c: 2                            # of c,\n"
    text += "                                  # and more\n  # of d\n  d: 3\n"
    assert list(MAKER["rows_of"](text)) == [
        ("a", "1", ["of a"]), ("b.c", "2", ["of c,", "and more"]), ("b.d", "3", ["of d"]),
    ]  # fmt: skip
