"""Upbit market data: whole order books over one WebSocket, SIMPLE or DEFAULT names, binary or text.

Pure. Amounts arrive as JSON numbers, some with exponents, and never pass a binary float. The stamp
`tms` is the only order there is. Source: exchange_protocols.md 2.8.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import gt, lt
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.markets import symbol_on
from arb.engine.market.stream import Notice
from arb.venues.levels import best_first

UNITS: Final = (1, 5, 15, 30)
KEEP_ALIVE: Final = "PING"
PAUSE_NS: Final = NS_PER_S  # between two subscriptions: 100 messages a minute are allowed


class _Row(msgspec.Struct):
    """Ask level i and bid level i, by their short or their full names."""

    ap: Decimal | None = None
    bp: Decimal | None = None
    ask_size: Decimal | None = None
    bs: Decimal | None = None
    as_: Decimal | None = msgspec.field(name="as", default=None)
    ask_price: Decimal | None = None
    bid_price: Decimal | None = None
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


class UpbitStream:
    """The market data protocol of one connection."""

    venue = Venue.UPBIT

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
        """Return nothing: a subscription is taken or refused as a whole."""
        return {}

    def opened(self) -> tuple[str, ...]:
        """Return the subscription."""
        unit = next(unit for unit in UNITS if unit >= self._levels_max)
        self._asked = tuple(self._symbols)
        codes = [f"{code}.{unit}" for code in self._asked]
        request = [{"ticket": self._ticket}, {"type": "orderbook", "codes": codes}, {"format": "SIMPLE"}]
        return (msgspec.json.encode(request).decode(),)

    def read(self, frame: bytes, ts_recv_ns: int) -> Book | Notice:
        """Return the book in this frame, or what else the frame says. Raises: DataError, Rejected."""
        try:
            found = _FRAME.decode(frame)
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, not the right shape, too deep
            raise DataError("malformed", str(error)) from error
        if found.error is not None:
            raise Rejected(Venue.UPBIT, f"subscription: {found.error}"[:200])
        kind = found.ty or found.type
        if not kind:
            return Notice.ALIVE
        if kind != "orderbook":
            raise DataError("unexpected", kind[:80])
        return self._book(found, ts_recv_ns)

    def _book(self, found: _Frame, ts_recv_ns: int) -> Book:
        code = (found.cd or found.code).partition(".")[0]
        if code not in self._symbols:
            raise DataError("unexpected", code[:80])
        rows = found.obu or found.orderbook_units
        stamp_ms = found.tms or found.timestamp
        return Book(
            venue=Venue.UPBIT,
            symbol=self._symbols[code],
            bids=best_first(_bids(rows), self._levels_max, lt),
            asks=best_first(_asks(rows), self._levels_max, gt),
            sequence=stamp_ms,
            ts_event_ns=stamp_ms * NS_PER_MS,
            ts_recv_ns=ts_recv_ns,
        )


def _symbols(coins: Iterable[Coin]) -> dict[str, Symbol]:
    """Return the coins' markets and the rate's, without which no coin is evaluated."""
    symbols = [symbol_on(Venue.UPBIT, coin) for coin in (USDT, *coins)]
    return {_code(symbol): symbol for symbol in symbols}


def _code(symbol: Symbol) -> str:
    base, _, quote = symbol.partition("/")
    return f"{quote}-{base}"


def _bids(rows: Sequence[_Row]) -> Iterator[tuple[Decimal, Decimal]]:
    return _pairs((row.bp, row.bs) if row.bp is not None else (row.bid_price, row.bid_size) for row in rows)


def _asks(rows: Sequence[_Row]) -> Iterator[tuple[Decimal, Decimal]]:
    return _pairs((row.ap, row.as_) if row.ap is not None else (row.ask_price, row.ask_size) for row in rows)


def _pairs(
    sides: Iterator[tuple[Decimal | None, Decimal | None]],
) -> Iterator[tuple[Decimal, Decimal]]:
    """Leave out the zeros that fill a side with fewer levels than the other."""
    for price, quantity in sides:
        if price is None or quantity is None:
            raise DataError("malformed", "a level without price or size")
        if price or quantity:
            yield price, quantity
