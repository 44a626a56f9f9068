"""What a round trip earns by the settings in force: said at every start, and refused where it loses.

Which strategy is in force is known here alone: it says what its round trips earn, all else reads that.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from arb.app.rules import levels_of, reentry_of, strategies_of
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO, bps, plain
from arb.domain.strategy.economics import Costs, Economics, RoundTrip, economics
from arb.domain.trading.reentry import Close
from arb.engine.market.markets import symbol_on
from config.sections import StrategyName
from config.settings import RunMode, Settings

if TYPE_CHECKING:
    from arb.stack.shutdown import Progress

Fees = Mapping[Venue, Decimal]
AWAY: Final = {StrategyName.PAIR: " away from its level"}
MEND_LOSS: Final = "raise it, or say strategy.round_trip_may_lose: true if you mean to"


def _assumed_fees(settings: Settings) -> Fees:
    """Return the takers' fees that are reckoned with before a venue has told its own, in basis points."""
    return {venue: getattr(settings, venue.value).taker_fee_bps for venue in settings.pair}


def told_fees(settings: Settings, instruments: Mapping[Any, Instrument]) -> Fees:
    """Return the dearest fee that each venue told for a coin that is traded, or what is assumed of it."""
    told = {
        venue: [
            instruments[key].taker_fee_bps
            for coin in settings.traded
            if (key := (venue, symbol_on(venue, Coin(coin)))) in instruments
        ]
        for venue in settings.pair
    }
    return {venue: max(told[venue], default=fee) for venue, fee in _assumed_fees(settings).items()}


def economics_of(settings: Settings, fees: Fees | None = None) -> Economics:
    """Return what round trips earn and lose by the strategy in force, at these fees or the assumed ones."""
    costs = _costs_of(settings, fees or _assumed_fees(settings))
    return economics(
        strategies_of(settings, levels_of(settings)).usual.outlook(costs),
        reentry_of(settings),
        notional_krw=settings.strategy.notional_usdt * settings.assumptions.krw_per_usdt,
        pairs_max=_pairs_max(settings),
    )


def _costs_of(settings: Settings, fees: Fees) -> Costs:
    """Return fees, spread, rate step and slip by the settings, in basis points."""
    assumed, (first, second) = settings.assumptions, settings.pair
    step_bps = bps(assumed.rate_step_krw, assumed.krw_per_usdt)
    return Costs(
        fees_bps=(fees[first], fees[second]),
        spread_bps=assumed.spread_bps,
        rate_step_bps=ZERO if first.quote == second.quote else step_bps,
        slip_bps=settings.strategy.slip_bps,
    )


def _pairs_max(settings: Settings) -> int:
    """Return how many pairs of full size may be open at once."""
    risk, coins = settings.risk, len(settings.traded) or settings.feed.room
    notional_krw = settings.strategy.notional_usdt * settings.assumptions.krw_per_usdt
    of_coin = min(risk.trades_open_per_coin_max, int(risk.notional_per_coin_krw_max // notional_krw))
    return min(risk.trades_open_max, coins * of_coin, int(risk.notional_total_krw_max // notional_krw))


def announce(settings: Settings, progress: "Progress") -> None:
    """Say what a round trip earns before trading begins. Raises: ConfigError as below."""
    refuse_losing(settings)
    for line in lines(settings, economics_of(settings)):
        progress(line)
    for coin in settings.coins_settings:
        own = settings.of_coin(coin)
        for line in lines(own, economics_of(own)):
            progress(f"{coin}: {line}")


def refuse_losing(settings: Settings, fees: Fees | None = None) -> None:
    """Refuse to trade for a loss with money that is real or may soon be, unless that was asked for.

    Raises: ConfigError with one line.
    """
    for own in (settings, *(settings.of_coin(coin) for coin in settings.coins_settings)):
        if settings.mode is not RunMode.MOCK and (why := loss(own, economics_of(own, fees))):
            raise ConfigError(f"{why}; {MEND_LOSS}")


def refuse_told(settings: Settings, instruments: Mapping[Any, Instrument]) -> None:
    """Refuse the same by the fees that the venues told of this account. Raises: ConfigError."""
    refuse_losing(settings, told_fees(settings, instruments))


def loss(settings: Settings, found: Economics) -> str:
    """Return which setting makes a round trip lose, and how much; empty if none does, or if it may."""
    if settings.strategy.round_trip_may_lose or not found.losing:
        return ""
    trip = found.losing[0]
    lost = f"{-trip.earned_bps:.1f} bps ({found.krw(-trip.earned_bps):,.0f} KRW) of {found.notional_krw:,.0f}"
    if trip.close is Close.TAKE_PROFIT:
        return f"strategy.take_profit_bps: a pair that is closed with that profit loses {lost}"
    entry_bps = settings.strategy.entry_edge_bps
    return (
        f"strategy.entry_edge_bps: a pair that is opened at {plain(entry_bps)} and closed as converged loses "
        f"{lost}; from {entry_bps - trip.earned_bps:.1f} on it does not"
    )


def lines(settings: Settings, found: Economics) -> Iterator[str]:
    """Yield what a round trip earns as lines for a person."""
    edge_bps = plain(round(found.edge_bps_least, 1))
    yield (
        f"by {settings.strategy.name}, a round trip from the least edge of {edge_bps} bps, "
        f"{found.notional_krw:,.0f} KRW a leg, breaks even at a premium of "
        f"{found.break_even_premium_bps:.1f} bps{AWAY.get(settings.strategy.name, '')}"
    )
    yield f"it earns {', '.join(_end(found, trip) for trip in found.round_trips)}"
    yield (
        f"re-entries that lose cost {found.loss_per_day_krw:,.0f} KRW a day "
        f"({found.losing_trips_per_day} round trips), of {settings.risk.daily_loss_krw_max:,.0f} allowed"
    )
    if found.losing:
        allowed = (
            ", and that is allowed: round_trip_may_lose" if settings.strategy.round_trip_may_lose else ""
        )
        yield f"by these settings a round trip that ends well LOSES money{allowed}"


def _end(found: Economics, trip: RoundTrip) -> str:
    if trip.close is Close.HOLDING_TIME and not trip.earned_bps:
        return "nothing by the clock, which closes no pair at a loss"
    return f"{trip.earned_bps:+.1f} bps as {trip.close} ({found.krw(trip.earned_bps):+,.0f} KRW)"


def document(settings: Settings) -> dict[str, Any]:
    """Return what a round trip earns as JSON."""
    found = economics_of(settings)
    return {
        "strategy": settings.strategy.name.value,
        "notional_krw": plain(found.notional_krw),
        "edge_bps_least": f"{found.edge_bps_least:.2f}",
        "break_even_premium_bps": f"{found.break_even_premium_bps:.2f}",
        "round_trips": {
            trip.close.value: {
                "earned_bps": f"{trip.earned_bps:.2f}",
                "earned_krw": f"{found.krw(trip.earned_bps):.0f}",
                "worst_bps": f"{trip.worst_bps:.2f}",
            }
            for trip in found.round_trips
        },
        "losing_trips_per_day": found.losing_trips_per_day,
        "loss_per_day_krw": f"{found.loss_per_day_krw:.0f}",
        "loses": bool(found.losing),
    }
