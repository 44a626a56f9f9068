"""Bithumb market data: whole order books over one WebSocket, SIMPLE or DEFAULT names, binary or text.

Pure. Amounts arrive as JSON numbers and never pass a binary float. Sizes have four decimals, so that a level
may show a price and nothing to trade: it is left out. The stamp, in microseconds, is the only order there is.
Source: docs/protocols/bithumb.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import gt, lt
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import symbol_on
from arb.engine.market.stream import Notice
from arb.venues.bithumb.books import event_ns
from arb.venues.bithumb.names import venue_symbol
from arb.venues.levels import best_first

KEEP_ALIVE: Final = "PING"
PAUSE_NS: Final = NS_PER_S  # between two subscriptions: how many it takes is not published


class _Row(msgspec.Struct):
    """Ask level i and bid level i, by their short or their full names."""

    ap: Decimal | None = None
    bp: Decimal | None = None
    as_: Decimal | None = msgspec.field(name="as", default=None)
    bs: Decimal | None = None
    ask_price: Decimal | None = None
    bid_price: Decimal | None = None
    ask_size: Decimal | None = None
    bid_size: Decimal | None = None


class _Frame(msgspec.Struct):
    ty: str = ""
    cd: str = ""
    tms: int = 0
    obu: list[_Row] = []
    type: str = ""
    code: str = ""
    timestamp: int = 0
    orderbook_units: list[_Row] = []
    error: Any = None


_FRAME: Final = msgspec.json.Decoder(_Frame)


class BithumbStream:
    """The market data protocol of one connection."""

    venue = Venue.BITHUMB

    def __init__(self, *, coins: Sequence[Coin], levels_max: int, ticket: str) -> None:
        self._levels_max = levels_max
        self._ticket = ticket
        self._symbols = _symbols(coins)
        self._asked: tuple[str, ...] = ()
        self._asked_ns = 0

    def path(self) -> str:
        """Return nothing: the subscription is a message."""
        return ""

    def watch(self, coins: Collection[Coin]) -> None:
        """Want these coins from now on."""
        self._symbols = _symbols(coins)

    def due(self, steady_ns: int) -> tuple[str, ...]:
        """Return the subscription that takes the place of the last one, if it has to."""
        if tuple(self._symbols) == self._asked or steady_ns - self._asked_ns < PAUSE_NS:
            return ()
        self._asked_ns = steady_ns
        return self.opened()

    def refused(self) -> Mapping[Coin, str]:
        """Return nothing: what Bithumb does not list it passes over without a word."""
        return {}

    def opened(self) -> tuple[str, ...]:
        """Return the subscription; a book has 15 levels at most."""
        self._asked = tuple(self._symbols)
        books = {"type": "orderbook", "codes": list(self._asked)}
        request = [{"ticket": self._ticket}, books, {"format": "SIMPLE"}]
        return (msgspec.json.encode(request).decode(),)

    def read(self, frame: bytes, ts_recv_ns: int) -> Book | Notice:
        """Return the book in this frame, or what else the frame says. Raises: DataError, Rejected."""
        try:
            found = _FRAME.decode(frame)
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, not the right shape, too deep
            raise DataError("malformed", str(error)) from error
        if found.error is not None:
            raise Rejected(Venue.BITHUMB, f"subscription: {found.error}"[:200])
        kind = found.ty or found.type
        if not kind:
            return Notice.ALIVE
        if kind != "orderbook":
            raise DataError("unexpected", kind[:80])
        return self._book(found, ts_recv_ns)

    def _book(self, found: _Frame, ts_recv_ns: int) -> Book:
        code = found.cd or found.code
        if code not in self._symbols:
            raise DataError("unexpected", code[:80])
        rows = found.obu or found.orderbook_units
        stamp_ns = event_ns(found.tms or found.timestamp)
        return Book(
            venue=Venue.BITHUMB,
            symbol=self._symbols[code],
            bids=best_first(_bids(rows), self._levels_max, lt),
            asks=best_first(_asks(rows), self._levels_max, gt),
            sequence=stamp_ns,
            ts_event_ns=stamp_ns,
            ts_recv_ns=ts_recv_ns,
        )


def _symbols(coins: Iterable[Coin]) -> dict[str, Symbol]:
    """Return the coins' markets and the rate's, without which no coin is evaluated."""
    symbols = [symbol_on(Venue.BITHUMB, coin) for coin in (USDT, *coins)]
    return {venue_symbol(symbol): symbol for symbol in symbols}


def _bids(rows: Sequence[_Row]) -> Iterator[tuple[Decimal, Decimal]]:
    return _pairs((row.bp, row.bs) if row.bp is not None else (row.bid_price, row.bid_size) for row in rows)


def _asks(rows: Sequence[_Row]) -> Iterator[tuple[Decimal, Decimal]]:
    return _pairs((row.ap, row.as_) if row.ap is not None else (row.ask_price, row.ask_size) for row in rows)


def _pairs(
    sides: Iterator[tuple[Decimal | None, Decimal | None]],
) -> Iterator[tuple[Decimal, Decimal]]:
    """Leave out what is no level: the zeros that fill a side up, and a size rounded down to nothing."""
    for price, quantity in sides:
        if price is None or quantity is None:
            raise DataError("malformed", "a level without price or size")
        if quantity:
            yield price, quantity
