"""What a session has where, valued by the markets of the stack that runs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from arb.adapters.postgres.inventory import changes_since
from arb.app.kept import Kept
from arb.app.wiring import Engine
from arb.domain.ledger.inventory import (
    Advice,
    Holding,
    InventoryPrices,
    PairCapacity,
    advice,
    holdings,
    reaches,
)
from arb.domain.market.ids import USDT, Coin
from arb.domain.market.money import ZERO, bps
from arb.domain.market.pair import Pair
from arb.engine.trading.proposals import edges_at
from config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What there is, how far it reaches, and what could be done."""

    held: Sequence[Holding]
    reach: Sequence[PairCapacity]
    advice: Sequence[Advice]


def inventory_of(kept: Kept, settings: Settings, engine: Engine | None, window_ns: int) -> Inventory:
    """Return the inventory of a session; without an engine nobody knows prices. Raises: StoreUnavailable."""
    pair, coins = Pair(*settings.pair), tuple(Coin(coin) for coin in settings.traded)
    prices = _prices_of(settings, engine, coins)
    free = kept.trades.free(kept.session_id)
    changes = changes_since(kept.database, kept.session_id, kept.until_ns - window_ns)
    held = holdings(free, changes, window_ns, prices)
    return Inventory(
        held=held,
        reach=reaches(held, pair, coins),
        advice=advice(held, pair, prices, settings.messages.inventory_legs_min),
    )


def _prices_of(settings: Settings, engine: Engine | None, coins: Sequence[Coin]) -> InventoryPrices:
    """Return what things are worth by the newest books, and what it costs to bring them back."""
    pair, assumed = Pair(*settings.pair), settings.assumptions
    markets = {} if engine is None else engine.markets.read(coins, engine.clock.now_ns())
    rates = [market.rate for market in markets.values()]
    rate = rates[0].krw_per_usdt if rates else assumed.krw_per_usdt
    krw = {pair.first.quote: Decimal(1), pair.second.quote: rate} if rates else {}
    edges = {}
    for coin, market in markets.items():
        second = market.book(pair.second)
        krw[str(coin)] = market.krw(pair.second, second.mid)
        for each in edges_at(market, settings.leg_notional):
            edges[coin, each.direction] = each.net_bps
    half_step_bps = bps(assumed.rate_step_krw / 2, rate) if USDT in {pair.second.quote} else ZERO
    return InventoryPrices(
        leg_krw=settings.leg_notional * rate,
        krw=krw,
        edges_bps=edges,
        move_krw=assumed.move_usdt * (assumed.krw_per_usdt if pair.rate_key is None else rate),
        conversion_bps=settings.of(pair.first).taker_fee_bps + half_step_bps,
    )
