"""Market data in KRW: whole order books over one WebSocket, SIMPLE or DEFAULT names, binary or text.

Pure. Amounts arrive as JSON numbers, some with exponents, and never pass a binary float. The stamp is the
only order there is. What differs from venue to venue is its `BookLine`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from operator import gt, lt
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import symbol_on
from arb.engine.market.stream import Notice
from arb.venues.krw.books import BookLine
from arb.venues.krw.names import venue_symbol
from arb.venues.levels import best_first

KEEP_ALIVE: Final = "PING"
# Between two subscriptions: Upbit allows 100 messages a minute, Bithumb does not publish how many it takes.
PAUSE_NS: Final = NS_PER_S


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


class _Name(msgspec.Struct):
    ty: str = ""
    cd: str = ""
    type: str = ""
    code: str = ""


_NAME: Final = msgspec.json.Decoder(_Name)
_FRAME: Final = msgspec.json.Decoder(_Frame)
# What the class does when it is called, without a call of Python for each of thousands a second.
_LEVEL_OF: Final[Callable[[Any], Level]] = partial(tuple.__new__, Level)


class KrwStream:
    """The market data protocol of one connection."""

    def __init__(self, line: BookLine, *, coins: Sequence[Coin], levels_max: int, ticket: str) -> None:
        self.venue = line.venue
        self._line = line
        self._levels_max = levels_max
        self._ticket = ticket
        self._symbols = _symbols(line.venue, coins)
        self._asked: tuple[str, ...] = ()
        self._asked_ns = 0

    def path(self) -> str:
        """Return nothing: the subscription is a message."""
        return ""

    def watch(self, coins: Collection[Coin]) -> None:
        """Want these coins from now on."""
        self._symbols = _symbols(self.venue, coins)

    def due(self, steady_ns: int) -> tuple[str, ...]:
        """Return the subscription that takes the place of the last one, if it has to."""
        if tuple(self._symbols) == self._asked or steady_ns - self._asked_ns < PAUSE_NS:
            return ()
        self._asked_ns = steady_ns
        return self.opened()

    def rejected(self) -> Mapping[Coin, str]:
        """Return nothing: no venue names the market that it does not take."""
        return {}

    def opened(self) -> tuple[str, ...]:
        """Return the subscription of a new connection, with every market that is wanted."""
        self._asked = tuple(self._symbols)
        codes = [self._line.code(market, self._levels_max) for market in self._asked]
        request = [{"ticket": self._ticket}, {"type": "orderbook", "codes": codes}, {"format": "SIMPLE"}]
        return (msgspec.json.encode(request).decode(),)

    def series(self, frame: bytes) -> str:
        """Return the market of a book: each takes the place of the last one."""
        try:
            found = _NAME.decode(frame)
        except (ValueError, RecursionError):
            return ""
        return found.cd or found.code if (found.ty or found.type) == "orderbook" else ""

    def read(self, frame: bytes, ts_recv_ns: int) -> Book | Notice:
        """Return the book in this frame, or what else the frame says. Raises: DataError, Rejected."""
        try:
            found = _FRAME.decode(frame)
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, not the right shape, too deep
            raise DataError("malformed", str(error)) from error
        if found.error is not None:
            raise Rejected(self.venue, f"subscription: {found.error}"[:200])
        kind = found.ty or found.type
        if not kind:
            return Notice.ALIVE
        if kind != "orderbook":
            raise DataError("unexpected", kind[:80])
        return self._book(found, ts_recv_ns)

    def _book(self, found: _Frame, ts_recv_ns: int) -> Book:
        code = self._line.market(found.cd or found.code)
        if code not in self._symbols:
            raise DataError("unexpected", code[:80])
        rows = found.obu or found.orderbook_units
        event_ns = self._line.event_ns(found.tms or found.timestamp)
        return Book(
            venue=self.venue,
            symbol=self._symbols[code],
            bids=best_first(self._levels(_bids(rows)), self._levels_max, lt),
            asks=best_first(self._levels(_asks(rows)), self._levels_max, gt),
            sequence=event_ns // self._line.sequence_unit_ns,
            ts_event_ns=event_ns,
            ts_recv_ns=ts_recv_ns,
        )

    def _levels(self, side: Sequence[tuple[Decimal | None, Decimal | None]]) -> Iterable[Level]:
        if all(map(all, side)):  # mostly: all are there, and none is zero
            return map(_LEVEL_OF, side)
        return self._told(side)

    def _told(self, side: Iterable[tuple[Decimal | None, Decimal | None]]) -> Iterator[Level]:
        for price, quantity in side:
            if price is None or quantity is None:
                raise DataError("malformed", "a level without price or size")
            if self._line.is_level(price, quantity):
                yield Level(price, quantity)


def _symbols(venue: Venue, coins: Iterable[Coin]) -> dict[str, Symbol]:
    """Return the coins' markets and the rate's, without which no coin is evaluated."""
    symbols = [symbol_on(venue, coin) for coin in (USDT, *coins)]
    return {venue_symbol(symbol): symbol for symbol in symbols}


def _bids(rows: Sequence[_Row]) -> list[tuple[Decimal | None, Decimal | None]]:
    return [(row.bp, row.bs) if row.bp is not None else (row.bid_price, row.bid_size) for row in rows]


def _asks(rows: Sequence[_Row]) -> list[tuple[Decimal | None, Decimal | None]]:
    return [(row.ap, row.as_) if row.ap is not None else (row.ask_price, row.ask_size) for row in rows]
