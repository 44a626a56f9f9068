"""What an answer must look like, and what is wrong with one that does not.

A shape is a dict (exactly these fields; `name?` may be missing), a one-element list (at least one such
item), a tuple (a list of so many columns), a predicate, or the value itself. Fields that the venue does not
document are as wrong as missing ones.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

FEW = 3


def text(value: Any) -> bool:
    return isinstance(value, str)


def text_or_null(value: Any) -> bool:
    return value is None or text(value)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def amount(value: Any) -> bool:
    """A decimal number in a string."""
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def amount_or_null(value: Any) -> bool:
    return value is None or amount(value)


def seoul_time(value: Any) -> bool:
    return isinstance(value, str) and bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+09:00", value)
    )


def anything(_value: Any) -> bool:
    return True


def rows(value: Any) -> bool:
    """A list, empty or not."""
    return isinstance(value, list)


def one_of(*values: Any) -> Any:
    def is_one(value: Any) -> bool:
        return value in values

    is_one.__name__ = f"one of {values}"
    return is_one


def faults(shape: Any, value: Any, place: str = "answer") -> list[str]:
    """Return what is wrong with `value`, at most a few things."""
    found = _faults(shape, value, place)
    return [fault for fault, _count in zip(found, range(FEW), strict=False)]


def _faults(shape: Any, value: Any, place: str) -> Iterator[str]:
    if isinstance(shape, dict):
        yield from _of_fields(shape, value, place)
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{place} is not a list with rows: {str(value)[:60]}"
            return
        for index, row in enumerate(value):
            yield from _faults(shape[0], row, f"{place}[{index}]")
    elif isinstance(shape, tuple):
        if not isinstance(value, list) or len(value) != len(shape):
            yield f"{place} has not {len(shape)} columns: {str(value)[:60]}"
            return
        for index, (column, cell) in enumerate(zip(shape, value, strict=True)):
            yield from _faults(column, cell, f"{place}[{index}]")
    elif callable(shape):
        if not shape(value):
            yield f"{place} is {value!r}, not {shape.__name__}"
    elif value != shape:
        yield f"{place} is {value!r}, not {shape!r}"


def _of_fields(shape: dict[str, Any], value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is not an object: {str(value)[:60]}"
        return
    known = {name.rstrip("?"): (name.endswith("?"), inner) for name, inner in shape.items()}
    for name, (is_optional, inner) in known.items():
        if name in value:
            yield from _faults(inner, value[name], f"{place}.{name}")
        elif not is_optional:
            yield f"{place}.{name} is missing"
    for name in value:
        if name not in known:
            yield f"{place}.{name} is not in the documentation"
