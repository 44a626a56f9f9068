"""One replay: rows in, trades out, by the engine that trades.

Time goes from row to row as the data has it. After the last row before a hole what is open of a coin is ended
at that row's prices, and nothing is opened there: what became of it, the data does not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from arb.backtest.reading.series import Array, Series
from arb.backtest.replay.books import RowBooks
from arb.backtest.replay.ending import ending
from arb.backtest.replay.lookout import CoinLookout, lookout
from arb.backtest.replay.records import Record, ReplayRecorder
from arb.backtest.replay.rules import FixedRules, rules_of
from arb.backtest.replay.screen import edge_bounds
from arb.backtest.replay.world import SESSION, Opening, World
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ceil_to
from arb.domain.market.pair import Pair
from arb.domain.risk.review import Mode
from arb.domain.risk.sanity import rate_doubt
from arb.domain.time import NS_PER_MS, NS_PER_S
from config.settings import Settings

GAP: Final = "gap"
END: Final = "end_of_data"
ENDINGS_MAX: Final = 10  # tries to close what is open before a hole
ENDING_NS: Final = NS_PER_S  # between them: long enough for orders to come back


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What is replayed, and how."""

    series: Series
    settings: Settings
    seed: int = 7
    screened: bool = True  # rows in which nothing can be opened are passed over while nothing is open

    @property
    def pair(self) -> Pair:
        """Return the pair of venues that is replayed."""
        return Pair(*self.settings.pair)

    @property
    def fees_bps(self) -> dict[Venue, Decimal]:
        """Return each venue's taker fee, in basis points."""
        return {venue: self.settings.of(venue).taker_fee_bps for venue in self.pair.venues}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """What a replay came to: its trades, balances, refusals and alerts."""

    plan: ReplayPlan
    records: tuple[Record, ...]
    began_with: Mapping[tuple[Venue, str], Decimal]
    ended_with: Mapping[tuple[Venue, str], Decimal]
    least: Mapping[tuple[Venue, str], Decimal]
    refused: Mapping[str, int]
    chances_before_holes: int  # rows with an edge that was not taken, for the data ended there
    alerts: Mapping[str, int]
    stopped_at_ns: int  # when it was allowed to open nothing any more; 0: never
    rows: int
    coin_rows: int
    evaluated: int  # of the coin rows


def replay(plan: ReplayPlan) -> ReplayOutcome:
    """Run the engine over a series."""
    return _Replay(plan).run()


