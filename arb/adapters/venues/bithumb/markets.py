"""Bithumb's markets: their rules, with the account's fees and limits, and their books."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from arb.adapters.venues.venue_client import Gateway
from arb.domain.errors import Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Symbol, Venue, coin_of
from arb.domain.market.instrument import Instrument
from arb.domain.market.listing import Listing, OddMarket
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.venues.bithumb import books, orders
from arb.venues.bithumb import instruments as rules
from arb.venues.krw import requests
from arb.venues.krw.auth import StampedPass
from arb.venues.krw.instruments import last_prices, turnovers
from arb.venues.levels import REST_WAIT_MS_MAX
from arb.venues.rows import MISSING, OddField, believed, known
from arb.venues.terms import Terms, terms


class BithumbMarkets:
    """What can be traded, by which rules, at what fee, and at which prices."""

    def __init__(self, gateway: Gateway, clock: Clock, sign: Callable[[], StampedPass] | None) -> None:
        self._gateway, self._clock = gateway, clock
        self._sign = sign  # None without a key: then the terms are everybody's

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._gateway.ask(
            books.request(symbol),
            lambda body: books.book(symbol, body, self._clock.now_ns()),
            REST_WAIT_MS_MAX,
        )

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's KRW market and of USDT/KRW, those that Bithumb has."""
        wanted = dict.fromkeys(symbol_on(Venue.BITHUMB, coin) for coin in (*coins, USDT))
        warnings = self._gateway.ask(orders.markets(), rules.warnings)
        listed = [symbol for symbol in wanted if symbol in warnings]
        if not listed:
            return Listing(())
        prices = self._gateway.ask(requests.tickers(listed, orders.QUOTATION_GROUP), last_prices)
        made: list[Instrument] = []
        odd: list[OddMarket] = []
        for symbol in listed:
            try:
                made.append(self._instrument(symbol, warnings, prices))
            except OddField as field:
                odd.append(field.of(Venue.BITHUMB, symbol))
        return Listing(tuple(made), tuple(odd))

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin with a KRW market, and the KRW that were traded of it in a day."""
        listed = tuple(self._gateway.ask(orders.markets(), rules.warnings))
        told = (
            self._gateway.ask(requests.tickers(listed, orders.QUOTATION_GROUP), turnovers) if listed else {}
        )
        return {coin_of(symbol): known(told.get(symbol)) for symbol in listed}

    def _instrument(
        self,
        symbol: Symbol,
        warnings: Mapping[Symbol, str | OddField],
        prices: Mapping[Symbol, Decimal | OddField],
    ) -> Instrument:
        """Return one market of what was told of all. Raises: OddField."""
        price = believed(prices.get(symbol, OddField("trade_price", MISSING)))
        return rules.instrument(symbol, believed(warnings[symbol]), price, believed(self._terms(symbol)))

    def _terms(self, symbol: Symbol) -> Terms | OddField:
        if self._sign is None:
            return rules.DEFAULT_TERMS
        try:
            return self._gateway.ask(requests.chance(symbol, self._sign()), terms)
        except Rejected as error:  # of this market alone: keys that are rejected are another error
            return OddField("orders/chance", f"refused: {error.detail}")
