"""How well a session was traded: profit by day, slippage, latency, time in each mode, recoveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.money import plain
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """The trades of one coin that ended on one day, UTC."""

    day: str
    coin: str
    trades: int
    pnl_krw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SlippageLine:
    """What fills cost beyond the price that the decision counted on; negative is better than that.

    The decision counts on the worst level that it needs; the order's limit is that price and the slip
    allowance beyond it, so the price is the limit without the allowance, to the tick.
    """

    venue: str
    purpose: str
    orders: int
    mean_bps: Decimal
    median_bps: Decimal
    p95_bps: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryLine:
    """How often a component was lost and how long it took until it was back."""

    component: str
    count: int
    median_ms: int
    max_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Everything beside the sums of a report."""

    by_day: tuple[DayLine, ...]
    slippage: tuple[SlippageLine, ...]
    latency_ms: Mapping[str, Mapping[str, int]]  # by stage, by percentile
    seconds_in_mode: Mapping[Mode, int]
    recoveries: tuple[RecoveryLine, ...]
    profit_curve: tuple[tuple[int, Decimal], ...]  # Unix milliseconds, realised KRW

    def as_json(self) -> dict[str, Any]:
        """Return what `arb report --json` adds to the report."""
        total_s = sum(self.seconds_in_mode.values())
        return {
            "by_day": [
                {"day": each.day, "coin": each.coin, "trades": each.trades, "pnl_krw": _text(each.pnl_krw)}
                for each in self.by_day
            ],
            "slippage_bps": [_slippage(each) for each in self.slippage],
            "latency_ms": {stage: dict(values) for stage, values in self.latency_ms.items()},
            "uptime": {
                "seconds": total_s,
                **{f"{mode.value}_seconds": self.seconds_in_mode.get(mode, 0) for mode in Mode},
                "normal_ratio": round(self.seconds_in_mode.get(Mode.NORMAL, 0) / max(1, total_s), 4),
            },
            "recoveries": [
                {
                    "component": each.component,
                    "count": each.count,
                    "median_ms": each.median_ms,
                    "max_ms": each.max_ms,
                }
                for each in self.recoveries
            ],
            "profit_curve": [[at_ms, _text(krw)] for at_ms, krw in self.profit_curve],
        }


def seconds_in_mode(changes: Sequence[tuple[int, Mode]], until_ns: int) -> dict[Mode, int]:
    """Return how long each mode lasted; `changes` are (since when, mode), by time."""
    spent_ns: dict[Mode, int] = {}
    ends = [*(at_ns for at_ns, _ in changes), until_ns][1:]
    for (since_ns, mode), end_ns in zip(changes, ends, strict=True):
        spent_ns[mode] = spent_ns.get(mode, 0) + max(0, end_ns - since_ns)
    return {mode: duration_ns // NS_PER_S for mode, duration_ns in spent_ns.items()}


def _slippage(line: SlippageLine) -> dict[str, Any]:
    return {
        "venue": line.venue,
        "purpose": line.purpose,
        "orders": line.orders,
        "mean": _text(line.mean_bps),
        "median": _text(line.median_bps),
        "p95": _text(line.p95_bps),
    }


def _text(amount: Decimal) -> str:
    return plain(amount.quantize(CENT))
