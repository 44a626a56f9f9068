"""What may be opened. "No" is a value with a reason; only an `Approved` is written: the type is the guard.

Exits and repairs pass no review. They shrink risk, and what holds them back or bounds them is in
arb/engine/trading/exit_guard.py and arb/domain/trading/repair.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import EXACT, ZERO, plain
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge
from arb.domain.risk.direction import Currencies
from arb.domain.time import NS_PER_MS
from arb.domain.trading.by_hand import PAUSED
from arb.domain.trading.reentry import Losses, ReentryRules
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg, Trade

COIN: Final = "coin"  # the scope of a circuit of a coin and direction; a venue's is its name
TRIAL_UNDER_WAY: Final = "unfilled_trial_under_way"


class Mode(StrEnum):
    """How much is allowed; in degraded modes risk only ever shrinks."""

    NORMAL = "normal"
    REDUCE_ONLY = "reduce-only"
    HALTED = "halted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings; money in KRW. None of them has a default: each is a decision."""

    entry_edge_bps_min: Decimal
    notional_per_coin_krw_max: Decimal
    notional_total_krw_max: Decimal
    trades_open_max: int
    trades_open_per_coin_max: int
    daily_loss_krw_max: Decimal
    loss_per_trade_krw_max: Decimal  # of what a trade sets aside for its worst loss
    loss_reserve_bps: Decimal  # stop-loss and repair ceiling together; fees come on top
    rate_reserve_bps: Decimal  # that the rate may move against a pair while it is held
    net_direction_krw_max: Decimal  # of one currency that all pairs hold against the other
    inventory_drift_krw_max: Decimal  # that fills have moved from one currency into the other
    orders_per_minute_max: int
    entry_cooldown_ns: int  # between two trades of a coin and direction, a minute at most
    reentry: ReentryRules  # after a losing close of a coin and direction
    premium_bps_abs_max: Decimal
    price_band_bps_max: Decimal  # a leg's limit against what the other venue takes for it
    spread_bps_max: Decimal  # of a book at the size that is traded; wider is a hole
    rate_move_bps_max: Decimal  # of KRW per USDT within the last minute
    quote_age_ns_max: int
    rate_age_ns_max: int
    rate_memory_ns: int  # how long the last rate that was believed still judges profits
    warnings_blocked: tuple[str, ...]  # venues' market warnings that stop entries
    generation: int = 0  # of the settings that these are of: no session that froze its own opens by none

    @property
    def beliefs(self) -> dict[str, str]:
        """Return how old and how far apart books may be, as text that is kept with what they decide."""
        return {
            "quote_age_ms_max": str(self.quote_age_ns_max // NS_PER_MS),
            "rate_age_ms_max": str(self.rate_age_ns_max // NS_PER_MS),
            "spread_bps_max": plain(self.spread_bps_max),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is at risk on the accounts of a session at this moment, as SQL knows it under their locks.

    It is of all sessions that share one; cooldowns, mode and unvalued fees are the session's own. A leg that
    was escalated is at risk like an open trade, with all of its notional, until it is gone.
    """

    mode: Mode  # the session's
    notional_by_coin_krw: dict[Coin, Decimal]
    trades_open_by_coin: dict[Coin, int]
    realised_today_krw: Decimal  # of the account, within the last 24 hours, whatever session it was
    loss_reserved_krw: Decimal  # of what is at risk, and of what was escalated even within 24 hours
    orders_last_minute: int
    opened_at_ns: dict[tuple[Coin, Direction], int]  # when the newest trade of the last minute was opened
    free: dict[tuple[str, str], Decimal]  # (venue, asset) -> balance minus holds
    account_killed: bool = False  # by the kill switch of another session
    unvalued_fees: int = 0  # of fills: what they cost is in no profit yet
    losses: Mapping[tuple[Coin, Direction], Losses] = field(default_factory=dict)  # in a row, of the last day
    currencies: Currencies = field(default_factory=Currencies)
    generation: int = 0  # of the settings that are in force
    paused: frozenset[Coin] = frozenset()  # by hand

    @property
    def notional_total_krw(self) -> Decimal:
        """Return the notional of all that is at risk."""
        return sum(self.notional_by_coin_krw.values(), ZERO)

    @property
    def trades_open(self) -> int:
        """Return how many trades are at risk."""
        return sum(self.trades_open_by_coin.values())


def with_entry(exposure: Exposure, proposal: "Proposal") -> Exposure:
    """Return the exposure once what was proposed is written, and nothing else."""
    trade, free = proposal.trade, dict(exposure.free)
    for leg in proposal.legs:
        asset, amount = hold_of(leg, trade.coin)
        free[leg.venue, asset] = EXACT.subtract(free.get((leg.venue, asset), ZERO), amount)
    of_coin_krw = exposure.notional_by_coin_krw.get(trade.coin, ZERO)
    return replace(
        exposure,
        notional_by_coin_krw=exposure.notional_by_coin_krw | {trade.coin: of_coin_krw + trade.notional_krw},
        trades_open_by_coin=exposure.trades_open_by_coin
        | {trade.coin: exposure.trades_open_by_coin.get(trade.coin, 0) + 1},
        loss_reserved_krw=exposure.loss_reserved_krw + trade.loss_reserve_krw,
        orders_last_minute=exposure.orders_last_minute + len(proposal.legs),
        opened_at_ns=exposure.opened_at_ns | {(trade.coin, trade.direction): trade.opened_at_ns},
        free=free,
        currencies=exposure.currencies.with_opening(trade),
    )


def nearest_ceilings(exposure: Exposure, accounts: Sequence[Exposure]) -> Exposure:
    """Return the exposure of a session whose accounts others share in part: of each ceiling the nearest.

    What a session earned on one account makes up for no loss on another one that it does not trade on.
    """
    coins = {coin for each in accounts for coin in each.notional_by_coin_krw}
    realised_krw = min(each.realised_today_krw for each in accounts)
    worst_krw = min(each.realised_today_krw - each.loss_reserved_krw for each in accounts)
    return replace(
        exposure,
        notional_by_coin_krw={
            coin: max(each.notional_by_coin_krw.get(coin, ZERO) for each in accounts) for coin in coins
        },
        trades_open_by_coin={
            coin: max(each.trades_open_by_coin.get(coin, 0) for each in accounts) for coin in coins
        },
        realised_today_krw=realised_krw,
        loss_reserved_krw=realised_krw - worst_krw,
        orders_last_minute=max(each.orders_last_minute for each in accounts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a small pair is to find out: whether the legs of circuits that opened are filled again."""

    levels: Mapping[str, int]  # of each circuit, by its scope
    newest_ns: int  # when the newest entry was opened of which the decision knew

    def is_taken(self, trade: Trade, opened_at_ns: Mapping[tuple[Coin, Direction], int]) -> bool:
        """Tell whether somebody else opened one meanwhile: trials go out one at a time."""
        of_venue = any(venue.value in self.levels for venue in Venue)
        own = (trade.coin, trade.direction)
        rivals = [at_ns for key, at_ns in opened_at_ns.items() if of_venue or key == own]
        return max(rivals, default=0) > self.newest_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A trade that evaluation would like to open."""

    trade: Trade
    legs: tuple[Leg, Leg]
    edge: Edge
    decided_on: Mapping[str, str] = field(default_factory=dict)  # the quotes, for whoever asks later
    trial: Trial | None = None  # of circuits that are open


@dataclass(frozen=True, slots=True)
class Approved:
    """Risk said yes: this may be written as intents and sent."""

    proposal: Proposal
    was_there: bool = field(
        default=False, compare=False
    )  # written before, by an attempt whose answer was lost


@dataclass(frozen=True, slots=True)
class Denied:
    """Risk said no; `reason` is counted."""

    reason: str


# As what an entry of a coin and direction may be opened: a trial of what rested, not at all, or as any other.
Admit = Callable[[Coin, Direction], Trial | Denied | None]


def review(proposal: Proposal, limits: Limits, exposure: Exposure) -> Approved | Denied:
    """Return whether the proposal may be sent, and why not."""
    checks = (*_ceilings(proposal, limits, exposure), *_losses(proposal.trade, limits, exposure))
    for reason, denied in checks:
        if denied:
            return Denied(reason)
    for leg in proposal.legs:
        asset, amount = hold_of(leg, proposal.trade.coin)
        if exposure.free.get((leg.venue, asset), ZERO) < amount:
            return Denied(f"balance_{leg.venue}_{asset.lower()}")
    return Approved(proposal)


Check = tuple[str, bool]


def _ceilings(proposal: Proposal, limits: Limits, exposure: Exposure) -> tuple[Check, ...]:
    """Return what bounds how much is open and how fast that grows."""
    trade = proposal.trade
    of_coin_krw = exposure.notional_by_coin_krw.get(trade.coin, ZERO) + trade.notional_krw
    since_ns = trade.opened_at_ns - exposure.opened_at_ns.get((trade.coin, trade.direction), 0)
    return (
        ("mode_not_normal", exposure.mode is not Mode.NORMAL),
        ("settings_outdated", exposure.generation != limits.generation),
        ("account_killed", exposure.account_killed),
        (PAUSED, trade.coin in exposure.paused),
        ("fee_unvalued", exposure.unvalued_fees > 0),
        (TRIAL_UNDER_WAY, _trial_is_taken(proposal, exposure)),
        ("edge_too_small", proposal.edge.net_bps < limits.entry_edge_bps_min),
        ("trades_open", exposure.trades_open >= limits.trades_open_max),
        (
            "trades_open_per_coin",
            exposure.trades_open_by_coin.get(trade.coin, 0) >= limits.trades_open_per_coin_max,
        ),
        ("entry_cooldown", since_ns < limits.entry_cooldown_ns),
        ("reentry_pause", _is_pausing(trade, limits, exposure)),
        ("notional_per_coin", of_coin_krw > limits.notional_per_coin_krw_max),
        ("notional_total", exposure.notional_total_krw + trade.notional_krw > limits.notional_total_krw_max),
        ("net_direction", exposure.currencies.net_with(trade) > limits.net_direction_krw_max),
        ("inventory_drift", exposure.currencies.drift_with(trade) > limits.inventory_drift_krw_max),
        ("orders_per_minute", exposure.orders_last_minute + 2 > limits.orders_per_minute_max),
    )


def _trial_is_taken(proposal: Proposal, exposure: Exposure) -> bool:
    trial = proposal.trial
    return trial is not None and trial.is_taken(proposal.trade, exposure.opened_at_ns)


def _is_pausing(trade: Trade, limits: Limits, exposure: Exposure) -> bool:
    losses = exposure.losses.get((trade.coin, trade.direction))
    return losses is not None and limits.reentry.is_pausing(losses, trade.opened_at_ns)


def _losses(trade: Trade, limits: Limits, exposure: Exposure) -> tuple[Check, ...]:
    """Return what bounds losses: those that were made, and the worst that all open trades can make."""
    worst_krw = exposure.realised_today_krw - exposure.loss_reserved_krw - trade.loss_reserve_krw
    return (
        ("daily_loss", exposure.realised_today_krw <= -limits.daily_loss_krw_max),
        ("loss_per_trade", trade.loss_reserve_krw > limits.loss_per_trade_krw_max),
        ("daily_loss_budget", worst_krw < -limits.daily_loss_krw_max),
    )
