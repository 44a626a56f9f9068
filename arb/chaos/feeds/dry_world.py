"""The world of a dry run: the simulators' market and its instruments, without the simulators."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO
from arb.engine.market.markets import symbol_on
from arb.sim.core.config import CoinOverride, Premium, SimConfig
from arb.sim.core.market import SteppedMarket, build_market
from arb.venues.registry import FACTS
from config.settings import Settings

EPOCH_NS: Final = 1_700_000_000_000_000_000
FUNDS: Final = {"KRW": Decimal(1_400_000_000), "USDT": Decimal(1_000_000)}
COIN_USDT: Final = 200_000  # worth of each coin on each venue
QUANTITY_MAX: Final = Decimal(1_000_000_000)


class DryWorld:
    """Two venues' books by step, and the rules they are traded by."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._config = SimConfig(
            seed=seed,
            epoch_ns=EPOCH_NS,
            step_ms=settings.sim.step_ms,
            coins={coin: CoinOverride() for coin in settings.traded},
            premium=Premium(
                stdev_bps=settings.sim.premium_stdev_bps, half_life_s=settings.sim.premium_half_life_s
            ),
        )
        self._market: SteppedMarket = build_market(self._config)

    def books(self, step: int, now_ns: int) -> Iterator[Book]:
        """Return every book of a step, received now. Steps must not go backwards."""
        for venue in Venue:
            for name, book in self._market.books(venue, step).items():
                yield Book(
                    venue=venue,
                    symbol=symbol_on(venue, Coin(name)),
                    bids=tuple(Level(each.price, each.quantity) for each in book.bids),
                    asks=tuple(Level(each.price, each.quantity) for each in book.asks),
                    sequence=step + 1,
                    ts_event_ns=now_ns,
                    ts_recv_ns=now_ns,
                )

    def rules(self, venue: Venue) -> dict[Symbol, Instrument]:
        """Return the rules of a venue's markets."""
        found = {}
        facts = FACTS[venue]
        for coin in self._config.coin_table():
            symbol = symbol_on(venue, Coin(coin.name))
            found[symbol] = Instrument(
                venue=venue,
                symbol=symbol,
                venue_symbol=symbol,
                base=Coin(coin.name),
                quote=venue.quote,
                price_bands=facts.price_bands or ((ZERO, coin.tick_usdt),),
                lot_step=facts.lot_step or coin.lot,
                quantity_min=facts.lot_step or coin.lot,
                quantity_max=QUANTITY_MAX,
                notional_min=facts.notional_min,
                taker_fee_bps=facts.taker_fee_bps,
                fee_in=facts.fee_in,
            )
        return found

    def funds(self, venue: Venue) -> dict[str, Decimal]:
        """Return what our account on a venue begins with."""
        coins = {coin.name: round(COIN_USDT / coin.price_usdt, 8) for coin in self._config.coin_table()}
        return {venue.quote: FUNDS[venue.quote], **coins}
