"""The fee of each trade of an order, where the venue tells only what all of them paid (`paid_fee`).

It is shared out by what was traded. An order that names no fee yet, or less than the rate, may name more in a
moment: until it is old, its fees are assumed.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.money import ZERO
from arb.venues.reply import amount

UNIT_KRW: Final = Decimal("0.00000001")  # what a fee may have been rounded down by, for each trade


def fees_so_far(body: Any, taker_fee: Decimal) -> list[tuple[Decimal, bool]]:
    """Return the fee of each trade of an order, and whether more of it may be named later."""
    trades = body["trades"]
    funds, named = _funds(trades), _named(body)
    by_rate = [each * taker_fee for each in funds]
    if named is None:
        return [(fee, True) for fee in by_rate]
    may_lag = named < sum(by_rate, ZERO) - UNIT_KRW * len(trades)
    return [(fee, may_lag) for fee in _shares(funds, named)]


def final_fees(body: Any, taker_fee: Decimal) -> list[tuple[Decimal, bool]]:
    """Return the same of an order so old that what it says of its fee is the last word."""
    funds, named = _funds(body["trades"]), _named(body)
    fees = [each * taker_fee for each in funds] if named is None else _shares(funds, named)
    return [(fee, False) for fee in fees]


def _named(body: Any) -> Decimal | None:
    """Return what an order says that all of its trades paid, None where it does not say."""
    return None if body.get("paid_fee") is None else amount(body["paid_fee"])


def _funds(trades: Sequence[Any]) -> list[Decimal]:
    return [amount(trade["funds"]) for trade in trades]


def _shares(funds: Sequence[Decimal], paid: Decimal) -> list[Decimal]:
    """Return the fee of each trade by its share; together exactly what the order paid."""
    total = sum(funds, ZERO)
    if total == ZERO:
        return [ZERO for _ in funds]
    shares = [each * (paid / total) for each in funds[:-1]]
    return [*shares, paid - sum(shares, ZERO)]
