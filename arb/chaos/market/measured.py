"""What one scenario did, measured at the venues and in our books, and whether that was as it has to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from arb.chaos.market.naked import Naked
from arb.check.checkers import Findings
from arb.domain.market.money import ZERO, plain

GRACE_S: Final = (
    15.0  # beyond a ceiling of time: orders in flight, and the sweep that finds what nobody moved
)
DIFFERENCE_KRW_MAX: Final = Decimal(5)  # units of the dearest coins on both venues, which nobody can move
PRICED: Final = Decimal("1.1")  # naked notionals are valued at fair prices, and were ordered at others
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredProfit:
    """What was earned from before a scenario until after it, at the fair prices after it."""

    real_krw: Decimal  # by the simulators' balances alone
    booked_krw: Decimal  # of trades that ended meanwhile
    other_krw: Decimal  # revaluation, and what is open

    @property
    def difference_krw(self) -> Decimal:
        """Return what the balances gained beyond what our books say."""
        return self.real_krw - self.booked_krw - self.other_krw


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """How long a leg may stand alone, and how much of it, by trade and together."""

    repair_s_max: float
    together_krw_max: Decimal
    by_trade_krw: Mapping[str, Decimal] = field(default_factory=dict)  # the notional of each trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a trade lost, and what had been reserved for that."""

    trade_id: str
    lost_krw: Decimal
    reserved_krw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of `arb chaos market`."""

    name: str
    trades: int = 0  # open or opened while it was watched
    trades_so_far: int = 0  # opened since the run began
    pairs: int = 0  # open when it struck; of the coin that it befell, if it befell one
    strikes: Mapping[str, int] = field(default_factory=dict)
    must_strike: tuple[str, ...] = ()
    profit: MeasuredProfit | None = None
    naked: Naked = field(default_factory=Naked)
    ceilings: Ceilings | None = None
    losses: tuple[Loss, ...] = ()
    alerts: Mapping[str, float] = field(default_factory=dict)  # by kind, seconds after it struck
    named: frozenset[str] = frozenset()  # trades that an alert tells of
    operator: tuple[str, ...] = ()
    findings: Findings | None = None
    rested: bool = False
    error: str = ""

    @property
    def violations(self) -> tuple[str, ...]:
        """Return what was not as it has to be."""
        if self.error:
            return (self.error,)
        missing = [kind for kind in self.must_strike if not self.strikes.get(kind)]
        checks = (
            (not self.pairs, "no pair was open when it struck"),
            (bool(missing), f"{', '.join(missing)} did not strike"),
            (not self.rested, "orders or legs were still out long after it was over"),
            (self.profit is None, "what was earned could not be read"),
        )
        found = [text for fails, text in checks if fails]
        return (*found, *self._money(), *self._alone(), *self._proven())

    @property
    def passed(self) -> bool:
        """Tell whether all was as it has to be."""
        return not self.violations

    def _money(self) -> list[str]:
        found = [
            f"trade {each.trade_id} lost {each.lost_krw:.0f} KRW of {each.reserved_krw:.0f} reserved"
            for each in self.losses
            if each.lost_krw > each.reserved_krw
        ]
        if self.profit is not None and abs(self.profit.difference_krw) > DIFFERENCE_KRW_MAX:
            real, said = self.profit.real_krw, self.profit.booked_krw + self.profit.other_krw
            found.append(f"the venues gained {real:.2f} KRW, our books say {said:.2f}")
        return found

    def _alone(self) -> list[str]:
        if self.ceilings is None:
            return []
        found, ceilings = [], self.ceilings
        for trade_id, (krw, seconds) in self.naked.trades.items():
            if krw > ceilings.by_trade_krw.get(trade_id, ZERO) * PRICED:
                found.append(f"trade {trade_id} was naked with {krw:.0f} KRW, more than one leg")
            if seconds > ceilings.repair_s_max + GRACE_S and trade_id not in self.named:
                found.append(f"trade {trade_id} was naked for {seconds:.0f} s, and nobody was told of it")
        if self.naked.together_krw > ceilings.together_krw_max * PRICED:
            found.append(f"{self.naked.together_krw:.0f} KRW were naked at once")
        return found

    def _proven(self) -> list[str]:
        if self.findings is None:
            return ["the invariants were not checked"]
        broken = [f"{each.invariant}: {each.row} {each.message}" for each in self.findings.violations]
        unproven = [f"{name} is not proven: {why}" for name, why in self.findings.unproven]
        return [*broken, *unproven]

    def as_json(self) -> dict[str, Any]:
        """Return what was measured as a JSON document."""
        profit = self.profit or MeasuredProfit(real_krw=ZERO, booked_krw=ZERO, other_krw=ZERO)
        return {
            "name": self.name,
            "passed": self.passed,
            "trades": self.trades,
            "trades_so_far": self.trades_so_far,
            "pairs_open": self.pairs,
            "strikes": dict(self.strikes),
            "real_krw": _money(profit.real_krw),
            "booked_krw": _money(profit.booked_krw),
            "revalued_and_open_krw": _money(profit.other_krw),
            "naked_krw": _money(self.naked.largest_krw),
            "naked_together_krw": _money(self.naked.together_krw),
            "naked_s": self.naked.longest_s,
            "worst_loss_krw": _money(max((each.lost_krw for each in self.losses), default=ZERO)),
            "alerts": dict(self.alerts),
            "operator": list(self.operator),
            "violations": list(self.violations),
        }

    def text(self) -> str:
        """Return it as one line, and one more for each thing that was wrong."""
        known = self.as_json()
        alerts = ", ".join(f"{kind} after {seconds:.0f} s" for kind, seconds in self.alerts.items())
        line = (
            f"{'passed' if self.passed else 'FAILED'}  {self.name}: {self.trades} trades, "
            f"real {known['real_krw']} KRW, booked {known['booked_krw']} and revalued or open "
            f"{known['revalued_and_open_krw']}, naked at most {known['naked_krw']} KRW for "
            f"{self.naked.longest_s} s; alerts: {alerts or 'none'}; "
            f"operator: {', '.join(self.operator) or 'nothing'}"
        )
        return "\n".join((line, *(f"  {each}" for each in self.violations)))


def _money(amount: Decimal) -> str:
    return plain(amount.quantize(CENT))
