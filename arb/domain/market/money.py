"""Exact amounts: `Decimal` throughout, basis points, rounding to steps, text without exponents."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation
from typing import Final

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BPS: Final = Decimal(10_000)
# The least of any asset that either venue keeps: both list balances, volumes and fees with eight decimals.
# What is less can be moved by nobody: it is what one of us rounded.
UNIT: Final = Decimal("0.00000001")
# A balance may need more digits than the default context keeps: its sums are not rounded.
EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of `step` that is at most `value`."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of `step` that is at least `value`."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def plain(value: Decimal) -> str:
    """Return `value` as the venues want it: never `1E-8`."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def bps(part: Decimal, whole: Decimal) -> Decimal:
    """Return `part` in basis points of `whole`."""
    return part / whole * BPS


def fraction(value_bps: Decimal) -> Decimal:
    """Return basis points as a plain fraction."""
    return value_bps / BPS


def differs(amount: Decimal, other: Decimal) -> bool:
    """Tell whether two balances of an asset are apart by as much as somebody could move."""
    return abs(EXACT.subtract(amount, other)) >= UNIT


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum to the last digit."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
