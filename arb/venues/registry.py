"""The venues' protocols, one row a venue. Its name, letter and currency are in `arb.domain.market.ids`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.book import Book
from arb.domain.market.candle import Candle
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import FeeIn
from arb.domain.trading.order import Order
from arb.venues.binance import books as binance_books
from arb.venues.binance import candles as binance_candles
from arb.venues.binance import instruments as binance_instruments
from arb.venues.binance import names as binance_names
from arb.venues.bithumb import books as bithumb_books
from arb.venues.bithumb import candles as bithumb_candles
from arb.venues.bithumb import instruments as bithumb_instruments
from arb.venues.krw import candles as krw_candles
from arb.venues.krw import names as krw_names
from arb.venues.krw.instruments import LOT_STEP
from arb.venues.request import HttpRequest
from arb.venues.upbit import books as upbit_books
from arb.venues.upbit import candles as upbit_candles
from arb.venues.upbit import instruments as upbit_instruments
from arb.venues.upbit.orders import unfillable

Bands = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """How a venue is asked for candles."""

    # Of a market and an interval in seconds, those that begin from one moment to before another.
    request: Callable[[Symbol, int, int, int], HttpRequest]
    candles: Callable[[Any], tuple[Candle, ...]]  # Raises: ValueError, LookupError, ArithmeticError
    rows_max: int  # in one reply


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFacts:
    """What differs between venues' protocols: names, books, candles, fees, price bands and proof."""

    venue_symbol: Callable[[Symbol], str]
    symbol: Callable[[str], Symbol]  # Raises: ValueError
    book_request: Callable[[Symbol], HttpRequest]
    book: Callable[[Symbol, Any, int], Book]  # Raises: DataError, ValueError, LookupError
    past: Past
    taker_fee_bps: Decimal  # where the account's own is not known
    fee_in: FeeIn
    notional_min: Decimal  # in its quote currency
    price_bands: Bands | None  # None: a tick for each market
    lot_step: Decimal | None  # None: one for each market
    # What asks about an order where identifiers are taken for ever: the same one again, which cannot trade.
    # None where an identifier is free again and requests have a receive window.
    unfillable: Callable[[Order], Order] | None

    @property
    def has_receive_window(self) -> bool:
        """Tell whether a request that arrives late is rejected."""
        return self.unfillable is None


FACTS: Final[Mapping[Venue, VenueFacts]] = MappingProxyType(
    {
        Venue.UPBIT: VenueFacts(
            venue_symbol=krw_names.venue_symbol,
            symbol=krw_names.symbol_of,
            book_request=upbit_books.request,
            book=upbit_books.book,
            past=Past(upbit_candles.request, krw_candles.candles, krw_candles.ROWS_MAX),
            taker_fee_bps=upbit_instruments.DEFAULT_TERMS.taker_fee_bps,
            fee_in=FeeIn.QUOTE,
            notional_min=upbit_instruments.DEFAULT_TERMS.notional_min,
            price_bands=upbit_instruments.KRW_BANDS,
            lot_step=LOT_STEP,
            unfillable=unfillable,
        ),
        Venue.BINANCE: VenueFacts(
            venue_symbol=binance_names.venue_symbol,
            symbol=binance_names.symbol_of,
            book_request=binance_books.request,
            book=binance_books.book,
            past=Past(binance_candles.request, binance_candles.candles, binance_candles.ROWS_MAX),
            taker_fee_bps=binance_instruments.DEFAULT_TAKER_FEE_BPS,
            fee_in=FeeIn.RECEIVED,
            notional_min=binance_instruments.NOTIONAL_MIN,
            price_bands=None,
            lot_step=None,
            unfillable=None,
        ),
        Venue.BITHUMB: VenueFacts(
            venue_symbol=krw_names.venue_symbol,
            symbol=krw_names.symbol_of,
            book_request=bithumb_books.request,
            book=bithumb_books.book,
            past=Past(bithumb_candles.request, krw_candles.candles, krw_candles.ROWS_MAX),
            taker_fee_bps=bithumb_instruments.DEFAULT_TERMS.taker_fee_bps,
            fee_in=FeeIn.QUOTE,
            notional_min=bithumb_instruments.DEFAULT_TERMS.notional_min,
            price_bands=bithumb_instruments.KRW_BANDS,
            lot_step=LOT_STEP,
            unfillable=None,
        ),
    }
)
