"""Every invariant with its checker, and a check that can run against a live stack at any time.

The venues are read first and the engine after them, so that whatever the venues show was committed by
the time the engine is read. What is in flight may still look wrong for a moment: a violation counts only
if it is there in several readings in a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, localcontext
from types import MappingProxyType
from typing import Any, Final, Protocol

from arb.check.history import EngineHistory, Invariant, VenueHistory, Violation
from arb.check.invariants.at_most_once import at_most_once
from arb.check.invariants.booked_profit_is_real import booked_profit_is_real, unproven_profit, unsettled
from arb.check.invariants.decided_by_what_executes import decided_by_what_executes, unproven_decisions
from arb.check.invariants.every_fill_once import every_fill_once
from arb.check.invariants.intent_first import intent_first
from arb.check.invariants.modes_never_touch import modes_never_touch
from arb.check.invariants.no_lonely_leg import no_lonely_leg
from arb.check.invariants.nothing_lost_on_restart import nothing_lost_on_restart
from arb.check.invariants.risk_only_shrinks import risk_only_shrinks
from arb.check.invariants.unknown_is_a_state import unknown_is_a_state
from arb.check.profit import Profit, profit_of
from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.ports.market import Clock

Checker = Callable[[EngineHistory, VenueHistory | None], tuple[Violation, ...]]

CHECKERS: Final[Mapping[Invariant, Checker]] = MappingProxyType(
    {
        Invariant.INTENT_FIRST: intent_first,
        Invariant.AT_MOST_ONCE: at_most_once,
        Invariant.UNKNOWN_IS_A_STATE: unknown_is_a_state,
        Invariant.EVERY_FILL_ONCE: every_fill_once,
        Invariant.NO_LONELY_LEG: no_lonely_leg,
        Invariant.NOTHING_LOST_ON_RESTART: nothing_lost_on_restart,
        Invariant.RISK_ONLY_SHRINKS: risk_only_shrinks,
        Invariant.BOOKED_PROFIT_IS_REAL: booked_profit_is_real,
        Invariant.MODES_NEVER_TOUCH: modes_never_touch,
        Invariant.DECIDED_BY_WHAT_EXECUTES: decided_by_what_executes,
    }
)
# Without a venue's own journal they look at our rows alone.
NEED_JOURNAL: Final = (Invariant.INTENT_FIRST, Invariant.AT_MOST_ONCE, Invariant.EVERY_FILL_ONCE)
BY_BALANCES: Final = (Invariant.BOOKED_PROFIT_IS_REAL,)  # what a venue holds is enough for them
EXACT: Final = Context(prec=100)  # sums of balances have more digits than the default keeps
READINGS_MAX: Final = 16
STREAK_MIN: Final = 8  # readings in a row that a violation must be there: longer than anything is in flight
PAUSE_MS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check found.

    `unproven` says of an invariant why nobody can tell whether it held, `inconclusive` what could not be
    compared at this moment.
    """

    violations: tuple[Violation, ...] = ()
    unproven: tuple[tuple[Invariant, str], ...] = ()
    inconclusive: tuple[str, ...] = ()
    profit: Profit | None = None

    @property
    def invariants(self) -> dict[str, bool | None]:
        """Return whether each invariant held; None where that cannot be proven."""
        broken = {violation.invariant for violation in self.violations}
        open_ones = {invariant for invariant, _ in self.unproven} - broken
        return {
            invariant.value: None if invariant in open_ones else invariant not in broken
            for invariant in Invariant
        }

    @property
    def all_hold(self) -> bool:
        """Tell whether no invariant was violated."""
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Return what `arb check --json` prints."""
        return {
            "invariants": self.invariants,
            "violations": [
                {"invariant": each.invariant.value, "row": each.row, "message": each.message}
                for each in self.violations
            ],
            "unproven": [{"invariant": each.value, "why": why} for each, why in self.unproven],
            "inconclusive": list(self.inconclusive),
            "profit": None if self.profit is None else self.profit.as_json(),
        }


def check(engine: EngineHistory, venues: VenueHistory | None) -> Findings:
    """Return the findings of one pair of histories. Pure."""
    if venues is not None:
        venues = venues.since(engine.session.started_at_ns).without(engine.elsewhere)
    told = venues if venues is not None and venues.has_journal else None
    with localcontext(EXACT):
        found = [
            each
            for invariant, checker in CHECKERS.items()
            for each in checker(engine, venues if invariant in BY_BALANCES else told)
        ]
        return Findings(
            violations=tuple(found),
            unproven=_unproven(engine, venues, told),
            inconclusive=_not_compared(engine, venues),
            profit=profit_of(engine, venues),
        )


def _unproven(
    engine: EngineHistory, venues: VenueHistory | None, told: VenueHistory | None
) -> tuple[tuple[Invariant, str], ...]:
    alone = "checked on our rows alone: the venues keep no journal that can be read"
    lacking = () if told is not None else tuple((each, alone) for each in NEED_JOURNAL)
    profit = ((Invariant.BOOKED_PROFIT_IS_REAL, why) for why in unproven_profit(engine, venues))
    decisions = ((Invariant.DECIDED_BY_WHAT_EXECUTES, why) for why in unproven_decisions(engine))
    return (*lacking, *profit, *decisions)


def _not_compared(engine: EngineHistory, venues: VenueHistory | None) -> tuple[str, ...]:
    if venues is None:
        return ()
    torn = (
        f"{Venue(venue)} moved while it was read: ledger and balances there were not compared"
        for venue in sorted(venues.torn)
    )
    return (*torn, *unsettled(engine, venues))


class EngineReader(Protocol):
    """Reads the engine's journal."""

    def __call__(self) -> EngineHistory:
        """Return the session as it is now. Raises: StoreUnavailable."""


class VenueReader(Protocol):
    """Reads the venues' ground truth."""

    def __call__(self) -> VenueHistory:
        """Return what they say now. Raises: VenueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The use case of `arb check` and of the end of every run."""

    read_engine: EngineReader
    read_venues: VenueReader | None  # None where nobody can be asked
    clock: Clock

    def run(self) -> Findings:
        """Read until nothing looks wrong, or until what looks wrong has stayed. Raises: StoreUnavailable."""
        streaks: dict[tuple[Invariant, str], int] = {}
        for reading in range(READINGS_MAX):
            if reading:
                self.clock.sleep_ms(PAUSE_MS)
            findings = self._look()
            seen = {(each.invariant, each.row): each for each in findings.violations}
            streaks = {key: streaks.get(key, 0) + 1 for key in seen}
            if not findings.inconclusive and all(streak >= STREAK_MIN for streak in streaks.values()):
                break
        standing = tuple(each for key, each in seen.items() if streaks[key] >= STREAK_MIN)
        return replace(findings, violations=standing)

    def _look(self) -> Findings:
        venues = None
        if self.read_venues is not None:
            try:
                venues = self.read_venues()
            except VenueError as error:
                return self._without_venues(error)
        return check(self.read_engine(), venues)

    def _without_venues(self, error: VenueError) -> Findings:
        return replace(check(self.read_engine(), None), inconclusive=(str(error),))
