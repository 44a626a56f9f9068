"""How much of one currency all pairs hold against another, and how far fills have moved the accounts.

Signed, in the currency of accounts (KRW): what is above 0 is long in the other one (USDT) and earns when the
rate rises. A ceiling holds by the worse of what may be: what is being opened may stay unfilled, and what is
being closed may be gone, so that only pairs that are open take away from what others add.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction, long_sign
from arb.domain.trading.trade import Trade, TradeState

Sums = Mapping[Direction, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Currencies:
    """What trades hold and have moved, by the direction in which they were opened."""

    currency: str = "KRW"  # of accounts
    at_risk_krw: Sums = field(default_factory=dict)  # notional of all that is at risk
    open_krw: Sums = field(default_factory=dict)  # of it, of pairs that are open
    opening_krw: Sums = field(default_factory=dict)  # of it, of pairs whose fills may not be booked yet
    taken_in_krw: Decimal = ZERO  # of the currency of accounts, by all fills since the session began

    @property
    def net_krw(self) -> Decimal:
        """Return the net direction of all that is at risk."""
        return self._sum(self.at_risk_krw)

    @property
    def drift_krw(self) -> Decimal:
        """Return how much fills have moved into the other currency, those of open pairs included."""
        return -self.taken_in_krw

    def net_with(self, trade: Trade) -> Decimal:
        """Return how large the net direction may become in this trade's way, if it is opened."""
        way = long_sign(trade.direction, self.currency)
        same = sum((amount for each, amount in self.at_risk_krw.items() if self._sign(each) == way), ZERO)
        against = sum((amount for each, amount in self.open_krw.items() if self._sign(each) == -way), ZERO)
        return same - against + trade.notional_krw if way else ZERO

    def drift_with(self, trade: Trade) -> Decimal:
        """Return how far the accounts may be moved in this trade's way, if it is opened."""
        way = long_sign(trade.direction, self.currency)
        coming = sum((amount for each, amount in self.opening_krw.items() if self._sign(each) == way), ZERO)
        return way * self.drift_krw + coming + trade.notional_krw if way else ZERO

    def with_opening(self, trade: Trade) -> "Currencies":
        """Return where they stand once a trade is being opened."""
        return replace(
            self, at_risk_krw=_plus(self.at_risk_krw, trade), opening_krw=_plus(self.opening_krw, trade)
        )

    def _sum(self, amounts: Sums) -> Decimal:
        return sum((self._sign(each) * amount for each, amount in amounts.items()), ZERO)

    def _sign(self, direction: Direction) -> int:
        return long_sign(direction, self.currency)


def _plus(sums: Sums, trade: Trade) -> Sums:
    return {**sums, trade.direction: sums.get(trade.direction, ZERO) + trade.notional_krw}


def currencies(
    at_risk: Iterable[tuple[Direction, TradeState, Decimal]], taken_in: Mapping[str, Decimal]
) -> Currencies:
    """Return where the currencies stand, by what is at risk and by what fills have taken in of each."""
    sums: dict[str, dict[Direction, Decimal]] = {"all": {}, "open": {}, "opening": {}}
    for direction, state, notional_krw in at_risk:
        for name in _kinds(state):
            sums[name][direction] = sums[name].get(direction, ZERO) + notional_krw
    found = Currencies(at_risk_krw=sums["all"], open_krw=sums["open"], opening_krw=sums["opening"])
    return replace(found, taken_in_krw=taken_in.get(found.currency, ZERO))


def _kinds(state: TradeState) -> tuple[str, ...]:
    match state:
        case TradeState.OPEN:
            return "all", "open"
        case TradeState.OPENING:
            return "all", "opening"
    return ("all",)
