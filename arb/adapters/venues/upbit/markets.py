"""Upbit's markets: their rules, with the account's fees and limits, and their books."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from arb.adapters.venues.venue_client import Gateway
from arb.domain.errors import RateLimited, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.domain.market.instrument import Instrument
from arb.domain.market.listing import Listing, OddMarket
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.venues.krw import requests
from arb.venues.krw.auth import Pass
from arb.venues.krw.instruments import last_prices, turnovers
from arb.venues.levels import REST_WAIT_MS_MAX
from arb.venues.rows import MISSING, OddField, believed, known
from arb.venues.terms import Terms, terms
from arb.venues.upbit import books, orders
from arb.venues.upbit import instruments as rules
from arb.venues.upbit.instruments import DEFAULT_TERMS

TICKER_GROUP: Final = "ticker"
# Terms asked for in one reading, market by market: less than a second of the 30 that an account may ask for,
# which all processes share. Those that were asked for longest ago come first.
TERMS_AT_ONCE: Final = 25


class UpbitMarkets:
    """What can be traded, by which rules, at what fee, and at which prices."""

    def __init__(self, gateway: Gateway, clock: Clock, sign: Callable[[], Pass] | None) -> None:
        self._gateway, self._clock = gateway, clock
        self._sign = sign  # None without a key: then the terms are everybody's
        self._terms: dict[Symbol, Terms | OddField] = {}  # the last that was said, the oldest first

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._gateway.ask(
            books.request(symbol),
            lambda body: books.book(symbol, body, self._clock.now_ns()),
            REST_WAIT_MS_MAX,
        )

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's KRW market and of USDT/KRW, those that Upbit has."""
        wanted = dict.fromkeys(symbol_on(Venue.UPBIT, coin) for coin in (*coins, Coin("USDT")))
        warnings = self._gateway.ask(orders.markets(), rules.warnings)
        listed = [symbol for symbol in wanted if symbol in warnings]
        if not listed:
            return Listing(())
        prices = self._gateway.ask(requests.tickers(listed, TICKER_GROUP), last_prices)
        ticks = self._tick_sizes(listed)
        self._ask_terms(listed)
        made: list[Instrument] = []
        odd: list[OddMarket] = []
        for symbol in listed:
            try:
                made.append(self._instrument(symbol, warnings, prices, ticks))
            except OddField as field:
                odd.append(field.of(Venue.UPBIT, symbol))
        return Listing(tuple(made), tuple(odd))

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin with a KRW market, and the KRW that were traded of it in a day."""
        listed = tuple(self._gateway.ask(orders.markets(), rules.warnings))
        told = self._gateway.ask(requests.tickers(listed, TICKER_GROUP), turnovers) if listed else {}
        return {coin_of(symbol): known(told.get(symbol)) for symbol in listed}

    def _instrument(
        self,
        symbol: Symbol,
        warnings: Mapping[Symbol, str | OddField],
        prices: Mapping[Symbol, Decimal | OddField],
        ticks: Mapping[Symbol, Decimal | OddField],
    ) -> Instrument:
        """Return one market of what was told of all. Raises: OddField."""
        price = believed(prices.get(symbol, OddField("trade_price", MISSING)))
        unit = {symbol: believed(ticks[symbol])} if symbol in ticks else {}
        return rules.instrument(
            symbol, believed(warnings[symbol]), price, unit, believed(self._terms_of(symbol))
        )

    def _tick_sizes(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Decimal | OddField]:
        """Return the published price units; where Upbit does not say, the fallback table holds."""
        try:
            return self._gateway.ask(orders.tick_sizes(symbols), rules.tick_sizes)
        except Rejected:
            return {}

    def _terms_of(self, symbol: Symbol) -> Terms | OddField:
        """Return what was said of a market; before that everybody's terms, at the account's dearest fee."""
        if symbol in self._terms:
            return self._terms[symbol]
        fees = [each.taker_fee_bps for each in self._terms.values() if isinstance(each, Terms)]
        return replace(DEFAULT_TERMS, taker_fee_bps=max(fees, default=DEFAULT_TERMS.taker_fee_bps))

    def _ask_terms(self, symbols: Sequence[Symbol]) -> None:
        """Ask for the account's terms in some markets, as many as the venue has room for now."""
        if self._sign is None:
            return
        never = [symbol for symbol in symbols if symbol not in self._terms]
        again = [symbol for symbol in self._terms if symbol in symbols]
        for symbol in (*never, *again)[:TERMS_AT_ONCE]:
            try:
                said = self._gateway.ask(requests.chance(symbol, self._sign()), terms)
            except RateLimited:
                return
            except Rejected as error:  # of this market alone: keys that are rejected are another error
                said = OddField("orders/chance", f"refused: {error.detail}")
            self._terms.pop(symbol, None)
            self._terms[symbol] = said
