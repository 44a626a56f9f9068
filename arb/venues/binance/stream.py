"""Binance market data over a combined stream: `@bookTicker` and `@depth<n>@100ms` of every coin.

Neither carries a time. What tells how late a connection is: the changes of one market's book
(`@depth@100ms`), of which only the event time is read. They come ten times a second wherever a book changes;
trades, which are smaller, may stay away for minutes. The market is the venue's busiest, whatever the coins
are; where books come and no stamps, that of the newest book.

Pure. All is subscribed to on the open connection. Amounts arrive as text and never pass a binary float.
Source: docs/protocols/binance.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import gt, lt
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.lag import FrameStamp
from arb.engine.market.markets import symbol_on
from arb.engine.market.stream import Notice
from arb.venues.binance.merge import MergedBook
from arb.venues.binance.subscription import StreamSubscription
from arb.venues.levels import best_first, require_believable

DEPTHS: Final = (5, 10, 20)
STAMPED: Final = "depth@100ms"
STAMPED_FIRST: Final = "btcusdt"
STAMPLESS_NS_MAX: Final = NS_PER_S  # of books that come and no stamps: ten missed ones
SHUTDOWN_EVENT: Final = "serverShutdown"


class _Frame(msgspec.Struct):
    """A combined frame, a control reply, or a bare event."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    e: str = ""
    id: Any = None
    result: Any = msgspec.UNSET
    error: Any = None
    code: Any = None


class _Name(msgspec.Struct):
    stream: str = ""


class _Top(msgspec.Struct):
    u: int
    b: Decimal
    B: Decimal
    a: Decimal
    A: Decimal


class _Depth(msgspec.Struct):
    lastUpdateId: int
    bids: list[Level]
    asks: list[Level]


class _Change(msgspec.Struct):
    E: int


_NAME: Final = msgspec.json.Decoder(_Name)
_FRAME: Final = msgspec.json.Decoder(_Frame)
_TOP: Final = msgspec.json.Decoder(_Top)
_DEPTH: Final = msgspec.json.Decoder(_Depth)
_CHANGE: Final = msgspec.json.Decoder(_Change)


class BinanceStream:
    """The market data protocol of one connection."""

    venue = Venue.BINANCE

    def __init__(self, *, coins: Sequence[Coin], levels_max: int) -> None:
        self._levels_max = levels_max
        self._depth = next(depth for depth in DEPTHS if depth >= levels_max)
        self._symbols = _symbols(coins)
        self._books: dict[Symbol, MergedBook] = {}
        self._subscription = StreamSubscription(self._streams_of)
        self._stamped = STAMPED_FIRST  # the market whose stamps are asked for
        self._stampless_ns = 0  # since when books come and no stamps (ours), 0 where they do

    def path(self) -> str:
        """Return the address after the host: that of frames with the names of their streams."""
        return "/stream"

    def watch(self, coins: Collection[Coin]) -> None:
        """Want these coins from now on."""
        self._symbols = _symbols(coins)

    def due(self, steady_ns: int) -> tuple[str, ...]:
        """Return the subscription message that is due now, if any."""
        symbols = self._symbols
        wanted = dict.fromkeys((f"{self._stamped}@{STAMPED}", *symbols)) if symbols else {}
        message = self._subscription.due(wanted, steady_ns)
        return () if message is None else (message,)

    def rejected(self) -> Mapping[Coin, str]:
        """Return the coins that the venue does not take, and its words."""
        symbols = self._symbols
        found = self._subscription.rejected.items()
        return {coin_of(symbols[name]): why for name, why in found if name in symbols}

    @property
    def _kinds(self) -> tuple[str, str]:
        return "bookTicker", f"depth{self._depth}@100ms"

    def _streams_of(self, name: str) -> list[str]:
        return [name] if "@" in name else [f"{name}@{kind}" for kind in self._kinds]

    def opened(self) -> tuple[str, ...]:
        """Forget the last connection: `due` asks for everything anew."""
        self._books.clear()
        self._stampless_ns = 0
        self._subscription.opened()
        return ()

    def series(self, frame: bytes) -> str:
        """Return the stream: best prices, books and stamps each take the place of the last one."""
        try:
            name = _NAME.decode(frame).stream
        except (ValueError, RecursionError):
            return ""
        return name if "@" in name else ""

    def read(self, frame: bytes, ts_recv_ns: int) -> Book | FrameStamp | Notice:
        """Return the symbol's book after this frame, the venue's time, or what else the frame says.

        Raises: DataError, Rejected.
        """
        try:
            outer = _FRAME.decode(frame)
            name, _, kind = outer.stream.partition("@")
            symbol = self._symbols.get(name)
            if kind == STAMPED:
                self._stampless_ns = 0
                return FrameStamp(_CHANGE.decode(outer.data).E * NS_PER_MS)
            if symbol is not None and kind in self._kinds:
                self._look_for_stamps(name, ts_recv_ns)
                if kind == "bookTicker":
                    return self._read_top(symbol, _TOP.decode(outer.data), ts_recv_ns)
                return self._read_depth(symbol, _DEPTH.decode(outer.data), ts_recv_ns)
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, not the right shape, too deep
            raise DataError("malformed", str(error)) from error
        if self._is_answer(outer):
            return Notice.ALIVE
        return _notice(outer)

    def _look_for_stamps(self, name: str, ts_recv_ns: int) -> None:
        """Have another market's stamps sent where those of the present one stay away."""
        if not self._stampless_ns:
            self._stampless_ns = ts_recv_ns
        elif not 0 <= ts_recv_ns - self._stampless_ns <= STAMPLESS_NS_MAX:
            self._stamped, self._stampless_ns = name, ts_recv_ns

    def _is_answer(self, frame: _Frame) -> bool:
        if frame.stream or (frame.result is msgspec.UNSET and frame.error is None):
            return False
        return self._subscription.answered(frame.id, _words(frame.error))

    def _read_top(self, symbol: Symbol, top: _Top, ts_recv_ns: int) -> Book:
        bid, ask = Level(top.b, top.B), Level(top.a, top.A)
        require_believable(bid, ask)
        return self._book(symbol).take_top(bid, ask, top.u, ts_recv_ns)

    def _read_depth(self, symbol: Symbol, depth: _Depth, ts_recv_ns: int) -> Book:
        bids = best_first(depth.bids, self._levels_max, lt)
        asks = best_first(depth.asks, self._levels_max, gt)
        return self._book(symbol).take_depth(bids, asks, depth.lastUpdateId, ts_recv_ns)

    def _book(self, symbol: Symbol) -> MergedBook:
        if symbol not in self._books:
            self._books[symbol] = MergedBook(symbol, self._levels_max)
        return self._books[symbol]


def _symbols(coins: Iterable[Coin]) -> dict[str, Symbol]:
    return {f"{coin}usdt".lower(): symbol_on(Venue.BINANCE, coin) for coin in coins}


def _words(error: object) -> str:
    return "" if error is None else f"refused: {error}"[:200]


def _notice(frame: _Frame) -> Notice:
    if frame.e == SHUTDOWN_EVENT or frame.stream == f"!{SHUTDOWN_EVENT}":
        return Notice.SHUTDOWN
    if frame.error is not None or frame.code is not None:
        raise Rejected(Venue.BINANCE, f"subscription: {frame.error or frame.code}"[:200])
    if frame.stream:
        raise DataError("unexpected", frame.stream[:80])
    return Notice.ALIVE
