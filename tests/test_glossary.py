"""The glossary is right: its files are there, its names are in them, and retired words are no names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
GLOSSARY = CHECKOUT / "docs" / "glossary.md"
CODE = ("arb", "workers", "beat", "config")
NAMED = re.compile(r"`([^`]+)`")
LINKED = re.compile(r"\]\(\.\./([^)#]+)\)")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of the table below each heading, without its head."""
    found = {}
    for part in text.split("\n## ")[1:]:
        heading, _, rest = part.partition("\n")
        lines = [line for line in rest.splitlines() if line.startswith("|")]
        found[heading] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return found


TABLES = tables(GLOSSARY.read_text())
RETIRED = TABLES.pop("Retired")
ROWS = [row for rows in TABLES.values() for row in rows]


def identifiers(source: str) -> Iterator[str]:
    """Yield every name that a source gives or uses, and none of its strings and comments."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)):
                yield name


def words(name: str) -> str:
    """Return the words of a name, as `hand over` for HandOver, hand_over and HAND_OVER."""
    return " ".join(word.lower() for word in WORD.findall(name))


def has(name: str, phrase: str) -> bool:
    """Tell whether a name is made with that word or those words, one after the other."""
    return f" {phrase} " in f" {words(name)} "


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_name_is_in_a_file_that_is_there(row):
    word, meaning, code, where = row
    names, files = NAMED.findall(code), LINKED.findall(where)
    assert word and meaning and names and files
    text = "\n".join((CHECKOUT / path).read_text() for path in files)
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_no_word_is_explained_twice():
    explained = [row[0] for row in ROWS]
    assert sorted(explained) == sorted(set(explained))


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    """Return every name in the code, and a file that has it."""
    found = {}
    for path in (path for folder in CODE for path in (CHECKOUT / folder).rglob("*.py")):
        where = str(path.relative_to(CHECKOUT))
        found |= dict.fromkeys((path.stem, *identifiers(path.read_text())), where)
    assert found["Order"].endswith(".py") and "tests" not in {where.split("/")[0] for where in found.values()}
    return found


@pytest.mark.parametrize("row", RETIRED, ids=lambda row: row[0])
def test_no_retired_word_is_a_name(row, names):
    retired, now, stays = row
    assert now
    kept = set(NAMED.findall(stays))
    for phrase in retired.split(", "):
        used = {name: where for name, where in names.items() if has(name, phrase) and name not in kept}
        assert not used, f"{phrase} is {now} now"


def test_a_retired_word_is_found_however_it_is_written():
    source = "class HandOver: ...\ndef f(hand_over): return x.HAND_OVER\ng(handover=1)"
    assert [name for name in identifiers(source) if has(name, "hand over")] == [
        "HandOver",
        "hand_over",
        "HAND_OVER",
    ]
    assert not has("beforehand_overdue", "hand over") and has("RedisParkingLot", "parking")
