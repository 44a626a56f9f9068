"""Public names: no two modules have a class of one name, and there are no more for the code than there were.

A newcomer has to learn every public name. What only its own module uses is private, with an underscore.
"""

import ast
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
CODE = ("arb", "workers", "beat", "config")
PER_1000_LINES_MAX = (
    29.5  # public classes and functions of modules; 30.4 before those that nobody else uses were hidden
)


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


def sources() -> dict[str, str]:
    """Return every source by its path."""
    files = [path for folder in CODE for path in sorted((CHECKOUT / folder).rglob("*.py"))]
    return {str(path.relative_to(CHECKOUT)): path.read_text() for path in files}


def public_names(source: str) -> list[str]:
    """Return the public classes and functions of a module."""
    defined = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, defined) and not node.name.startswith("_")
    ]


def test_public_names_for_a_thousand_lines_do_not_rise():
    found = sources().values()
    names, lines = sum(len(public_names(each)) for each in found), sum(each.count("\n") for each in found)
    per_1000 = round(1000 * names / lines, 1)
    print(f"{names} public classes and functions in {lines:,} lines: {per_1000} for 1,000")
    assert 15 < per_1000 <= PER_1000_LINES_MAX


def test_public_names_are_those_of_the_module_itself():
    source = "class A:\n    def m(self): ...\ndef f(): ...\nasync def g(): ...\ndef _own(): ...\nB = 1"
    assert public_names(source) == ["A", "f", "g"]


def test_no_two_modules_have_a_public_class_of_one_name():
    modules = modules_by_class(sources())
    assert modules["Order"] == ["arb/domain/trading/order.py"]
    assert {path.split("/")[0] for where in modules.values() for path in where} == set(CODE)
    assert not shared(modules), "\n".join(
        f"{name}: {', '.join(where)}" for name, where in shared(modules).items()
    )


def test_a_name_that_two_modules_use_is_found_and_a_private_one_is_not():
    sources = {"one": "class Rule: ...\nclass _Own: ...", "two": "class Rule: ...\nclass _Own: ..."}
    assert shared(modules_by_class(sources)) == {"Rule": ["one", "two"]}
