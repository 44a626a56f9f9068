"""Ledger against balances, to the least unit that a venue keeps, also while orders move.

One look takes the ledger, then the balances, then the orders that could have moved either meanwhile. An
asset that agrees agrees, whatever moves. One that differs is a drift if nothing could have moved it; else
the look says nothing about it, unless the very same difference stays while the orders come and go.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import ClientOrderId, Coin, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO, differs
from arb.domain.trading.order import Order
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg

Key = tuple[Venue, str]
SIGHTINGS_MIN: Final = 3  # of one difference, each with other orders moving


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One asset of one venue whose ledger and balance disagree."""

    venue: Venue
    asset: str
    ledger: Decimal
    balance: Decimal
    sources: tuple[str, ...] = ()  # what it seems to come from

    @property
    def difference(self) -> Decimal:
        """Return what the venue has more than the ledger."""
        return self.balance - self.ledger

    def __str__(self) -> str:
        text = (
            f"{self.venue} holds {self.balance:f} {self.asset}, the ledger says {self.ledger:f} "
            f"(difference {self.difference:+f})"
        )
        return f"{text}: {'; '.join(self.sources)}" if self.sources else text


def drifts(venue: Venue, ledger: Mapping[str, Decimal], balances: Mapping[str, Decimal]) -> tuple[Drift, ...]:
    """Return every asset in which the two disagree, to the unit, sorted by asset; for when nothing moves."""
    return tuple(
        Drift(venue=venue, asset=asset, ledger=ledger.get(asset, ZERO), balance=balances.get(asset, ZERO))
        for asset in sorted({*ledger, *balances})
        if differs(ledger.get(asset, ZERO), balances.get(asset, ZERO))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceComparison:
    """What ledger and venues said at one time, and which orders moved then."""

    ledger: Mapping[Key, Decimal]
    balances: Mapping[Key, Decimal]
    movers: tuple[Order, ...]

    def difference(self, key: Key) -> Decimal:
        """Return what the venue has more than the ledger."""
        return self.balances.get(key, ZERO) - self.ledger.get(key, ZERO)

    def movers_of(self, key: Key) -> frozenset[ClientOrderId]:
        """Return the orders that could have moved this asset."""
        return frozenset(order.client_order_id for order in self.movers if moves(order, key))

    def drift(self, key: Key) -> Drift:
        """Return the difference as a drift."""
        venue, asset = key
        return Drift(
            venue=venue,
            asset=asset,
            ledger=self.ledger.get(key, ZERO),
            balance=self.balances.get(key, ZERO),
        )


@dataclass(frozen=True, slots=True)
class Suspect:
    """A difference that was seen, how often, and with which orders moving at last."""

    difference: Decimal
    movers: frozenset[ClientOrderId]
    sightings: int = 1


def moves(order: Order, key: Key) -> bool:
    """Tell whether a fill of this order can change this asset."""
    venue, asset = key
    if order.venue is not venue:
        return False
    return asset in (*order.symbol.split("/"), venue.fee_asset)


def within_reach(look: BalanceComparison, key: Key) -> bool:
    """Tell whether the difference is no more than what orders that have not ended can have moved.

    What such an order can cost is on hold, so that whichever way it ends nothing was spent twice.
    """
    difference = look.difference(key)
    orders = [order for order in look.movers if not order.is_terminal and moves(order, key)]
    if key[1] == key[0].fee_asset:
        return bool(orders)
    if difference < ZERO:
        return -difference <= sum((amount for asset, amount in map(_cost, orders) if asset == key[1]), ZERO)
    bringing = [order for order in orders if _cost(order)[0] != key[1]]
    if any(order.side is Side.SELL for order in bringing):
        return True  # a price may be better than its limit, without a bound
    return difference <= sum(map(_left, bringing), ZERO)


def _cost(order: Order) -> tuple[str, Decimal]:
    """Return what the rest of an order can cost at most, and in which asset."""
    leg = Leg(
        venue=order.venue,
        side=order.side,
        purpose=order.purpose,
        quantity=_left(order),
        limit_price=order.limit_price,
    )
    return hold_of(leg, Coin(order.symbol.partition("/")[0]))


def _left(order: Order) -> Decimal:
    return order.quantity - order.filled_quantity


def differing(look: BalanceComparison, keys: Iterable[Key] | None = None) -> list[Key]:
    """Return the assets in which ledger and balance disagree, sorted; of all, or of the given ones."""
    asked = {*look.ledger, *look.balances} if keys is None else keys
    return sorted(key for key in asked if differs(look.difference(key), ZERO))


def seen_again(before: Suspect | None, look: BalanceComparison, key: Key) -> Suspect:
    """Return the suspicion after this look: confirmed only by the same difference among other orders."""
    difference, movers = look.difference(key), look.movers_of(key)
    if before is None or differs(before.difference, difference):
        return Suspect(difference, movers)
    if before.movers & movers:
        return before
    return Suspect(difference, movers, before.sightings + 1)
