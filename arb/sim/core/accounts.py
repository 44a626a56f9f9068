"""Balances of the one account of a venue, with the other side and the fees kept beside them.

Every movement has two ends, so for each asset (ours + the counterparties' + the fees taken + what is
outside) never changes by a unit. A balance that would go below zero is a bug here, never a state.
"""

from dataclasses import dataclass
from decimal import Decimal

from arb.sim.core.orders import ZERO, OrderSide
from arb.sim.core.rules import Fee


class Overdrawn(Exception):
    """A movement would take a balance below zero."""

    def __init__(self, asset: str, amount: Decimal, available: Decimal) -> None:
        super().__init__(asset, amount, available)


@dataclass(slots=True)
class Balance:
    """One asset: what can be used, and what is locked for open orders."""

    free: Decimal = ZERO
    locked: Decimal = ZERO


class Accounts:
    """Our balances, the counterparties' and the outside's (negative is what they gave us), the fees taken."""

    def __init__(self) -> None:
        self.balances: dict[str, Balance] = {}
        self.counterparty: dict[str, Decimal] = {}
        self.fees: dict[str, Decimal] = {}
        self.outside: dict[str, Decimal] = {}

    def of(self, asset: str) -> Balance:
        """Return the balance of `asset`, made empty if it was not there."""
        return self.balances.setdefault(asset, Balance())

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Add to an asset's free balance."""
        self.of(asset).free += amount

    def move(self, asset: str, change: Decimal) -> None:
        """Book money that came from outside, or went there."""
        balance = self.of(asset)
        if balance.free + change < ZERO:
            raise Overdrawn(asset, -change, balance.free)
        balance.free += change
        self.outside[asset] = self.outside.get(asset, ZERO) - change

    def hold(self, asset: str, amount: Decimal) -> None:
        """Lock `amount` for an order."""
        balance = self.of(asset)
        if not ZERO <= amount <= balance.free:
            raise Overdrawn(asset, amount, balance.free)
        balance.free -= amount
        balance.locked += amount

    def release(self, asset: str, amount: Decimal) -> None:
        """Unlock `amount` again."""
        balance = self.of(asset)
        if not ZERO <= amount <= balance.locked:
            raise Overdrawn(asset, amount, balance.locked)
        balance.locked -= amount
        balance.free += amount

    def settle(
        self, side: OrderSide, base: str, quote: str, value: Decimal, quantity: Decimal, fee: Fee
    ) -> Decimal:
        """Book one fill worth `value` quote and return how much of the locked asset it used."""
        paid, received = (quote, base) if side is OrderSide.BUY else (base, quote)
        paid_amount, received_amount = (value, quantity) if side is OrderSide.BUY else (quantity, value)
        used = paid_amount + (fee.amount if fee.asset == paid else ZERO)
        if used > self.of(paid).locked:
            raise Overdrawn(paid, used, self.of(paid).locked)
        self.of(paid).locked -= used
        self.of(received).free += received_amount - (fee.amount if fee.asset == received else ZERO)
        self.counterparty[paid] = self.counterparty.get(paid, ZERO) + paid_amount
        self.counterparty[received] = self.counterparty.get(received, ZERO) - received_amount
        self.fees[fee.asset] = self.fees.get(fee.asset, ZERO) + fee.amount
        return used

    def total(self, asset: str) -> Decimal:
        """Return the conserved sum of `asset` over everybody."""
        ours = self.balances.get(asset, Balance())
        others = (self.counterparty, self.fees, self.outside)
        return ours.free + ours.locked + sum((each.get(asset, ZERO) for each in others), ZERO)
