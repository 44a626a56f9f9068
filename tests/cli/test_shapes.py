"""Every command with `--json` prints a shape that is written down, by name and version."""

import ast
import json
import runpy
from pathlib import Path

import pytest
from click import Command
from typer.main import get_command

from arb.cli import output
from arb.cli.main import app
from arb.cli.shapes import SHAPES
from tests.cli.command import arb
from tests.cli.documents import documents, require_shape
from tests.cli.test_main import options_of

CHECKOUT = Path(__file__).parents[2]
MODULES = sorted((CHECKOUT / "arb" / "cli").rglob("*.py"))


def with_json(command: Command, name: str) -> set[str]:
    """Return what has the option, groups that say something by themselves among them."""
    own = {name} if "--json" in str(options_of(command)) else set()
    below = getattr(command, "commands", {})
    return own.union(*(with_json(part, f"{name}.{word}") for word, part in below.items()))


def test_every_command_with_json_has_a_shape_and_every_shape_a_command() -> None:
    assert with_json(get_command(app), "arb") - {"arb.resume"} == SHAPES.keys()


def test_only_one_place_makes_json_so_that_nothing_is_without_its_name() -> None:
    makers = {
        module.name
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "dumps"
    }
    assert makers == {"output.py"}


def test_a_document_is_named_after_its_command(tmp_path: Path) -> None:
    assert json.loads(arb(tmp_path, "doctor", "--json").stdout)["schema"] == "arb.doctor"
    assert json.loads(arb(tmp_path, "config", "show", "--json").stdout)["schema"] == "arb.config.show"


def test_the_page_is_of_these_shapes() -> None:
    made = runpy.run_path(str(CHECKOUT / "docs" / "make_json.py"))["page"]()
    assert (CHECKOUT / "docs" / "json.md").read_text() == made, "`make docs` writes docs/json.md anew"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"told": True},
        {"schema": "arb.rules", "version": 2, "told": True},
        {"schema": "arb.rules", "version": 1},
        {"schema": "arb.rules", "version": 1, "told": True, "why": ""},
    ],
)
def test_a_document_of_another_shape_is_found(document: object) -> None:
    with pytest.raises(AssertionError):
        require_shape(document)


def test_documents_on_lines_are_each_looked_at() -> None:
    line = output.rendered({"told": True}, "arb.rules", indent=None)
    assert len(documents(f"{line}\n{line}\n")) == 2
    with pytest.raises(AssertionError):
        documents(f'{line}\n{{"told": true}}\n')
