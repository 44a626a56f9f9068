"""A public docstring says what it is about: none is a verb and a pronoun."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
ROOMS = ("arb", "beat", "config", "workers")
RIDDLE = re.compile(r"(?:\w+(?: \w+)? (?:it|them|that|this|one|all|the same)(?: all)?|\w+)\.", re.IGNORECASE)


def riddles(source: str) -> Iterator[str]:
    """Yield the names of public definitions whose docstring is a riddle."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        text = ast.get_docstring(node) or ""
        if not node.name.startswith("_") and RIDDLE.fullmatch(text.partition("\n")[0]):
            yield f"{node.name}: {text}"


def test_no_public_docstring_is_a_riddle() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): list(riddles(path.read_text(encoding="utf-8")))
        for room in ROOMS
        for path in sorted((CHECKOUT / room).glob("**/*.py"))
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_a_riddle_is_found() -> None:
    source = (
        'def one():\n    """Return it."""\n'
        'def two():\n    """Return the age, ns."""\n'
        'class Three:\n    """Ceilings."""\n'
    )
    assert list(riddles(source)) == ["one: Return it.", "Three: Ceilings."]
