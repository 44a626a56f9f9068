"""What the baseline did, by the venues' ground truth."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.chaos.orders.naive import NaiveLeg
from arb.check.history import VenueFill, VenueHistory
from arb.domain.market.ids import ClientOrderId, Coin
from arb.domain.market.money import ZERO

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class NaiveOutcome:
    """A run of the baseline in numbers."""

    seed: int
    trades: int
    legs: int
    unknowns: int
    venue_orders: int
    duplicates: int  # orders that executed, beyond the first of each leg
    trades_doubled: int
    excess_usdt: Decimal  # worth of what was executed beyond what the legs asked for
    faults: Mapping[str, int]
    duration_s: float

    def as_json(self) -> dict[str, Any]:
        """Return what `arb chaos orders --policy naive --json` prints."""
        return {
            "policy": "naive",
            "seed": self.seed,
            "trades": self.trades,
            "intents": self.legs,
            "venue_orders": self.venue_orders,
            "unknowns": self.unknowns,
            "duplicates": self.duplicates,
            "trades_doubled": self.trades_doubled,
            "excess_usdt": f"{self.excess_usdt.quantize(CENT):f}",
            "faults": dict(self.faults),
            "duration_s": round(self.duration_s, 1),
            "verdict": not self.duplicates,
            "violations": [f"{self.duplicates} orders executed twice"] if self.duplicates else [],
        }


def naive_outcome(
    seed: int,
    sent: Mapping[ClientOrderId, NaiveLeg],
    venues: VenueHistory,
    quantities: Mapping[Coin, Decimal],
    *,
    unknowns: int,
    faults: Mapping[str, int],
    duration_s: float,
) -> NaiveOutcome:
    """Count what was executed for each leg; an order that executed nothing did no harm."""
    executed: dict[NaiveLeg, dict[str, list[VenueFill]]] = defaultdict(lambda: defaultdict(list))
    for fill in venues.fills:
        leg = sent[ClientOrderId(fill.client_id)]
        executed[leg][fill.client_id].append(fill)
    doubled = {leg: len(orders) - 1 for leg, orders in executed.items() if len(orders) > 1}
    prices = {fill.symbol: fill.fill.price for fill in venues.fills}
    return NaiveOutcome(
        seed=seed,
        trades=len({leg.trade_id for leg in sent.values()}),
        legs=len(set(sent.values())),
        unknowns=unknowns,
        venue_orders=len(venues.orders),
        duplicates=sum(doubled.values()),
        trades_doubled=len({leg.trade_id for leg in doubled}),
        excess_usdt=sum((_excess(executed[leg], quantities, leg, prices) for leg in doubled), ZERO),
        faults=faults,
        duration_s=duration_s,
    )


def _excess(
    orders: Mapping[str, list[VenueFill]],
    quantities: Mapping[Coin, Decimal],
    leg: NaiveLeg,
    prices: Mapping[Any, Decimal],
) -> Decimal:
    total = sum((fill.fill.quantity for fills in orders.values() for fill in fills), ZERO)
    return max(ZERO, total - quantities[leg.coin]) * prices.get(f"{leg.coin}/USDT", ZERO)
