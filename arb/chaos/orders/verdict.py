"""Whether a run proves what it set out to prove: nothing went wrong, and it was made hard enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arb.chaos.orders.figures import Figures
from arb.check.checkers import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """What a run of order chaos came to, in numbers, and whether it passed."""

    seed: int
    trades_wanted: int
    figures: Figures
    findings: Findings
    rested: bool
    halted: str = ""  # why trading had halted before the run was over
    kills: Mapping[str, int]  # by program
    faults: Mapping[str, int]  # by kind, as the simulators applied them
    errors: Mapping[str, int]  # of the venues, by kind, as our processes counted them
    duration_s: float

    @property
    def violations(self) -> tuple[str, ...]:
        """Return what is wrong, in words; nothing if the run proves what it should."""
        found = [f"{each.invariant}: {each.row} {each.message}" for each in self.findings.violations]
        found += [f"inconclusive: {text}" for text in self.findings.inconclusive]
        return (*found, *_wrong(self.figures), *self._too_easy())

    @property
    def passed(self) -> bool:
        """Tell whether nothing was violated, and the run got to what it should test."""
        return not self.violations

    def _too_easy(self) -> tuple[str, ...]:
        """A run that did not get to what it should test proves nothing."""
        checks = (
            (self.halted, f"trading halted during the run: {self.halted}"),
            (not self.rested, "it did not come to rest in time"),
            (self.figures.trades < self.trades_wanted, f"fewer than {self.trades_wanted} trades in time"),
            (not any(self.faults.values()), "no fault struck"),
            (not any(self.kills.values()), "no process was killed"),
            (not self.figures.unknowns, "no order was ever unknown"),
        )
        return tuple(text for fails, text in checks if fails)

    def as_json(self) -> dict[str, Any]:
        """Return what `arb chaos orders --json` prints."""
        figures = self.figures
        return {
            "policy": "ours",
            "seed": self.seed,
            "trades": figures.trades,
            "intents": figures.intents,
            "venue_orders": figures.venue_orders,
            "unknowns": figures.unknowns,
            "unknowns_resolved": figures.unknowns_resolved,
            "duplicates": figures.duplicates,
            "lost": figures.lost,
            "unhedged": figures.unhedged,
            "handed_over": figures.handed_over,
            "drift": figures.drift,
            "unhedged_exposure_s": figures.exposure.total_s,
            "unhedged_exposure_longest_s": figures.exposure.longest_s,
            "kills": dict(self.kills),
            "faults": dict(self.faults),
            "errors": dict(self.errors),
            "invariants": self.findings.invariants,
            "duration_s": round(self.duration_s, 1),
            "verdict": self.passed,
            "violations": list(self.violations),
        }


def _wrong(figures: Figures) -> tuple[str, ...]:
    unresolved = figures.unknowns - figures.unknowns_resolved
    counts = (
        (figures.duplicates, "orders at a venue beyond one for each intent"),
        (figures.lost, "intents, orders or fills lost"),
        (figures.unhedged, "trades unhedged at the end"),
        (figures.drift, "assets in which ledger and balance differ"),
        (unresolved, "orders still unknown"),
    )
    return tuple(f"{count} {what}" for count, what in counts if count)
