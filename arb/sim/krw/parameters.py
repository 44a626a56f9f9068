"""A request's parameters, and the text its JWT must have hashed.

Pure. The text is the query string without percent-encoding, or the JSON body flattened to
`k=v&k=v` in the same key order, arrays as `k[]=a&k[]=b` (docs/protocols/upbit.md). GET and DELETE
may carry their parameters in the body, since pyupbit does so and the venue takes it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote, unquote_plus

from arb.sim.krw.errors import rejection


@dataclass(frozen=True, slots=True)
class Parameters:
    """Named values in the order they were sent, all as text; `[]` is cut off the names."""

    pairs: tuple[tuple[str, str], ...]
    hashed_text: str

    def get(self, name: str) -> str | None:
        """Return the last value sent as `name`; an empty one counts as absent."""
        return next((value for key, value in reversed(self.pairs) if key == name), None) or None

    def all(self, name: str) -> list[str]:
        """Return every value of `name`, comma-separated lists taken apart."""
        return [part for key, value in self.pairs if key == name for part in value.split(",") if part]

    def integer(self, name: str, default: int, maximum: int) -> int:
        """Return a whole number between 1 and `maximum`.

        Raises: KrwRejection (invalid_parameter) on anything else.
        """
        text = self.get(name)
        if text is None:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= maximum:
            raise rejection("invalid_parameter", f"{name} is out of range")
        return int(text)

    def amount(self, name: str) -> Decimal | None:
        """Return a positive finite decimal, or None when absent.

        Raises: KrwRejection (validation_error) on anything else.
        """
        text = self.get(name)
        if text is None:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation as error:
            raise rejection("validation_error", f"{name} does not have a valid value") from error
        if not value.is_finite() or value <= 0:
            raise rejection("validation_error", f"{name} does not have a valid value")
        return value


def from_query(query: str) -> Parameters:
    """Return the parameters of a query string as it was on the wire."""
    pairs = tuple(_pair(part, unquote_plus) for part in query.split("&") if part)
    return Parameters(pairs, unquote(query))


def from_json(body: bytes) -> Parameters:
    """Return the parameters of a JSON object.

    Raises: KrwRejection (validation_error) if it is not a flat object.
    """
    try:
        value = json.loads(body, parse_float=str, parse_int=str)
    except ValueError as error:
        raise rejection("validation_error", "the body is not JSON") from error
    if not isinstance(value, dict):
        raise rejection("validation_error", "the body is not an object")
    flat = list(_flatten(value))
    return Parameters(
        tuple((key.removesuffix("[]"), text) for key, text in flat),
        "&".join(f"{key}={text}" for key, text in flat),
    )


def query_hash(text: str) -> str:
    """Return the SHA-512 of the un-encoded parameters, in hex."""
    return hashlib.sha512(text.encode()).hexdigest()


def _pair(part: str, decode: Any) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return str(decode(key)).removesuffix("[]"), str(decode(value))


def _flatten(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(item, list):
            name = key if key.endswith("[]") else f"{key}[]"
            yield from ((name, _scalar(each)) for each in item)
        else:
            yield key, _scalar(item)


def _scalar(item: object) -> str:
    if item is None:
        return ""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return item
    raise rejection("validation_error", "nested values are not supported")