class _Replay:
    def __init__(self, plan: ReplayPlan) -> None:
        self._plan, series = plan, plan.series
        self._pair, self._coins = plan.pair, series.coins
        rules = FixedRules()
        for coin in self._coins:
            rules |= rules_of(self._pair, coin, _usual(series, plan.pair, coin), plan.fees_bps)
        self._books = RowBooks(series, self._pair, rules)
        self._complete = {coin: series.complete(coin) for coin in self._coins}
        self._last = {coin: last_before_holes(series, self._complete[coin]) for coin in self._coins}
        self._begun = opening_balances(plan)
        self._world = World(
            Opening(
                settings=plan.settings,
                coins=self._coins,
                rules=rules,
                balances=self._begun,
                begins_ns=int(series.ts_ns[0]) - NS_PER_S if len(series) else 0,
                latency_ms=series.assumed.latency_ms,
                seed=plan.seed,
            )
        )
        self._ending = ending(self._world.trading.evaluate)
        self._lookouts = {coin: self._lookout(coin) for coin in self._coins}
        self._records = ReplayRecorder(self._world.tables, self._pair)
        self._evaluated = self._missed = 0

    def _lookout(self, coin: Coin) -> CoinLookout:
        plan, world = self._plan, self._world
        strategy = world.trading.evaluate.strategies.of(coin)
        bounds = edge_bounds(plan.series, plan.pair, plan.fees_bps, coin)
        return lookout(plan.series, coin, strategy, bounds, plan.fees_bps, world.parts.levels)

    def run(self) -> ReplayOutcome:
        series, world = self._plan.series, self._world
        stamps = series.ts_ns.tolist()
        busy = False
        for row in np.flatnonzero(~np.isnan(series.rate)).tolist():
            at_ns = stamps[row]
            if busy:
                world.run_until(at_ns)
                world.move_to(at_ns)
            self._see(row, at_ns)
            worth = self._worth(row, at_ns)
            if busy or worth:
                world.move_to(at_ns)
                next_ns = stamps[row + 1] if row + 1 < len(stamps) else at_ns + 60 * NS_PER_S
                self._step(row, at_ns, next_ns, worth)
                busy = not world.is_idle()
        if stamps:
            world.run_until(world.clock.now_ns() + 60 * NS_PER_S)
        return self._outcome()

    def _see(self, row: int, at_ns: int) -> None:
        """Have a row be seen, looked at or not: what the engine remembers of it is the same."""
        evaluate = self._world.trading.evaluate
        rate = self._world.parts.markets.belief.rate(self._books.of_rate(row, at_ns))
        if any(self._complete[coin][row] for coin in self._coins):
            evaluate.guard.watch(rate)
        if not rate_doubt(rate, evaluate.limits, at_ns):
            for each in self._lookouts.values():
                each.learn(row, at_ns)

    def _worth(self, row: int, at_ns: int) -> list[Coin]:
        """Return the coins that are looked at although nothing of them is open."""
        if not self._plan.screened:
            return [coin for coin in self._coins if self._complete[coin][row]]
        return [coin for coin, each in self._lookouts.items() if each.is_worth(row, at_ns)]

    def _step(self, row: int, at_ns: int, next_ns: int, worth: list[Coin]) -> None:
        world = self._world
        held = {trade.coin for trade in world.tables.trades.values() if not trade.closed_at_ns}
        there = [
            coin for coin in self._coins if coin in worth or (coin in held and self._complete[coin][row])
        ]
        last = [coin for coin in there if self._last[coin][row]]
        ordinary = [coin for coin in there if coin not in last]
        books = [book for coin in there for book in self._books.of_coin(row, coin, at_ns)]
        world.show([self._books.of_rate(row, at_ns), *books], ordinary)
        self._evaluated += len(ordinary)
        world.evaluate()
        if last:
            self._missed += sum(self._lookouts[coin].is_worth(row, at_ns) for coin in last)
            self._end(row, last, at_ns, next_ns)
        self._records.retire(at_ns)

    def _end(self, row: int, coins: list[Coin], at_ns: int, next_ns: int) -> None:
        """Close what is open of coins whose prices end here."""
        world, why = self._world, END if row + 1 >= len(self._plan.series) else GAP
        until_ns = min(at_ns + ENDINGS_MAX * ENDING_NS, max(next_ns - NS_PER_MS, at_ns))
        for tried in range(ENDINGS_MAX):
            open_now = self._open(coins)
            if not open_now:
                return
            if tried:
                world.run_until(min(world.clock.now_ns() + ENDING_NS, until_ns))
                world.move_to(min(at_ns + tried * ENDING_NS, until_ns))
                now_ns = world.clock.now_ns()
                again = [book for coin in coins for book in self._books.of_coin(row, coin, now_ns)]
                world.show([self._books.of_rate(row, now_ns), *again], [])
            world.stores.quotes.put([], coins)
            self._close(open_now, why)
        world.run_until(until_ns)

    def _close(self, open_now: list[Any], why: str) -> None:
        world, sessions = self._world, self._world.stores.sessions
        session = sessions.get(SESSION)
        assert session is not None
        now_ns = world.clock.now_ns()
        if session.mode is Mode.NORMAL:
            sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "the data ends here", now_ns)
        self._ending.run()
        world.collect()
        if session.mode is Mode.NORMAL:
            sessions.set_mode(SESSION, Mode.NORMAL, session.mode_reason, now_ns)
        for trade_id in open_now:
            view = world.stores.trades.view(trade_id)
            if view is not None and view.trade.reason == "holding_time":
                self._records.ended_by(trade_id, why)

    def _open(self, coins: list[Coin]) -> list[Any]:
        seen = self._world.stores.trades.session_view(SESSION, coins)
        return [view.trade.trade_id for view in seen.trades] if seen is not None else []

    def _outcome(self) -> ReplayOutcome:
        world = self._world
        session = world.stores.sessions.get(SESSION)
        assert session is not None
        ended_with = dict(world.stores.trades.balances(SESSION))
        self._records.finish()
        return ReplayOutcome(
            plan=self._plan,
            records=tuple(self._records.records),
            began_with={
                (venue, asset): amount
                for venue, held in self._begun.items()
                for asset, amount in held.items()
            },
            ended_with=ended_with,
            least=self._records.least,
            refused=dict(world.stores.counters.counts.get("refused", {})),
            chances_before_holes=self._missed,
            alerts=dict(world.parts.alerts.kinds),
            stopped_at_ns=session.mode_changed_at_ns if session.mode is not Mode.NORMAL else 0,
            rows=len(self._plan.series),
            coin_rows=int(sum(int(rows.sum()) for rows in self._complete.values())),
            evaluated=self._evaluated,
        )


def last_before_holes(series: Series, complete: Array) -> Array:
    """Return the rows of a coin after which its prices have a hole, or end."""
    rows = np.flatnonzero(complete)
    last = _none_of(series)
    if len(rows):
        last[rows[:-1][np.diff(series.ts_ns[rows]) > series.assumed.gap_ns]] = True
        last[rows[-1]] = True
    return last


def _none_of(series: Series) -> Array:
    return np.zeros(len(series), dtype=bool)


def _usual(series: Series, pair: Pair, coin: Coin) -> float:
    prices = series.prices[pair.second, coin]
    known = prices[~np.isnan(prices)]
    return float(known[0]) if len(known) else 1.0


def opening_balances(plan: ReplayPlan) -> dict[Venue, dict[str, Decimal]]:
    """Return what the accounts begin with: enough for as much as may be open at once, in either direction."""
    settings, series, pair = plan.settings, plan.series, plan.pair
    risk, notional = settings.risk, settings.leg_notional
    known = series.rate[~np.isnan(series.rate)]
    rate = Decimal(repr(float(known[0]))) if len(known) else settings.assumptions.krw_per_usdt
    of_coin = notional * (risk.trades_open_per_coin_max + 1)
    cash = notional * (risk.trades_open_max + 1)
    held = {venue: {venue.quote: cash if venue is pair.second else cash * rate} for venue in pair.venues}
    for coin in series.coins:
        amount = ceil_to(of_coin / Decimal(repr(_usual(series, pair, coin))), Decimal("0.0001"))
        for venue in pair.venues:
            held[venue][coin] = amount
    return held
