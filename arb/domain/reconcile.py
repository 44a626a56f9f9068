"""Ledger against balances: what each venue should hold and what it says it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from arb.domain.ids import Venue
from arb.domain.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One asset of one venue whose ledger and balance disagree."""

    venue: Venue
    asset: str
    ledger: Decimal
    balance: Decimal

    @property
    def difference(self) -> Decimal:
        """Return what the venue has more than the ledger."""
        return self.balance - self.ledger


def drifts(venue: Venue, ledger: Mapping[str, Decimal], balances: Mapping[str, Decimal]) -> tuple[Drift, ...]:
    """Return every asset in which the two disagree, exactly, sorted by asset."""
    return tuple(
        Drift(venue=venue, asset=asset, ledger=ledger.get(asset, ZERO), balance=balances.get(asset, ZERO))
        for asset in sorted({*ledger, *balances})
        if ledger.get(asset, ZERO) != balances.get(asset, ZERO)
    )
