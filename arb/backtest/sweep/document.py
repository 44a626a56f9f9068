"""What a sweep came to, as a document."""

from collections.abc import Sequence
from typing import Any, Final

from arb.backtest.result.document import moment, money
from arb.backtest.sweep.grid import Axis
from arb.backtest.sweep.run import Exact, SweepCandidate, Swept
from arb.domain.market.money import ZERO

Document = dict[str, Any]
CHOICES_SHOWN: Final = 20


def sweep_document(swept: Swept, axes: Sequence[Axis]) -> Document:
    """Return the result of a sweep as a document."""
    return {
        "settings": len(swept.choices),
        "screened": sum(each.guess is not None for each in swept.choices),
        "refused": swept.refused,
        "agreement": None if swept.agreement is None else f"{swept.agreement:.3f}",
        "best": [_choice(each) for each in swept.choices[:CHOICES_SHOWN]],
        "walk_forward": _walked(swept),
        "heat": _heat(swept, axes),
    }


def _choice(each: SweepCandidate) -> Document:
    return {
        "change": list(each.change),
        "screen_krw": f"{each.guess.net_krw:.0f}" if each.guess else None,
        "screen_trades": each.guess.trades if each.guess else None,
        "exact_krw": money(each.exact.net_krw) if each.exact else None,
        "exact_trades": each.exact.trades if each.exact else None,
    }


def _walked(swept: Swept) -> Document | None:
    if not swept.folds:
        return None
    fitted = sum((each.fitted.net_krw for each in swept.folds), ZERO)
    after = sum((each.after.net_krw for each in swept.folds), ZERO)
    return {
        "parts": [
            {
                "from": moment(each.from_ns),
                "to": moment(each.to_ns),
                "change": list(each.change),
                "fitted": _exact(each.fitted),
                "after": _exact(each.after),
            }
            for each in swept.folds
        ],
        "fitted_krw": money(fitted),
        "after_krw": money(after),
        "earning_parts": sum(each.after.net_krw > 0 for each in swept.folds),
    }


def _exact(exact: Exact) -> Document:
    return {"net_krw": money(exact.net_krw), "trades": exact.trades}


def _heat(swept: Swept, axes: Sequence[Axis]) -> Document | None:
    """Return the first two axes as a map: of each cell the best that the screen found in it."""
    if not axes or not any(each.guess for each in swept.choices):
        return None
    across = axes[0]
    down = axes[1] if len(axes) > 1 else Axis("", ("",))
    cells: dict[tuple[str, str], float] = {}
    for each in swept.choices:
        if each.guess is None:
            continue
        values = dict(text.split("=", 1) for text in each.change)
        key = (values[across.key], values.get(down.key, ""))
        cells[key] = max(cells.get(key, float("-inf")), each.guess.net_krw)
    return {
        "across": {"key": across.key, "values": list(across.values)},
        "down": {"key": down.key, "values": list(down.values)},
        "cells": [
            [f"{cells[x, y]:.0f}" if (x, y) in cells else None for x in across.values] for y in down.values
        ],
    }
