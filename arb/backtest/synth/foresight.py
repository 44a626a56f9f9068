"""What somebody would have earned who knew every price in advance.

Each coin by a dynamic programme over its rows: a pair is opened in a row and closed in a later one, at the
row's prices, half spreads, half price steps and taker fees, and is never held over a hole. Both legs are
valued at the rate of their own row, so that what the rate does meanwhile is nobody's merit. The pairs found
are then fitted into what may be open at once, the best first. Waiting has no price of its own; a few made-up
ones are tried, for where places are short the pair that leaves early is the better one, and what earns most
is taken. So what is told can be had; where places are never short, nobody can have more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from arb.backtest.reading.series import Array
from arb.backtest.replay.rules import rules_of
from arb.backtest.replay.run import ReplayPlan, last_before_holes
from arb.backtest.synth.coins import ticks
from arb.domain.market.ids import Coin
from arb.domain.market.money import fraction

BPS: Final = 10_000.0
WAITING_BPS: Final = (0.0, 0.05, 0.2, 0.8)  # a row
FLAT, SELLING, BUYING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Flows:
    """What a trade in either direction brings in each row, in basis points; NaN where none can be made.

    What closes a pair is a trade in the other direction.
    """

    selling: Array  # on the first venue
    buying: Array
    may_sell: Array  # rows in which a pair may be opened like that
    may_buy: Array
    is_last: Array  # rows by which what is open has to be closed


@dataclass(frozen=True, slots=True)
class _Held:
    """One pair."""

    coin: Coin
    opened: int  # rows
    closed: int
    is_selling: bool
    earned_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many pairs may be open at once: in all, of a coin, and more in one direction than in the other."""

    total: int
    per_coin: int
    net: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Pairs that were held, and how many of each at once."""

    pairs: tuple[tuple[_Held, int], ...] = ()

    @property
    def count(self) -> int:
        """Return the number of pairs, each counted by its units."""
        return sum(units for _, units in self.pairs)

    @property
    def earned_bps(self) -> float:
        """Return what they earned together."""
        return sum(held.earned_bps * units for held, units in self.pairs)


def flows(plan: ReplayPlan, coin: Coin) -> Flows:
    """Return what trades of a coin bring."""
    pair, rate = plan.pair, plan.series.rate
    first, second = (plan.series.prices[venue, coin] for venue in pair.venues)
    return _at(plan, coin, first / (second * rate))


def flows_of_plants(plan: ReplayPlan, coin: Coin, planted_bps: Array) -> Flows:
    """Return what they bring if the premium is what was planted, each plant by itself.

    A pair is opened against a plant while it lasts, and closed by its end: whoever knows each plant as soon
    as it is there knows nothing of the next one.
    """
    own = flows(plan, coin)
    at = _at(plan, coin, np.where(np.isnan(own.selling), np.nan, 1 + planted_bps / BPS))
    there = np.flatnonzero(~np.isnan(own.selling))
    signs = np.sign(planted_bps[there])
    over = there[:-1][(signs[:-1] != 0) & (signs[:-1] != signs[1:])]
    is_last = own.is_last.copy()
    is_last[over] = True
    may_open = ~is_last
    return replace(
        at,
        may_sell=may_open & (planted_bps > 0),
        may_buy=may_open & (planted_bps < 0),
        is_last=is_last,
    )


def _at(plan: ReplayPlan, coin: Coin, ratio: Array) -> Flows:
    """Return what trades bring at a ratio of the first venue's price to the second's."""
    series, pair = plan.series, plan.pair
    price = series.prices[pair.second, coin]
    rules = rules_of(pair, coin, float(price[~np.isnan(price)][0]), plan.fees_bps)
    got, paid = {}, {}
    for venue, symbol in rules:
        prices, fee = series.prices[venue, coin], float(fraction(plan.fees_bps[venue]))
        steps = ticks(rules[venue, symbol].price_bands, prices) / prices
        half = np.maximum(series.half_bps(venue, coin) / BPS, steps / 2)
        got[venue], paid[venue] = (1 - half) * (1 - fee), (1 + half) * (1 + fee)
    is_last = last_before_holes(series, series.complete(coin))
    return Flows(
        selling=(ratio * got[pair.first] - paid[pair.second]) * BPS,
        buying=(got[pair.second] - ratio * paid[pair.first]) * BPS,
        may_sell=~is_last,
        may_buy=~is_last,
        is_last=is_last,
    )


def best_pairs(coins: Sequence[Coin], of_coins: Sequence[Flows], waiting_bps: float) -> list[_Held]:
    """Return the pairs that earn most, one of a coin at a time, if each row of waiting costs something."""
    never = -np.inf
    selling, buying = (
        np.nan_to_num(_side_by_side(of_coins, name), nan=never) for name in ("selling", "buying")
    )
    to_sell = np.where(_side_by_side(of_coins, "may_sell"), selling, never)
    to_buy = np.where(_side_by_side(of_coins, "may_buy"), buying, never)
    held_on = np.where(_side_by_side(of_coins, "is_last"), never, -waiting_bps)
    flat: Array = np.zeros(len(coins))
    sold, bought = flat + never, flat + never
    closes: Array = np.zeros(selling.shape, dtype=np.int8)
    opens: Array = np.zeros((2, *selling.shape), dtype=bool)
    for row in range(len(selling)):
        end_sold, end_bought = sold + buying[row], bought + selling[row]
        new_sold, new_bought = flat + to_sell[row], flat + to_buy[row]
        ended = np.maximum(end_sold, end_bought)
        closes[row] = np.where(ended > flat, np.where(end_sold >= end_bought, SELLING, BUYING), FLAT)
        flat = np.maximum(flat, ended)
        sold, bought = sold + held_on[row], bought + held_on[row]
        opens[0, row], opens[1, row] = new_sold > sold, new_bought > bought
        sold, bought = np.maximum(sold, new_sold), np.maximum(bought, new_bought)
    return [
        held
        for column, coin in enumerate(coins)
        for held in _traced(coin, of_coins[column], closes[:, column], opens[:, :, column])
    ]


def _side_by_side(of_coins: Sequence[Flows], name: str) -> Array:
    return np.stack([getattr(each, name) for each in of_coins], axis=1)


def _traced(coin: Coin, own: Flows, closes: Array, opens: Array) -> list[_Held]:
    """Return the pairs that the best way to the end is made of, from there back."""
    closing = np.flatnonzero(closes)
    opening = [np.flatnonzero(opens[0]), np.flatnonzero(opens[1])]
    found: list[_Held] = []
    end = len(closes)
    while (at := int(np.searchsorted(closing, end)) - 1) >= 0:
        closed = int(closing[at])
        is_selling = bool(closes[closed] == SELLING)
        rows = opening[0 if is_selling else 1]
        opened = int(rows[int(np.searchsorted(rows, closed)) - 1])
        first, second = (own.selling, own.buying) if is_selling else (own.buying, own.selling)
        earned_bps = float(first[opened] + second[closed])
        found.append(_Held(coin, opened, closed, is_selling, earned_bps))
        end = opened  # nothing is closed and opened in one row
    return found[::-1]


def fitted(pairs: Sequence[_Held], rows: int, places: Places) -> Taken:
    """Return as many of the pairs as there are places for, those that earn most first."""
    total: Array = np.zeros(rows, dtype=np.int32)
    net: Array = np.zeros(rows, dtype=np.int32)
    taken = []
    for held in sorted(pairs, key=lambda each: (-each.earned_bps, each.opened, each.coin)):
        span, sign = slice(held.opened, held.closed), 1 if held.is_selling else -1
        room = min(
            places.per_coin,
            places.total - int(total[span].max()),
            places.net - int((sign * net[span]).max()),
        )
        if room > 0 and held.earned_bps > 0:
            total[span] += room
            net[span] += sign * room
            taken.append((held, room))
    return Taken(tuple(taken))


def perfect_foresight(of_coins: Mapping[Coin, Flows], places: Places) -> Taken:
    """Return what earns most within these places, as far as a price of waiting finds it."""
    coins, listed = list(of_coins), list(of_coins.values())
    if not coins:
        return Taken()
    rows = len(listed[0].selling)
    tried = (fitted(best_pairs(coins, listed, waiting), rows, places) for waiting in WAITING_BPS)
    return max(tried, key=lambda each: each.earned_bps)


def places_of(plan: ReplayPlan) -> Places:
    """Return how many pairs the settings let be open at once."""
    risk, notional_usdt = plan.settings.risk, plan.settings.leg_notional
    known = plan.series.rate[~np.isnan(plan.series.rate)]
    leg_krw = notional_usdt * Decimal(repr(float(np.median(known))))
    return Places(
        total=min(risk.trades_open_max, int(risk.notional_total_krw_max / leg_krw)),
        per_coin=min(
            risk.trades_open_per_coin_max,
            int(risk.notional_per_coin_krw_max / leg_krw),
            int(plan.series.assumed.depth_usdt / notional_usdt),
        ),
        net=int(risk.net_direction_krw_max / leg_krw),
    )
