"""Sums without rounding: a balance may need more digits than the default context of `Decimal` keeps."""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

from arb.domain.market.money import ZERO

EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum to the last digit."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
