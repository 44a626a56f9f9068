"""Settings that are sound each by itself and cannot work together: refused, with what would happen.

Only what can never trade, or loses money by itself, is refused. What a round trip earns by
these settings and the fees, `refuse_losing` in arb/app/round_trip.py judges.
"""

from collections.abc import Iterator
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Final

from arb.domain.health.message import MessageKind
from arb.domain.market.money import BPS
from arb.domain.market.spread import ENTRY_ROOM
from arb.venues.registry import FACTS

if TYPE_CHECKING:
    from config.settings import Settings

# KRW per USDT has not been lower for years. What fits a ceiling only at a lower rate never trades.
RATE_KRW_LEAST: Final = Decimal(1_300)
CENT: Final = Decimal("0.01")
LEGS: Final = 2  # of a pair; and each is opened and closed
RATE_AGE_MS_MOST: Final = 60_000
Conflict = tuple[bool, str]


def first_conflict(settings: "Settings") -> str:
    """Return the first pair of settings that cannot work together, in one line; empty if there is none."""
    for conflicts in (_prices, _premiums, _sizes, _times, _counts):
        for is_one, text in conflicts(settings):
            if is_one:
                return text
    return ""


def _prices(settings: "Settings") -> Iterator[Conflict]:
    """Prices: what would close at once, never open, or pay more than was set aside."""
    strategy, orders, risk = settings.strategy, settings.orders, settings.risk
    fees_bps = LEGS * sum(FACTS[venue].taker_fee_bps for venue in settings.pair)
    entry, converged, slip = strategy.entry_edge_bps, strategy.converged_bps, strategy.slip_bps
    yield (
        converged >= entry,
        (
            f"strategy.converged_bps: {converged} is not below strategy.entry_edge_bps ({entry}): "
            "each pair would be closed as soon as it is open, and pay its fees for nothing"
        ),
    )
    yield (
        strategy.stop_loss_bps <= fees_bps,
        (
            f"strategy.stop_loss_bps: {strategy.stop_loss_bps} is not above the {fees_bps} bps of "
            "fees that opening and closing cost: each pair would be stopped as soon as it is open"
        ),
    )
    yield (
        slip > orders.repair_loss_bps_max,
        (
            f"strategy.slip_bps: {slip} is above orders.repair_loss_bps_max ({orders.repair_loss_bps_max}): "
            "an order could cost more than is set aside for its loss"
        ),
    )
    yield (
        entry >= risk.premium_bps_abs_max,
        (
            f"strategy.entry_edge_bps: {entry} is not below risk.premium_bps_abs_max "
            f"({risk.premium_bps_abs_max}): nothing would ever be opened"
        ),
    )
    yield (
        entry + slip >= risk.price_band_bps_max,
        (
            f"strategy.slip_bps: with strategy.entry_edge_bps it is {entry + slip}, not below "
            f"risk.price_band_bps_max ({risk.price_band_bps_max}): every order would be out of its band"
        ),
    )
    yield (
        LEGS * slip >= strategy.stop_loss_bps,
        (
            f"strategy.slip_bps: {slip} of each order, twice, is not below strategy.stop_loss_bps "
            f"({strategy.stop_loss_bps}): a pair filled at its limits would be stopped as soon as it is open"
        ),
    )


def _premiums(settings: "Settings") -> Iterator[Conflict]:
    """Premiums: what is beyond those that are believed."""
    strategy, messages, most = settings.strategy, settings.messages, settings.risk.premium_bps_abs_max
    least = strategy.min_profit_bps + strategy.slippage_bps
    yield (
        least >= most,
        (
            f"strategy.min_profit_bps: with strategy.slippage_bps it is {least}, not below "
            f"risk.premium_bps_abs_max ({most}): nothing would ever be opened"
        ),
    )
    yield (
        abs(strategy.level_assumed_bps or Decimal(0)) >= most,
        (
            f"strategy.level_assumed_bps: {strategy.level_assumed_bps} is beyond risk.premium_bps_abs_max "
            f"({most}): premiums would come back to what is no market"
        ),
    )
    yield (
        MessageKind.PREMIUM_ABOVE in messages.kinds and messages.premium_bps >= most,
        (
            f"messages.premium_bps: {messages.premium_bps} is not below risk.premium_bps_abs_max ({most}): "
            "such a premium is believed by nobody, and nothing would ever be told"
        ),
    )


