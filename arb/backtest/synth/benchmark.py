"""A replay beside perfect foresight: how much it took of everything, and of what was planted.

"Everything" is the rows as they are: who knows the future also trades on noise, from its highest minute to
its lowest, and buys before a premium rises, which nobody can who does not. "Planted" is the same market in
which the premium is what was planted and no more: what somebody earns who knows the size and life of each
plant as soon as it is there, and of none before, and whom noise neither helps nor hurts.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from arb.backtest.reading.series import Array
from arb.backtest.replay.run import ReplayOutcome, ReplayPlan
from arb.backtest.result.document import money
from arb.backtest.synth.foresight import Taken, flows, flows_of_plants, perfect_foresight, places_of
from arb.backtest.synth.plants import Plant, planted
from arb.domain.market.ids import Coin
from arb.domain.market.money import BPS, ZERO, plain
from arb.domain.time import NS_PER_MINUTE, NS_PER_S
from arb.domain.trading.trade import TradeState


def foresight_document(outcome: ReplayOutcome, told: tuple[int, Sequence[Plant]] | None) -> dict[str, Any]:
    """Return what foresight earns; `told` is when what was planted begins, if anybody says."""
    plan, coins = outcome.plan, [coin for coin in outcome.plan.series.coins if _has_rows(outcome.plan, coin)]
    places = places_of(plan)
    net = sum((each.pnl_krw for each in outcome.records), ZERO)
    everything = perfect_foresight({coin: flows(plan, coin) for coin in coins}, places)
    document = {
        "places": {"total": places.total, "per_coin": places.per_coin, "net": places.net},
        "everything": _part(plan, everything, net),
        "planted": None,
    }
    if told is not None:
        paths = planted_paths(plan, coins, *told)
        best = perfect_foresight({coin: flows_of_plants(plan, coin, paths[coin]) for coin in coins}, places)
        document["planted"] = _part(plan, best, net) | _by_plant(outcome, best, *told)
    return document


def planted_paths(
    plan: ReplayPlan, coins: Sequence[Coin], begins_s: int, plants: Sequence[Plant]
) -> Mapping[Coin, Array]:
    """Return what was planted in each row of a series."""
    minute = (plan.series.ts_ns - begins_s * NS_PER_S) // NS_PER_MINUTE
    minutes = max((plant.ends for plant in plants), default=0) + 1
    there = np.where((minute >= 0) & (minute < minutes), minute, minutes - 1)  # the last one has nothing
    return {coin: planted([each for each in plants if each.coin == coin], minutes)[there] for coin in coins}


def _has_rows(plan: ReplayPlan, coin: Coin) -> bool:
    return bool(plan.series.complete(coin).any())


def _part(plan: ReplayPlan, taken: Taken, net: Decimal) -> dict[str, Any]:
    best = _krw(plan, taken)
    share = plain((net / best).quantize(Decimal("0.001"))) if best else None
    return {"trades": taken.count, "net_krw": money(best), "taken_share": share}


def _krw(plan: ReplayPlan, taken: Taken) -> Decimal:
    notional, rate = plan.settings.leg_notional, plan.series.rate
    return sum(
        (
            Decimal(repr(held.earned_bps)) * units * notional * Decimal(repr(float(rate[held.opened]))) / BPS
            for held, units in taken.pairs
        ),
        ZERO,
    )


def _by_plant(outcome: ReplayOutcome, best: Taken, begins_s: int, plants: Sequence[Plant]) -> dict[str, Any]:
    """Return how many plants were worth a pair and had one, and what was earned elsewhere."""
    stamps = outcome.plan.series.ts_ns
    worth = {_within(plants, held.coin, int(stamps[held.opened]), begins_s) for held, _ in best.pairs}
    within, elsewhere = set(), ZERO
    for each in outcome.records:
        if each.state is TradeState.ABORTED:
            continue
        found = _within(plants, each.coin, each.opened_at_ns, begins_s)
        if found is None:
            elsewhere += each.pnl_krw
        else:
            within.add(found)
    return {
        "plants": len(plants),
        "worth": len(worth - {None}),
        "traded": len(within),
        "traded_of_worth": len(within & worth),
        "elsewhere_krw": money(elsewhere),
    }


def _within(plants: Sequence[Plant], coin: Coin, at_ns: int, begins_s: int) -> Plant | None:
    minute = (at_ns - begins_s * NS_PER_S) // NS_PER_MINUTE
    own = (each for each in plants if each.coin == coin and each.begins <= minute < each.ends)
    return next(own, None)
