"""The settings of a sweep: every combination of the values that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Final

from arb.domain.errors import ConfigError
from arb.domain.market.money import plain

SETTINGS_MAX: Final = 1_000
STEPS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Axis:
    """One key and the values that it takes."""

    key: str
    values: tuple[str, ...]


def axes_of(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes of `key=20:80:5` and `key=1,2,3`. Raises: ConfigError."""
    axes = tuple(_axis(text) for text in texts)
    keys = [axis.key for axis in axes]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ConfigError(f"--sweep: {twice} is there twice")
    number = 1
    for axis in axes:
        number *= len(axis.values)
    if number > SETTINGS_MAX:
        raise ConfigError(f"--sweep: {number:,} settings; {SETTINGS_MAX:,} at most, take wider steps")
    return axes


def changes_of(axes: Sequence[Axis]) -> list[tuple[str, ...]]:
    """Return every combination as `key=value` texts."""
    named = [[f"{axis.key}={value}" for value in axis.values] for axis in axes]
    return list(product(*named))


def _axis(text: str) -> Axis:
    key, equals, values = text.partition("=")
    if not equals or not key.strip() or not values.strip():
        raise ConfigError(f"--sweep: {text!r} is not key=from:to:step or key=a,b,c")
    if ":" not in values:
        return Axis(key.strip(), tuple(dict.fromkeys(part.strip() for part in values.split(","))))
    return Axis(key.strip(), _steps(text, values.split(":")))


def _steps(text: str, parts: Sequence[str]) -> tuple[str, ...]:
    try:
        first, last, step = (Decimal(part) for part in parts)
    except (InvalidOperation, ValueError):
        raise ConfigError(f"--sweep: {text!r}: from:to:step are three numbers") from None
    if not (first.is_finite() and last.is_finite() and step.is_finite()) or step <= 0 or last < first:
        raise ConfigError(f"--sweep: {text!r}: the step is above zero and `to` is not below `from`")
    count = int((last - first) / step) + 1
    if count > STEPS_MAX:
        raise ConfigError(f"--sweep: {text!r}: {count:,} values; {STEPS_MAX:,} at most")
    return tuple(plain(first + step * number) for number in range(count))
