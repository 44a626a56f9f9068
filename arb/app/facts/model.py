"""Gathers the facts of one frame; whatever is away is left out and named."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from arb.app.facts.frame import Frame, ProcessLine, QuoteLeg, QuoteLine, TradeLine
from arb.domain.errors import ArbError
from arb.domain.ledger.report import Report
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Market, common_quantity, edge
from arb.domain.time import NS_PER_MS
from arb.domain.trading.position import trade_position
from arb.engine.market.markets import shown_rate, symbol_on
from arb.ports.market import Clock
from arb.ports.trading import Session, TradeView
from arb.stack.control import ProcessStatus

SLOW_NS: Final = 2_000_000_000  # what costs more than a round trip is read this often
Value = TypeVar("Value")
Books = Mapping[tuple[Venue, Symbol], Book]


class Facts(Protocol):
    """What a frame is made of; every method may raise an `ArbError`."""

    @property
    def coins(self) -> tuple[Coin, ...]: ...
    def books(self) -> Books: ...
    def session(self) -> Session | None: ...
    def active(self) -> Sequence[TradeView]: ...
    def report(self) -> Report: ...
    def queues(self) -> Mapping[str, int]: ...
    def fallback_queues(self) -> Mapping[str, int]: ...
    def processes(self) -> Sequence[ProcessStatus]: ...
    def heartbeats(self) -> Mapping[str, Mapping[str, str]]: ...
    def counters(self) -> Mapping[str, Mapping[str, int]]: ...


class FrameReader:
    """Reads frames, one after the other."""

    def __init__(
        self,
        facts: Facts,
        clock: Clock,
        environment: str,
        notional_usdt: Decimal,
        pair: Pair,
        assemble: Callable[[Coin, Books], Market | None],
    ) -> None:
        self._pair = pair
        self._facts, self._clock, self._environment = facts, clock, environment
        self._notional_usdt, self._assemble = notional_usdt, assemble
        self._kept: dict[str, tuple[int, Any]] = {}
        self._away: set[str] = set()

    def read(self) -> Frame:
        """Return what there is to see now; never raises for what is away."""
        self._away.clear()
        now_ns = self._clock.now_ns()
        facts = self._facts
        books = self._read("quotes", facts.books) or {}
        active = self._read("trades", facts.active)
        processes = self._slowly("processes", facts.processes)
        beats = self._read("heartbeats", facts.heartbeats) or {}
        return Frame(
            at_ns=now_ns,
            environment=self._environment,
            krw_per_usdt=shown_rate(self._pair, books),
            session=self._read("session", facts.session),
            quotes=tuple(self._quote(coin, books, now_ns) for coin in facts.coins),
            trades=None if active is None else tuple(trade_line(view, now_ns) for view in active),
            report=self._slowly("report", facts.report),
            queues=self._read("queues", facts.queues),
            fallback_queues=self._slowly("fallback queues", facts.fallback_queues),
            processes=process_lines(processes, beats, now_ns),
            counters=self._slowly("counters", facts.counters),
            away=tuple(sorted(self._away)),
        )

    def _read(self, name: str, source: Callable[[], Value]) -> Value | None:
        try:
            return source()
        except ArbError:
            self._away.add(name)
            return None

    def _slowly(self, name: str, source: Callable[[], Value]) -> Value | None:
        """Read at most every two seconds; in between, and not longer, what was read last."""
        now_ns = self._clock.steady_ns()
        due_ns: int
        kept: Value | None
        due_ns, kept = self._kept.get(name, (0, None))
        if now_ns >= due_ns:
            kept = self._read(name, source)
            self._kept[name] = now_ns + SLOW_NS, kept
        elif kept is None:
            self._away.add(name)
        return kept

    def _quote(self, coin: Coin, books: Books, now_ns: int) -> QuoteLine:
        market = self._read("rules", lambda: self._assemble(coin, books))
        return quote_line(self._pair, coin, books, market, self._notional_usdt, now_ns)


def quote_line(
    pair: Pair, coin: Coin, books: Books, market: Market | None, notional_usdt: Decimal, now_ns: int
) -> QuoteLine:
    """Return a coin's quotes; premium and edge only where there is a market."""
    return QuoteLine(
        coin=coin,
        legs=tuple(_leg(venue, books.get((venue, symbol_on(venue, coin))), now_ns) for venue in pair.venues),
        premium_bps=market.premium_bps if market else None,
        edge_bps=_edge_bps(market, notional_usdt) if market else None,
    )


def _leg(venue: Venue, book: Book | None, now_ns: int) -> QuoteLeg:
    if book is None:
        return QuoteLeg(venue=venue.value, currency=venue.quote)
    age_ms = (now_ns - book.ts_recv_ns) // NS_PER_MS
    return QuoteLeg(venue=venue.value, currency=venue.quote, mid=book.mid, age_ms=age_ms)


def _edge_bps(market: Market, notional_usdt: Decimal) -> Decimal | None:
    quantity = common_quantity(market, notional_usdt)
    found = [edge(market, way, quantity) for way in market.pair.directions]
    return max((each.net_bps for each in found if each is not None), default=None)


def trade_line(view: TradeView, now_ns: int) -> TradeLine:
    """Return a trade with its legs and its notional, for the live view."""
    position = trade_position(view.orders)
    return TradeLine(
        trade_id=view.trade.trade_id,
        coin=view.trade.coin,
        state=view.trade.state.value,
        direction=str(view.trade.direction),
        age_s=(now_ns - view.trade.opened_at_ns) // (1000 * NS_PER_MS),
        hedged=position.hedged,
        imbalance=position.imbalance,
        orders=len(view.orders),
    )


def process_lines(
    statuses: Sequence[ProcessStatus] | None, beats: Mapping[str, Mapping[str, str]], now_ns: int
) -> tuple[ProcessLine, ...] | None:
    """Return every process that either its supervisor or its own heartbeat knows."""
    if statuses is None and not beats:
        return None
    known = {status.name: status for status in statuses or ()}
    names = [*known, *(name for name in sorted(beats) if name not in known)]
    return tuple(
        ProcessLine(name=name, status=known.get(name), heartbeat_age_ms=_age_ms(beats.get(name), now_ns))
        for name in names
    )


def _age_ms(facts: Mapping[str, str] | None, now_ns: int) -> int | None:
    at_ns = int(facts.get("at_ns", "0")) if facts else 0
    return (now_ns - at_ns) // NS_PER_MS if at_ns else None
