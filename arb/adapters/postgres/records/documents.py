"""Domain values to plain JSON values and back, exactly: amounts as text, times as nanoseconds.

The shape is read off dataclasses and named tuples once and compiled, so that a new field needs no line here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from arb.domain.errors import DataError
from arb.domain.market.money import plain
from arb.domain.market.pair import Direction

Value = TypeVar("Value")
Convert = Callable[[Any], Any]


def encode(value: Any) -> Any:
    """Return the document of a domain dataclass."""
    kind: Any = type(value)
    return _encoder(kind)(value)


def decode(kind: type[Value], document: Any) -> Value:
    """Return the value that `document` describes. Raises: DataError if it does not describe one."""
    shape: Any = kind
    try:
        decoded: Value = _decoder(shape)(document)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise DataError("document_malformed", f"{kind.__name__}: {error!r}") from error
    return decoded


@cache
def _encoder(kind: Any) -> Convert:
    kind = _plain_kind(kind)
    if kind is Decimal:
        return plain
    if _is_record(kind):
        parts = [(name, _encoder(hint)) for name, hint in _hints(kind)]
        return lambda value: {name: part(getattr(value, name)) for name, part in parts}
    if (inner := _optional(kind)) is not None:
        some = _encoder(inner)
        return lambda value: None if value is None else some(value)
    if get_origin(kind) is tuple:
        return _tuple_encoder(get_args(kind))
    if get_origin(kind) is Sequence:
        return _tuple_encoder((*get_args(kind), ...))
    if get_origin(kind) in (dict, Mapping):
        key, item = (_encoder(argument) for argument in get_args(kind))
        return lambda value: [[key(name), item(part)] for name, part in value.items()]
    if get_origin(kind) is frozenset:
        member = _encoder(*get_args(kind))
        return lambda value: sorted(member(part) for part in value)
    if isinstance(kind, type) and issubclass(kind, (StrEnum, Direction)):
        return str
    return _same(kind)


@cache
def _decoder(kind: Any) -> Convert:
    kind = _plain_kind(kind)
    if kind is Decimal:
        return Decimal
    if _is_record(kind):
        return _record_decoder(kind)
    if (inner := _optional(kind)) is not None:
        some = _decoder(inner)
        return lambda document: None if document is None else some(document)
    if get_origin(kind) is tuple:
        return _tuple_decoder(get_args(kind))
    if get_origin(kind) is Sequence:
        return _tuple_decoder((*get_args(kind), ...))
    if get_origin(kind) in (dict, Mapping):
        key, item = (_decoder(argument) for argument in get_args(kind))
        return lambda document: {key(name): item(part) for name, part in document}
    if get_origin(kind) is frozenset:
        member = _decoder(*get_args(kind))
        return lambda document: frozenset(member(part) for part in document)
    if isinstance(kind, type) and issubclass(kind, (StrEnum, Direction)):
        return kind
    return _same(kind)


def _is_record(kind: Any) -> bool:
    return is_dataclass(kind) or _is_named_tuple(kind)


def _is_named_tuple(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def _record_decoder(kind: Any) -> Convert:
    parts = [(name, _decoder(hint)) for name, hint in _hints(kind)]
    names = {name for name, _ in parts}
    needed = names - _defaults(kind)

    def build(document: Any) -> Any:
        if not needed <= document.keys() <= names:  # what has a default is missing where it was not known yet
            raise KeyError(*sorted(document.keys() ^ names))
        return kind(**{name: part(document[name]) for name, part in parts if name in document})

    return build


def _tuple_encoder(arguments: tuple[Any, ...]) -> Convert:
    if arguments[-1] is Ellipsis:
        item = _encoder(arguments[0])
        return lambda value: [item(part) for part in value]
    items = [_encoder(argument) for argument in arguments]
    return lambda value: [item(part) for item, part in zip(items, value, strict=True)]


def _tuple_decoder(arguments: tuple[Any, ...]) -> Convert:
    if arguments[-1] is Ellipsis:
        item = _decoder(arguments[0])
        return lambda document: tuple(item(part) for part in document)
    items = [_decoder(argument) for argument in arguments]
    return lambda document: tuple(item(part) for item, part in zip(items, document, strict=True))


def _plain_kind(kind: Any) -> Any:
    return kind.__supertype__ if isinstance(kind, NewType) else kind


def _hints(kind: Any) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    names = kind._fields if _is_named_tuple(kind) else (field.name for field in fields(kind))
    return [(name, hints[name]) for name in names]


def _defaults(kind: Any) -> set[str]:
    """Return the names of what may be left out."""
    if _is_named_tuple(kind):
        return set(kind._field_defaults)
    return {field.name for field in fields(kind) if field.default is not MISSING}


def _optional(kind: Any) -> Any:
    """Return X of `X | None`, else None."""
    if get_origin(kind) not in (Union, UnionType):
        return None
    inner = [argument for argument in get_args(kind) if argument is not NoneType]
    if len(inner) != 1:
        raise TypeError(f"no document for the union {kind}")
    return inner[0]


def _same(kind: Any) -> Convert:
    """Return a check that lets only values of `kind` through: JSON has no place to hide another."""
    if kind not in (str, int, bool):
        raise TypeError(f"no document for {kind}")

    def same(value: Any) -> Any:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value

    return same