def _sizes(settings: "Settings") -> Iterator[Conflict]:
    """Money: what no venue takes, or is above a ceiling before anything is open."""
    strategy, risk = settings.strategy, settings.risk
    per_usdt = {"USDT": Decimal(1), "KRW": _rate_krw(settings)}
    for venue in settings.pair:
        least = FACTS[venue].notional_min
        least_usdt = (least / ENTRY_ROOM / per_usdt[venue.quote]).quantize(CENT, ROUND_UP).normalize()
        yield (
            strategy.notional_usdt < least_usdt,
            (
                f"strategy.notional_usdt: {strategy.notional_usdt} leaves no room above {venue}'s minimum of "
                f"{least:,f} {venue.quote} to repair and to close a pair: set at least {least_usdt:f}"
            ),
        )
    notional_krw = strategy.notional_usdt * _rate_krw(settings)
    reserve_krw = notional_krw * _reserve_bps(settings) / BPS
    for value, needed in (
        ("notional_per_coin_krw_max", notional_krw),
        ("notional_total_krw_max", notional_krw),
        ("loss_per_trade_krw_max", reserve_krw),
        ("daily_loss_krw_max", reserve_krw),
    ):
        ceiling = getattr(risk, value)
        what = "of what it may lose" if needed == reserve_krw else "of each leg"
        yield (
            needed > ceiling,
            (
                f"strategy.notional_usdt: {strategy.notional_usdt} makes {needed:,.0f} KRW {what}, above "
                f"risk.{value} ({ceiling:,.0f}): nothing would ever be opened"
            ),
        )


def _rate_krw(settings: "Settings") -> Decimal:
    """Return the least KRW that a USDT is worth; where no market tells that, it is what is assumed."""
    first, second = settings.pair
    return settings.assumptions.krw_per_usdt if first.quote == second.quote else RATE_KRW_LEAST


def _reserve_bps(settings: "Settings") -> Decimal:
    """Return what a pair sets aside for its loss, but for its fees."""
    first, second = settings.pair
    rate_bps = settings.risk.rate_reserve_bps if first.quote != second.quote else Decimal(0)
    return settings.strategy.stop_loss_bps + settings.orders.repair_loss_bps_max + rate_bps


def _times(settings: "Settings") -> Iterator[Conflict]:
    """Times: what would be too old before it can be used."""
    risk, orders, feed = settings.risk, settings.orders, settings.feed
    held_s, half_life_s = settings.strategy.holding_s_max, settings.strategy.level_half_life_s
    yield (
        settings.strategy.name in ("pair", "inventory") and held_s > half_life_s,
        (
            f"strategy.holding_s_max: {held_s} is above strategy.level_half_life_s ({half_life_s}): "
            "a premium that is away for as long becomes the level that it should come back to"
        ),
    )
    for key in ("quote_age_ms_max", "rate_age_ms_max"):
        age_ms = getattr(risk, key)
        yield (
            age_ms <= feed.flush_interval_ms,
            (
                f"risk.{key}: {age_ms} is not above feed.flush_interval_ms ({feed.flush_interval_ms}): "
                "every quote would be too old"
            ),
        )
    for key, ceiling_ms, what in (
        (
            "quote_age_ms_max",
            feed.silence_ms_max,
            "feed.silence_ms_max: a socket that is silent for as long is replaced",
        ),
        ("rate_age_ms_max", RATE_AGE_MS_MOST, "the minute that risk.rate_move_bps_max looks at"),
    ):
        age_ms = getattr(risk, key)
        yield (
            age_ms > ceiling_ms,
            f"risk.{key}: {age_ms} is above {ceiling_ms}, {what}: what is long over would be traded on",
        )
    yield (
        orders.http_timeout_ms >= orders.repair_time_s_max * 1_000,
        (
            f"orders.http_timeout_ms: {orders.http_timeout_ms} is not below orders.repair_time_s_max "
            f"({orders.repair_time_s_max} s): a leg alone would be given up before its first answer"
        ),
    )
    yield (
        risk.reentry_pause_s > risk.reentry_pause_s_max,
        (
            f"risk.reentry_pause_s: {risk.reentry_pause_s} is above risk.reentry_pause_s_max "
            f"({risk.reentry_pause_s_max})"
        ),
    )
    yield (
        risk.unfilled_rest_s > risk.unfilled_rest_s_max,
        (
            f"risk.unfilled_rest_s: {risk.unfilled_rest_s} is above risk.unfilled_rest_s_max "
            f"({risk.unfilled_rest_s_max})"
        ),
    )


def _counts(settings: "Settings") -> Iterator[Conflict]:
    """Numbers: what cannot be reached."""
    risk, orders, feed = settings.risk, settings.orders, settings.feed
    yield (
        risk.orders_per_minute_max < LEGS,
        (
            f"risk.orders_per_minute_max: {risk.orders_per_minute_max} is below the {LEGS} orders of a pair: "
            "nothing would ever be opened"
        ),
    )
    yield (
        orders.repair_failures_max > orders.repair_attempts_max,
        (
            f"orders.repair_failures_max: {orders.repair_failures_max} is above orders.repair_attempts_max "
            f"({orders.repair_attempts_max}): the other venue would never be tried"
        ),
    )
    yield (
        len(settings.coins) > feed.room,
        (
            f"coins: {len(settings.coins)} are more than feed.workers times feed.coins_max "
            f"({feed.room}): some would never be fed"
        ),
    )
