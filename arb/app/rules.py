"""Settings become the engine's rules. Nanoseconds inside, the settings' units outside."""

from decimal import Decimal
from typing import Final, assert_never

from arb.domain.market.belief import RateBelief, RateRules
from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Limits
from arb.domain.risk.stability import StabilityRules
from arb.domain.risk.unfilled import UnfilledRules
from arb.domain.strategy.fixed import ExitRules, Fixed
from arb.domain.strategy.inventory import InventoryRules, InventoryStrategy
from arb.domain.strategy.levels import AssumedLevels, Levels, SeenLevels
from arb.domain.strategy.pair import PairRules, PairStrategy
from arb.domain.strategy.port import Strategies, Strategy
from arb.domain.strategy.premium import LevelRules
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.reentry import ReentryRules
from arb.domain.trading.repair import RepairRules
from arb.engine.trading.proposals import Appetite
from config.sections import StrategyName
from config.settings import Settings

ORDERS_SHARE: Final = Decimal("0.5")  # of the four orders of a pair: what an exchange has of them
AWAY_SHARE: Final = Decimal("0.6")  # of the least that pays: smaller ones show as well what comes back


def limits_of(settings: Settings) -> Limits:
    """Return the risk ceilings of the settings, in the engine's units."""
    risk = settings.risk
    return Limits(
        entry_edge_bps_min=_edge_bps_min(settings),
        notional_per_coin_krw_max=risk.notional_per_coin_krw_max,
        notional_total_krw_max=risk.notional_total_krw_max,
        trades_open_max=risk.trades_open_max,
        trades_open_per_coin_max=risk.trades_open_per_coin_max,
        daily_loss_krw_max=risk.daily_loss_krw_max,
        loss_per_trade_krw_max=risk.loss_per_trade_krw_max,
        loss_reserve_bps=settings.strategy.stop_loss_bps + settings.orders.repair_loss_bps_max,
        rate_reserve_bps=risk.rate_reserve_bps,
        net_direction_krw_max=risk.net_direction_krw_max,
        inventory_drift_krw_max=risk.inventory_drift_krw_max,
        orders_per_minute_max=risk.orders_per_minute_max,
        entry_cooldown_ns=risk.entry_cooldown_ms * NS_PER_MS,
        reentry=reentry_of(settings),
        premium_bps_abs_max=risk.premium_bps_abs_max,
        price_band_bps_max=risk.price_band_bps_max,
        spread_bps_max=risk.spread_bps_max,
        rate_move_bps_max=risk.rate_move_bps_max,
        quote_age_ns_max=risk.quote_age_ms_max * NS_PER_MS,
        rate_age_ns_max=risk.rate_age_ms_max * NS_PER_MS,
        rate_memory_ns=risk.rate_memory_s * NS_PER_S,
        warnings_blocked=risk.warnings_blocked,
        generation=settings.generation,
    )


def _edge_bps_min(settings: Settings) -> Decimal:
    """Return the least edge that any coin's strategy takes; each refuses what is too little for itself."""
    found = strategies_of(settings, levels_of(settings))
    return min(each.edge_bps_min for each in (found.usual, *found.by_coin.values()))


def chance_bps_of(settings: Settings) -> Decimal:
    """Return the edge from which on there is a chance: what an entry needs whose premium goes to even."""
    strategy = settings.strategy
    if strategy.name is StrategyName.FIXED:
        return strategy.entry_edge_bps
    if strategy.name is StrategyName.INVENTORY:
        return strategy.min_profit_bps + strategy.slippage_bps * ORDERS_SHARE
    closing_bps = sum((settings.of(venue).taker_fee_bps for venue in settings.pair), ZERO)
    return closing_bps + strategy.min_profit_bps + strategy.slippage_bps


def belief_of(settings: Settings) -> RateBelief:
    """Return what judges which rate may be believed; it has seen none yet."""
    return RateBelief(
        RateRules(
            settle_ns=settings.risk.rate_settle_s * NS_PER_S,
            spread_bps_max=settings.risk.spread_bps_max,
            size_usdt=settings.strategy.notional_usdt,
        )
    )


def hole_ns_of(settings: Settings) -> int:
    """Return how long a stop-loss waits for a book to be whole."""
    return settings.risk.hole_s_max * NS_PER_S


def stability_of(settings: Settings) -> StabilityRules:
    """Return when a venue is entrusted with less."""
    risk = settings.risk
    return StabilityRules(
        window_ns=risk.stability_window_s * NS_PER_S,
        samples_min=risk.stability_samples_min,
        score_min=risk.stability_score_min,
        circuit_claims_min=risk.circuit_claims_min,
        circuit_ns=risk.circuit_s * NS_PER_S,
        exits_unanswered_max=risk.exits_unanswered_max,
        lag_ns_max=risk.quote_age_ms_max * NS_PER_MS,
    )


