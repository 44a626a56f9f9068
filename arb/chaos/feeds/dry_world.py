"""The world of a dry run: the simulators' market and its instruments, without the simulators."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.domain.market.instrument import UPBIT_KRW_BANDS, FeeIn, Instrument
from arb.domain.market.money import ZERO
from arb.engine.market.markets import symbol_on
from arb.sim.core.config import CoinOverride, Premium, SimConfig
from arb.sim.core.market import Market, build_market
from config.settings import Settings

EPOCH_NS: Final = 1_700_000_000_000_000_000
FUNDS: Final = {Venue.UPBIT: ("KRW", Decimal(1_400_000_000)), Venue.BINANCE: ("USDT", Decimal(1_000_000))}
COIN_USDT: Final = 200_000  # worth of each coin on each venue
QUANTITY_MAX: Final = Decimal(1_000_000_000)
NOTIONAL_MIN: Final = {Venue.UPBIT: Decimal(5_000), Venue.BINANCE: Decimal(5)}
FEE_BPS: Final = {Venue.UPBIT: Decimal(5), Venue.BINANCE: Decimal(10)}
UPBIT_LOT: Final = Decimal("0.00000001")


class DryWorld:
    """Two venues' books by step, and the rules they are traded by."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._config = SimConfig(
            seed=seed,
            epoch_ns=EPOCH_NS,
            step_ms=settings.sim.step_ms,
            coins={coin: CoinOverride() for coin in settings.coins},
            premium=Premium(
                stdev_bps=settings.sim.premium_stdev_bps, half_life_s=settings.sim.premium_half_life_s
            ),
        )
        self._market: Market = build_market(self._config)

    def books(self, step: int, now_ns: int) -> Iterator[Book]:
        """Return every book of a step, received now. Steps must not go backwards."""
        for venue in Venue:
            for name, book in self._market.books(venue.value, step).items():
                yield Book(
                    venue=venue,
                    symbol=Symbol("USDT/KRW") if name == USDT else symbol_on(venue, Coin(name)),
                    bids=tuple(Level(each.price, each.quantity) for each in book.bids),
                    asks=tuple(Level(each.price, each.quantity) for each in book.asks),
                    sequence=step + 1,
                    ts_event_ns=now_ns,
                    ts_recv_ns=now_ns,
                )

    def rules(self, venue: Venue) -> dict[Symbol, Instrument]:
        """Return the rules of a venue's markets."""
        found = {}
        is_upbit = venue is Venue.UPBIT
        for coin in self._config.coin_table():
            symbol = symbol_on(venue, Coin(coin.name))
            found[symbol] = Instrument(
                venue=venue,
                symbol=symbol,
                venue_symbol=symbol,
                base=Coin(coin.name),
                quote=FUNDS[venue][0],
                price_bands=UPBIT_KRW_BANDS if is_upbit else ((ZERO, coin.tick_usdt),),
                lot_step=UPBIT_LOT if is_upbit else coin.lot,
                quantity_min=UPBIT_LOT if is_upbit else coin.lot,
                quantity_max=QUANTITY_MAX,
                notional_min=NOTIONAL_MIN[venue],
                taker_fee_bps=FEE_BPS[venue],
                fee_in=FeeIn.QUOTE if is_upbit else FeeIn.RECEIVED,
            )
        return found

    def funds(self, venue: Venue) -> dict[str, Decimal]:
        """Return what our account on a venue begins with."""
        quote, amount = FUNDS[venue]
        coins = {coin.name: round(COIN_USDT / coin.price_usdt, 8) for coin in self._config.coin_table()}
        return {quote: amount, **coins}
