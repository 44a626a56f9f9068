"""What starts whole stacks here takes long: `make chaos` runs it, `make test` leaves it out."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        is_here = "tests/chaos/" in str(item.path)
        if is_here and (item.get_closest_marker("stack") or "loss" in item.path.stem):
            item.add_marker(pytest.mark.chaos)
