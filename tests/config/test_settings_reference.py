"""docs/settings.md has every setting, with its default and its comment where a file has one."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import OF_PROCESS, Settings

CHECKOUT = Path(__file__).parents[2]
MAKER = runpy.run_path(str(CHECKOUT / "docs" / "make_settings.py"))
FILES = {name: (CHECKOUT / "config" / name).read_text() for name in ("default.yml", "watchdog.yml")}


def test_the_committed_file_is_current() -> None:
    committed = (CHECKOUT / "docs" / "settings.md").read_text()
    assert committed == MAKER["page"](), "`make docs` writes docs/settings.md anew"


@pytest.mark.parametrize("text", FILES.values(), ids=list(FILES))
def test_every_setting_has_a_row_with_its_default(text: str) -> None:
    rows = {key: yaml.safe_load(default) for key, default, _ in MAKER["rows_of"](text)}
    assert rows == dict(flat(yaml.safe_load(text), ""))


@pytest.mark.parametrize("text", FILES.values(), ids=list(FILES))
def test_every_setting_says_what_it_does(text: str) -> None:
    assert [key for key, _, words in MAKER["rows_of"](text) if not words] == []


def test_what_can_be_set_is_on_the_page() -> None:
    page = MAKER["page"]()
    told = [key for key in fields(Settings) if f"`{key}" in page or f"`{key.rpartition('.')[2]}`" in page]
    assert [key for key in fields(Settings) if key not in told and key not in OF_PROCESS] == []


def fields(section: Any, above: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from fields(field.annotation, f"{above}{name}.")
        else:
            yield above + name


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
