"""What the venues should hold, and what it is worth in KRW."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from arb.domain.ledger.report import Valuation
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ONE, ZERO

Amounts = Mapping[tuple[Venue, str], Decimal]


def inventory(held: Amounts, free: Amounts, prices: Valuation) -> list[dict[str, Any]]:
    """Return a row for each venue and asset of which something is held, the venue's currency first."""
    keys = sorted(
        (key for key in held if held[key] or free.get(key)),
        key=lambda key: (key[0], key[1] != key[0].quote, key[1]),
    )
    rows = []
    for venue, asset in keys:
        amount, price = held[venue, asset], _price_krw(asset, prices)
        rows.append(
            {
                "venue": venue.value,
                "asset": asset,
                "held": amount,
                "free": free.get((venue, asset), ZERO),
                "worth_krw": None if price is None else amount * price,
            }
        )
    return rows


def worth_krw(amounts: Amounts, prices: Valuation) -> Decimal | None:
    """Return what amounts come to at these prices, None if one of them has none."""
    total = ZERO
    for (_, asset), amount in amounts.items():
        price = _price_krw(asset, prices)
        if price is None and amount:
            return None
        total += amount * (price or ZERO)
    return total


def _price_krw(asset: str, prices: Valuation) -> Decimal | None:
    """Return what one of an asset is worth."""
    if asset == "KRW":
        return ONE
    return prices.krw_per_usdt if asset == "USDT" else prices.krw_per_coin.get(Coin(asset))
