"""What settings would about come to, by whole columns at once: it ranks, and nothing is believed of it.

A pair is opened at the first row whose net edge reaches an entry, and closed at the first one after it that
meets an exit, as *fixed* does; other strategies it does not rank. What the engine knows besides (the rate's
past, risk, balances, pauses, depth) is left out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from arb.backtest.reading.series import Array, Series
from arb.backtest.replay.run import ReplayPlan
from arb.backtest.replay.screen import BPS, edge_bounds
from arb.domain.time import NS_PER_S
from config.sections import StrategyName
from config.settings import Settings

WINDOW: Final = 64  # rows that an exit is looked for in at once, and twice as many each time after that
NS: Final = float(NS_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One coin's rows without those that lack a price."""

    at_s: Array
    selling: Array  # net edge of opening by selling on the first venue, bps
    buying: Array
    ends: Array  # of each row, the last one before the next hole

    @property
    def best(self) -> Array:
        """Return the better edge of each row."""
        return np.maximum(self.selling, self.buying)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRules:
    """What of the settings the screen goes by; basis points and seconds."""

    entry: float
    absurd: float  # beyond it the engine takes no edge for one
    converged: float  # of the net edge of closing
    take_profit: float
    stop_loss: float
    holding_s: float
    holding_loss: float
    slots: int  # pairs of a coin at once
    notional_krw: float


@dataclass(frozen=True, slots=True)
class Guess:
    """What the screen makes of a setting."""

    net_krw: float
    trades: int


def lanes_of(plan: ReplayPlan) -> tuple[Lane, ...]:
    """Return what is screened of a series: the same for every setting that changes no fee."""
    return tuple(_lane(plan, plan.series, coin) for coin in plan.series.coins)


def rules_of(plan: ReplayPlan, settings: Settings) -> ScreenRules | None:
    """Return what the screen goes by, None for a strategy that it does not know."""
    if settings.strategy.name is not StrategyName.FIXED or settings.coins_settings:
        return None
    strategy, fees = settings.strategy, sum(float(fee) for fee in plan.fees_bps.values())
    rate = float(np.nanmedian(plan.series.rate))
    return ScreenRules(
        entry=float(strategy.entry_edge_bps),
        absurd=float(min(settings.risk.premium_bps_abs_max, settings.risk.price_band_bps_max)) - fees,
        converged=-float(strategy.converged_bps) - fees,
        take_profit=float(strategy.take_profit_bps),
        stop_loss=float(strategy.stop_loss_bps),
        holding_s=float(strategy.holding_s_max),
        holding_loss=float(strategy.holding_loss_bps_max),
        slots=settings.risk.trades_open_per_coin_max,
        notional_krw=float(strategy.notional_usdt) * rate,
    )


def screen(lanes: tuple[Lane, ...], rules: ScreenRules) -> Guess:
    """Return what a setting would about come to."""
    earned, trades = 0.0, 0
    for lane in lanes:
        of_lane, number = _screen_lane(lane, rules)
        earned, trades = earned + of_lane, trades + number
    return Guess(net_krw=earned / BPS * rules.notional_krw, trades=trades)


def _lane(plan: ReplayPlan, series: Series, coin: str) -> Lane:
    bounds = edge_bounds(series, plan.pair, plan.fees_bps, coin)  # type: ignore[arg-type]
    rows = np.flatnonzero(~np.isnan(bounds.best))
    stamps = series.ts_ns[rows]
    rate_half = float(series.assumed.rate_half_spread_bps)
    if series.rate_step:
        rate_half = max(rate_half, float(series.rate_step) / 2 / float(np.nanmedian(series.rate)) * BPS)
    last: Array = np.append(np.diff(stamps) > series.assumed.gap_ns, [True])[: len(rows)]
    closes = np.flatnonzero(last)
    ends = closes[np.searchsorted(closes, np.arange(len(rows)))] if len(rows) else rows
    return Lane(
        at_s=stamps / NS,
        selling=bounds.selling[rows] - rate_half,
        buying=bounds.buying[rows] - rate_half,
        ends=ends,
    )


def _screen_lane(lane: Lane, rules: ScreenRules) -> tuple[float, int]:
    best = lane.best
    wanted = np.flatnonzero((best >= rules.entry) & (best <= rules.absurd))
    earned, trades, place = 0.0, 0, 0
    open_until: list[int] = []
    while place < len(wanted):
        row = int(wanted[place])
        open_until = [until for until in open_until if until > row]
        if len(open_until) >= rules.slots:
            place = int(np.searchsorted(wanted, min(open_until)))
            continue
        place += 1
        if row >= lane.ends[row]:
            continue
        until, of_trade = _closed(lane, rules, row)
        open_until.append(until)
        earned, trades = earned + of_trade, trades + 1
    return earned, trades


def _closed(lane: Lane, rules: ScreenRules, row: int) -> tuple[int, float]:
    """Return the row in which a pair that is opened here is closed, and what it earns."""
    sells = lane.selling[row] >= lane.buying[row]
    entry = float(lane.selling[row] if sells else lane.buying[row])
    closing, end = (lane.buying if sells else lane.selling), int(lane.ends[row])
    first, width = row + 1, WINDOW
    while first <= end:
        part = closing[first : min(end + 1, first + width)]
        earned = entry + part
        held = lane.at_s[first : first + len(part)] - lane.at_s[row] >= rules.holding_s
        done = (earned >= rules.take_profit) | (earned <= -rules.stop_loss) | (part >= rules.converged)
        done |= held & (earned >= -rules.holding_loss)
        if done.any():
            found = int(done.argmax())
            return first + found, float(earned[found])
        first, width = first + len(part), width * 2
    return end, entry + float(closing[end])