def unfilled_of(settings: Settings) -> UnfilledRules:
    """Return when entries rest because legs stay unfilled."""
    risk = settings.risk
    return UnfilledRules(
        window_ns=risk.unfilled_window_s * NS_PER_S,
        entries_min=risk.unfilled_entries_min,
        share_min=risk.unfilled_share_min,
        coins_min=risk.unfilled_coins_min,
        rest_ns=risk.unfilled_rest_s * NS_PER_S,
        rest_ns_max=risk.unfilled_rest_s_max * NS_PER_S,
    )


def strategies_of(settings: Settings, levels: Levels) -> Strategies:
    """Return when pairs are opened and closed; `levels` is what is known of premiums."""
    own = {Coin(coin): _strategy(settings.of_coin(coin), levels) for coin in settings.coins_settings}
    return Strategies(usual=_strategy(settings, levels), by_coin=own)


def levels_of(settings: Settings) -> SeenLevels:
    """Return what learns where premiums come back to; it has seen none yet."""
    strategy = settings.strategy
    fees_bps = 2 * sum(settings.of(venue).taker_fee_bps for venue in settings.pair)
    least_bps = fees_bps + strategy.min_profit_bps + strategy.slippage_bps
    return SeenLevels(
        rules=LevelRules(
            half_life_ns=strategy.level_half_life_s * NS_PER_S,
            away_bps=float(least_bps * AWAY_SHARE),
            return_ns=strategy.holding_s_max * NS_PER_S,
        )
    )


def _strategy(settings: Settings, seen: Levels) -> Strategy:
    assumed_bps = settings.strategy.level_assumed_bps
    levels = seen if assumed_bps is None else AssumedLevels(seen=seen, bps=float(assumed_bps))
    match settings.strategy.name:
        case StrategyName.FIXED:
            return Fixed(edge_bps_min=settings.strategy.entry_edge_bps, exits=_exits(settings))
        case StrategyName.PAIR:
            return PairStrategy(rules=_pair(settings), levels=levels)
        case StrategyName.INVENTORY:
            pairs = PairStrategy(rules=_pair(settings), levels=levels)
            return InventoryStrategy(rules=_inventory(settings), levels=levels, pairs=pairs)
        case _:
            assert_never(settings.strategy.name)


def _pair(settings: Settings) -> PairRules:
    strategy = settings.strategy
    return PairRules(
        min_profit_bps=strategy.min_profit_bps,
        slippage_bps=strategy.slippage_bps,
        edge_bps_min=-settings.risk.premium_bps_abs_max,
        take_profit_bps=strategy.take_profit_bps,
        stop_loss_bps=strategy.stop_loss_bps,
        holding_ns_max=strategy.holding_s_max * NS_PER_S,
        rate_loss_bps_max=settings.risk.rate_reserve_bps,
        holding_loss_bps_max=strategy.holding_loss_bps_max,
    )


def _inventory(settings: Settings) -> InventoryRules:
    strategy = settings.strategy
    return InventoryRules(
        min_profit_bps=strategy.min_profit_bps,
        slippage_bps=strategy.slippage_bps * ORDERS_SHARE,
        band=strategy.inventory_band,
    )


def _exits(settings: Settings) -> ExitRules:
    strategy = settings.strategy
    return ExitRules(
        converged_bps=strategy.converged_bps,
        take_profit_bps=strategy.take_profit_bps,
        stop_loss_bps=strategy.stop_loss_bps,
        holding_ns_max=strategy.holding_s_max * NS_PER_S,
        rate_loss_bps_max=settings.risk.rate_reserve_bps,
        holding_loss_bps_max=strategy.holding_loss_bps_max,
    )


def reentry_of(settings: Settings) -> ReentryRules:
    """Return how long entries pause after a losing close."""
    return ReentryRules(
        pause_ns=settings.risk.reentry_pause_s * NS_PER_S,
        pause_ns_max=settings.risk.reentry_pause_s_max * NS_PER_S,
    )


def repairs_of(settings: Settings) -> RepairRules:
    """Return the ceilings of a repair."""
    return RepairRules(
        time_ns_max=settings.orders.repair_time_s_max * NS_PER_S,
        loss_bps_max=settings.orders.repair_loss_bps_max,
        slip_bps=settings.strategy.slip_bps,
        attempts_max=settings.orders.repair_attempts_max,
        failures_max=settings.orders.repair_failures_max,
    )


def appetite_of(settings: Settings) -> Appetite:
    """Return how big pairs are and how they are sent."""
    return Appetite(
        notional_usdt=settings.leg_notional,
        slip_bps=settings.strategy.slip_bps,
        order_lifetime_ns=settings.orders.lifetime_ms * NS_PER_MS,
    )
