"""Binance's markets: their rules, with the account's fees, and their books."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

from arb.adapters.venues.binance.session import BinanceSession
from arb.domain.errors import RateLimited, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.domain.market.listing import Listing
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.venues.binance import books, errors, instruments, orders
from arb.venues.levels import REST_WAIT_MS_MAX
from arb.venues.rows import OddField, known

RULES_AT_ONCE: Final = 200  # markets named in one address: 4 KB, where 8 are too many
# Fees asked for in one reading, at 20 of weight each: 400 of the 6,000 a minute that all processes share. The
# rest waits for the next one in five minutes: 250 coins are known within the hour.
FEES_AT_ONCE: Final = 20


class Fees(Protocol):
    """Remembers what the venue said of an account's fees, for every process."""

    def known(self, symbols: Sequence[Symbol], now_ns: int) -> Mapping[Symbol, Decimal]:
        """Return the taker fees in basis points that need not be asked for."""

    def remember(self, fees_bps: Mapping[Symbol, Decimal], now_ns: int) -> None:
        """Keep what the venue said just now."""


class NoFees:
    """Remembers nothing: every fee is asked for."""

    def known(self, _symbols: Sequence[Symbol], _now_ns: int) -> Mapping[Symbol, Decimal]:
        """Return no fee: each has to be asked for."""
        return {}

    def remember(self, _fees_bps: Mapping[Symbol, Decimal], _now_ns: int) -> None:
        """Ignore the fees."""


class BinanceMarkets:
    """What can be traded, by which rules, at what fee, and at which prices."""

    def __init__(self, session: BinanceSession, clock: Clock, fees: Fees) -> None:
        self._session, self._clock, self._fees = session, clock, fees
        self._unlisted: frozenset[Symbol] = frozenset()

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._session.ask(
            books.request(symbol),
            lambda body: books.book(symbol, body, self._clock.now_ns()),
            REST_WAIT_MS_MAX,
        )

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's USDT market, those that Binance has; fees are the account's."""
        symbols = [symbol_on(Venue.BINANCE, coin) for coin in coins]
        listing = self._rules(symbols)
        if not self._session.has_key:
            return listing
        fees = self._fees_bps([rule.symbol for rule in listing])
        odd = (fee.of(Venue.BINANCE, symbol) for symbol, fee in fees.items() if isinstance(fee, OddField))
        rules = (
            replace(rule, taker_fee_bps=fee)
            for rule in listing
            if not isinstance(fee := fees[rule.symbol], OddField)
        )
        return Listing(tuple(rules), (*listing.odd, *odd))

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin with a USDT market, and the USDT that were traded of it in a day."""
        told = self._session.ask(orders.day_tickers(), instruments.turnovers)
        return {coin_of(symbol): known(turnover) for symbol, turnover in told.items()}

    def _rules(self, symbols: Sequence[Symbol]) -> Listing:
        """Return the rules of the markets that are listed.

        What was not the last time is asked for by itself: it costs one question more, not a search each time.
        """
        before = self._unlisted
        found = (
            *self._listed([symbol for symbol in symbols if symbol not in before]),
            *self._listed([symbol for symbol in symbols if symbol in before]),
        )
        rules = tuple(rule for listing in found for rule in listing.rules)
        odd = tuple(each for listing in found for each in listing.odd)
        self._unlisted = (before | {*symbols}) - {rule.symbol for rule in rules} - {row.symbol for row in odd}
        return Listing(rules, odd)

    def _listed(self, symbols: Sequence[Symbol]) -> tuple[Listing, ...]:
        """Ask for all at once; one name that Binance does not have spoils that, then for either half."""
        if not symbols:
            return ()
        if len(symbols) > RULES_AT_ONCE:
            return (*self._listed(symbols[:RULES_AT_ONCE]), *self._listed(symbols[RULES_AT_ONCE:]))
        try:
            return (self._session.ask(orders.exchange_info(symbols), instruments.instruments),)
        except Rejected as error:
            if not errors.names_no_market(error):
                raise
        if len(symbols) == 1:
            return ()
        middle = len(symbols) // 2
        return (*self._listed(symbols[:middle]), *self._listed(symbols[middle:]))

    def _fees_bps(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Decimal | OddField]:
        """Return the account's fees, a few of them asked for now.

        Whose turn has not come pays the dearest fee that is known: the account's tier is one for all markets,
        and where they differ it is by what is taken off.
        """
        now_ns = self._clock.now_ns()
        known = self._fees.known(symbols, now_ns)
        asked = self._asked_fees_bps([symbol for symbol in symbols if symbol not in known][:FEES_AT_ONCE])
        told = {symbol: fee for symbol, fee in asked.items() if not isinstance(fee, OddField)}
        self._fees.remember(told, now_ns)
        dearest = max((*known.values(), *told.values()), default=instruments.DEFAULT_TAKER_FEE_BPS)
        return {**dict.fromkeys(symbols, dearest), **known, **asked}

    def _asked_fees_bps(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Decimal | OddField]:
        """Ask for these, as many as the venue has room for now."""
        asked: dict[Symbol, Decimal | OddField] = {}
        for symbol in symbols:
            try:
                asked[symbol] = self._fee_bps(symbol)
            except RateLimited:
                break
        return asked

    def _fee_bps(self, symbol: Symbol) -> Decimal | OddField:
        request = orders.commission(symbol, self._session.now())
        try:
            return self._session.ask(request, instruments.taker_fee_bps)
        except Rejected as error:  # of this market alone: keys that are rejected are another error
            return OddField("account/commission", f"refused: {error.detail}")
