"""A class's name says which class: no two modules have a public class of one name."""

import ast
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
CODE = ("arb", "workers", "beat", "config")


def modules_by_class(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return where each public class is defined."""
    found = defaultdict(list)
    for module, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    return dict(found)


def shared(modules: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the names that more than one module uses."""
    return {name: where for name, where in modules.items() if len(where) > 1}


def test_no_two_modules_have_a_public_class_of_one_name():
    files = [path for folder in CODE for path in sorted((CHECKOUT / folder).rglob("*.py"))]
    modules = modules_by_class({str(path.relative_to(CHECKOUT)): path.read_text() for path in files})
    assert modules["Order"] == ["arb/domain/trading/order.py"]
    assert {path.split("/")[0] for where in modules.values() for path in where} == set(CODE)
    assert not shared(modules), "\n".join(
        f"{name}: {', '.join(where)}" for name, where in shared(modules).items()
    )


def test_a_name_that_two_modules_use_is_found_and_a_private_one_is_not():
    sources = {"one": "class Rule: ...\nclass _Own: ...", "two": "class Rule: ...\nclass _Own: ..."}
    assert shared(modules_by_class(sources)) == {"Rule": ["one", "two"]}
