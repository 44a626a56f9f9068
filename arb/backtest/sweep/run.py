"""A sweep: all settings screened, the best run by the engine, and tried on what they were not chosen by."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from decimal import Decimal
from multiprocessing import get_context
from typing import Any, Final

import numpy as np

from arb.backtest.reading.series import Series
from arb.backtest.replay.run import ReplayPlan, replay
from arb.backtest.sweep.screen import Guess, Lane, ScreenRules, lanes_of, rules_of, screen
from arb.domain.errors import ConfigError
from arb.domain.market.money import ZERO
from config.sections import StrategyName
from config.settings import Settings

SCREENED: Final = "screened"
PIECES: Final = 4  # of the settings for each core, so that the bar moves
Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
Change = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exact:
    """What the engine made of a setting."""

    net_krw: Decimal
    trades: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCandidate:
    """One setting: what the screen made of it, and the engine if it was among the best."""

    change: Change
    guess: Guess | None  # None where the screen does not know the strategy
    exact: Exact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One step of walking forward: chosen by what came before, tried on what came after."""

    from_ns: int
    to_ns: int
    change: Change
    fitted: Exact
    after: Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep came to; the best by the engine first, then by the screen."""

    choices: tuple[SweepCandidate, ...]
    refused: dict[str, int]  # why settings are none, and how many
    agreement: float | None  # of both ranks among those that were run: 1 the same, 0 none, -1 the reverse
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSweep:
    """A sweep: which settings are screened over which replay, and how many of the best are run exactly."""

    plan: ReplayPlan
    settings: Sequence[tuple[Change, Settings]]
    best: int
    jobs: int
    progress: Progress

    def run(self, folds: int) -> Swept:
        """Screen, run the best, and walk forward over so many steps."""
        context = get_context("fork")
        with ProcessPoolExecutor(self.jobs, mp_context=context) as pool:
            ranked = self._screened(pool, self.plan.series, SCREENED)
            exact = self._exact(pool, self.plan.series, _best_of(ranked, self.best), "run")
            walked = self._walk(pool, folds) if folds else ()
        choices = [replace(each, exact=exact.get(each.change)) for each in ranked]
        run = [each for each in choices if each.exact is not None]
        run.sort(key=lambda each: (-(each.exact.net_krw if each.exact else ZERO), each.change))
        rest = [each for each in choices if each.exact is None]
        return Swept(choices=(*run, *rest), refused={}, agreement=agreement(run), folds=tuple(walked))

    def _screened(self, pool: ProcessPoolExecutor, series: Series, what: str) -> list[SweepCandidate]:
        plan = replace(self.plan, series=series)
        lanes = lanes_of(plan)
        known = [(change, rules_of(plan, settings)) for change, settings in self.settings]
        named = [(change, rules) for change, rules in known if rules is not None]
        size = max(1, -(-len(named) // (self.jobs * PIECES)))
        pieces = [named[first : first + size] for first in range(0, len(named), size)]
        found: dict[Change, Guess] = {}
        futures = [pool.submit(_screen_all, lanes, piece) for piece in pieces]
        for future in as_completed(futures):
            found |= dict(future.result())
            self.progress(what, len(found), len(named))
        ranked = [SweepCandidate(change=change, guess=found.get(change)) for change, _ in known]
        ranked.sort(key=lambda each: (-each.guess.net_krw if each.guess else 0.0, each.change))
        return ranked

    def _exact(
        self, pool: ProcessPoolExecutor, series: Series, changes: Iterable[Change], what: str
    ) -> dict[Change, Exact]:
        by_change = dict(self.settings)
        futures = {
            pool.submit(_run_one, replace(self.plan, series=series, settings=by_change[change])): change
            for change in changes
        }
        found: dict[Change, Exact] = {}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            self.progress(what, len(found), len(futures))
        return found

    def _walk(self, pool: ProcessPoolExecutor, folds: int) -> list[Fold]:
        """Choose on all that came before each part, and run what was chosen on that part."""
        bounds = part_bounds(self.plan.series, folds + 1)
        walked = []
        for number in range(1, folds + 1):
            before = self.plan.series.cut(0, bounds[number])
            after = self.plan.series.cut(bounds[number], bounds[number + 1])
            if not len(before) or not len(after):
                continue
            ranked = self._screened(pool, before, f"screened, part {number}")
            exact = self._exact(pool, before, _best_of(ranked, self.best), f"run, part {number}")
            chosen = max(sorted(exact), key=lambda change: exact[change].net_krw)
            tried = self._exact(pool, after, [chosen], f"tried, part {number}")
            walked.append(
                Fold(
                    from_ns=int(after.ts_ns[0]),
                    to_ns=int(after.ts_ns[-1]),
                    change=chosen,
                    fitted=exact[chosen],
                    after=tried[chosen],
                )
            )
        return walked


def _best_of(ranked: Sequence[SweepCandidate], count: int) -> list[Change]:
    """Return so many: those that no screen ranks, then the first, of what it cannot tell apart one only."""
    first: dict[Guess, Change] = {}
    for each in ranked:
        if each.guess is not None:
            first.setdefault(each.guess, each.change)
    return [*(each.change for each in ranked if each.guess is None), *first.values()][:count]


def refuse_unranked(settings: Iterable[tuple[Change, Settings]], best: int) -> None:
    """Refuse more settings that no screen ranks than are to be run. Raises: ConfigError."""
    unknown = [
        each.strategy.name
        for _, each in settings
        if each.strategy.name is not StrategyName.FIXED or each.coins_settings
    ]
    if len(unknown) > best:
        raise ConfigError(
            f"--sweep: {len(unknown)} settings of {unknown[0]}, which the screen cannot rank: it knows fixed "
            f"alone; --best {len(unknown)} has the engine run all of them"
        )


def part_bounds(series: Series, parts: int) -> list[int]:
    """Return the rows at which equal spans of time begin, and the end."""
    edges = np.linspace(int(series.ts_ns[0]), int(series.ts_ns[-1]) + 1, parts + 1)
    return [int(np.searchsorted(series.ts_ns, edge)) for edge in edges]


def agreement(run: Sequence[SweepCandidate]) -> float | None:
    """Return the rank correlation (Spearman's) of screen and engine, None without anything to compare."""
    if sum(each.guess is not None for each in run) < 3:
        return None
    both = [(each.guess.net_krw, float(each.exact.net_krw)) for each in run if each.guess and each.exact]
    guesses, exacts = _ranks([guess for guess, _ in both]), _ranks([exact for _, exact in both])
    if np.ptp(guesses) == 0 or np.ptp(exacts) == 0:
        return None
    return float(np.corrcoef(guesses, exacts)[0, 1])


def _ranks(values: Sequence[float]) -> Any:
    """Return the rank of each value; equal ones share the middle of theirs."""
    array = np.array(values)
    return np.array([(array < value).sum() + ((array == value).sum() - 1) / 2 for value in array])


def _screen_all(
    lanes: tuple[Lane, ...], named: Sequence[tuple[Change, ScreenRules]]
) -> list[tuple[Change, Guess]]:
    return [(change, screen(lanes, rules)) for change, rules in named]


def _run_one(plan: ReplayPlan) -> Exact:
    records = replay(plan).records
    return Exact(sum((each.pnl_krw for each in records), ZERO), len(records))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def valid_settings(
    changes: Iterable[Change], make: Callable[[Change], Settings]
) -> tuple[list[tuple[Change, Settings]], dict[str, int]]:
    """Return the settings that make sense, and why the others do not. Raises: ConfigError if none does."""
    valid: list[tuple[Change, Settings]] = []
    refused: dict[str, int] = {}
    for change in changes:
        try:
            valid.append((change, make(change)))
        except ConfigError as error:
            refused[str(error)] = refused.get(str(error), 0) + 1
    if not valid:
        raise ConfigError(f"--sweep: no setting makes sense: {next(iter(refused), 'there is none')}")
    return valid, refused
