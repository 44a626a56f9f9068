"""The facts of the page, in sections. Each is read by itself, so that a source that is away, or hangs, takes
away its own section and no other.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from arb.adapters.postgres.dashboard import SqlDashboard
from arb.adapters.postgres.latency import PERCENTILES, parts_ms
from arb.app.emergency import stop_of
from arb.app.facts.frame import ProcessLine
from arb.app.facts.model import Books, process_lines, quote_line
from arb.app.facts.open_pairs import open_pair
from arb.app.facts.opportunities import opportunity_row
from arb.app.facts.sources import Sources, or_none
from arb.app.judge import prices_of
from arb.app.round_trip import economics_of
from arb.app.rules import strategies_of
from arb.app.wiring import Engine
from arb.domain.health.degradation import Degree
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin
from arb.domain.market.opportunity import joined
from arb.domain.market.pair import Pair
from arb.domain.risk.review import Mode
from arb.domain.time import ALWAYS, NS_PER_MINUTE, NS_PER_MS
from arb.engine.market.markets import shown_rate, symbol_on
from arb.stack.home import Home
from arb.stack.memory import resident_bytes
from arb.web.budget import budget
from arb.web.history import PremiumHistory
from arb.web.inventory import inventory, worth_krw

LEVELS_MAX: Final = 8
EVENTS_MAX: Final = 60
ALERTS_MAX: Final = 20
TRADES_MAX: Final = 50
CLOSED_MAX: Final = 40
CHANCES_MAX: Final = 40
CHART_MS: Final = 1_000  # between two points
LEAN_CHART_MS: Final = 10_000  # while the machine is short of something
LEAN_CURVE_MS: Final = 60_000
LATENCY_NS: Final = 5 * NS_PER_MINUTE
Document = Any  # what JSON holds, and Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """One part of the page. What is costly is read less often, and mostly only while somebody looks."""

    name: str
    read: Callable[[], Document]
    every_ms: int
    unwatched_every_ms: int = 0  # while nobody looks; 0: not at all then
    lean_every_ms: int = 0  # while the machine is short of something; 0: as ever


class SectionReader:
    """Reads the sections of a running stack; each reader raises an ArbError when its source is away."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        home: Home,
        history: PremiumHistory,
        kill: Callable[[], Document],
    ) -> None:
        self._engine, self._home, self._history, self._kill = engine, home, history, kill
        self._sources: Sources | None = None
        self._drawn_ns = 0
        self._depth: Document = {}

    def sections(self) -> tuple[PageSection, ...]:
        """Return every section, the hot ones first."""
        return (
            PageSection(name="market", read=self.market, every_ms=1_000, unwatched_every_ms=5_000),
            PageSection(name="kill", read=self._kill, every_ms=1_000),
            PageSection(name="emergency", read=self.emergency, every_ms=2_000),
            PageSection(name="session", read=self.session, every_ms=1_000),
            PageSection(name="trades", read=self.trades, every_ms=1_000),
            PageSection(name="closed", read=self.closed, every_ms=2_000, lean_every_ms=20_000),
            PageSection(name="opportunities", read=self.opportunities, every_ms=2_000, lean_every_ms=20_000),
            PageSection(name="inventory", read=self.inventory, every_ms=2_000, lean_every_ms=10_000),
            PageSection(name="events", read=self.events, every_ms=1_000, lean_every_ms=5_000),
            PageSection(name="queues", read=self.queues, every_ms=1_000),
            PageSection(name="fallback", read=self.fallback, every_ms=5_000),
            PageSection(name="risk", read=self.risk, every_ms=2_000),
            PageSection(name="result", read=self.result, every_ms=2_000),
            PageSection(name="profit", read=self.profit, every_ms=5_000, lean_every_ms=LEAN_CURVE_MS),
            PageSection(name="latency", read=self.latency, every_ms=10_000, lean_every_ms=LEAN_CURVE_MS),
            PageSection(name="processes", read=self.processes, every_ms=2_000),
            PageSection(name="alerts", read=self.alerts, every_ms=2_000),
        )

    def market(self) -> Document:
        """Return quotes, premium, edge and depth of every coin."""
        engine, sources = self._engine(), self._wired()
        now_ns = engine.clock.now_ns()
        books = sources.books()
        notional = engine.settings.leg_notional
        markets = {coin: or_none(partial(engine.markets.assemble, coin, books)) for coin in sources.coins}
        pair = engine.markets.pair
        quotes = [quote_line(pair, coin, books, markets[coin], notional, now_ns) for coin in sources.coins]
        chart_ms = LEAN_CHART_MS if self._lean() else CHART_MS
        if self._draws(engine.clock.steady_ns(), chart_ms):
            self._history.add(now_ns // NS_PER_MS, quotes)
            self._depth = {coin: _depth(pair, coin, books) for coin in sources.coins}
        return {
            "krw_per_usdt": shown_rate(pair, books),
            "entry_edge_bps": round(economics_of(engine.settings).edge_bps_least, 1),
            "quote_age_ms_max": engine.settings.risk.quote_age_ms_max,
            "quotes": [asdict(quote) for quote in quotes],
            "depth": self._depth,
            "chart_every_ms": chart_ms,
        }

    def emergency(self) -> Document:
        """Return what an emergency stop waits for; an empty document if none is under way."""
        return stop_of(self._home) or {}

    def session(self) -> Document:
        """Return which session it is and how much it may do."""
        session = self._wired().session()
        degree = self._engine().stores.board.degree().name.lower()
        return None if session is None else asdict(session) | {"degree": degree}

    def trades(self) -> Document:
        """Return the newest trades at risk, what they earn now and wait for, and how many there are."""
        engine, active = self._engine(), self._wired().at_risk()
        now_ns = engine.clock.now_ns()
        views, strategies = active[-TRADES_MAX:][::-1], strategies_of(engine.settings, engine.shared.levels)
        coins = tuple(dict.fromkeys(view.trade.coin for view in views))
        markets = engine.markets.read(coins, now_ns) if coins else {}
        lines = [
            open_pair(view, markets.get(view.trade.coin), strategies.of(view.trade.coin), now_ns)
            for view in views
        ]
        return {"count": len(active), "newest": lines}

    def closed(self) -> Document:
        """Return the newest trades that have ended."""
        return self._sql().closed(CLOSED_MAX)

    def opportunities(self) -> Document:
        """Return the newest chances, the newest first: what each was at its best, and what became of it."""
        engine = self._engine()
        found = engine.recording.kept_chances.read(engine.session_id, ALWAYS, CHANCES_MAX)
        return [opportunity_row(each) for each in reversed(joined(found))]

    def inventory(self) -> Document:
        """Return what each venue should hold by the ledger, what of it is free, and what that is worth."""
        engine = self._engine()
        held = engine.trades.balances(engine.session_id)
        return inventory(held, engine.trades.free(engine.session_id), prices_of(engine, ()))

    def result(self) -> Document:
        """Return the report so far, and what its fees come to."""
        report = self._wired().report()
        fees_krw = worth_krw(report.fees, prices_of(self._engine(), ()))
        return report.as_json() | {"fees_krw": fees_krw}

    def profit(self) -> Document:
        """Return the realised profit over time."""
        return self._sql().profit_curve(self._engine().clock.now_ns())

    def latency(self) -> Document:
        """Return how long each part of the way to a filled order took in the last minutes, in ms."""
        since_ns = self._engine().clock.now_ns() - LATENCY_NS
        return parts_ms(self._sql().latencies_s(since_ns, tuple(PERCENTILES.values())))

    def risk(self) -> Document:
        """Return how much of each ceiling is used."""
        engine = self._engine()
        return budget(engine.settings, self._sql().exposure(Mode.NORMAL, engine.clock.now_ns()))

    def events(self) -> Document:
        """Return the newest events of orders and trades."""
        return self._sql().events(EVENTS_MAX)

    def alerts(self) -> Document:
        """Return the newest alerts."""
        return self._sql().alerts(ALERTS_MAX)

    def queues(self) -> Document:
        """Return how much waits at the primary broker."""
        return self._wired().queues()

    def fallback(self) -> Document:
        """Return how much waits at the fallback broker."""
        return self._wired().fallback_queues()

    def processes(self) -> Document:
        """Return how every process is, with its memory."""
        sources, now_ns = self._wired(), self._engine().clock.now_ns()
        statuses = sources.processes()
        beats = or_none(sources.heartbeats) or {}
        lines = process_lines(statuses, beats, now_ns) or ()
        return [asdict(line) | {"rss_bytes": _memory(line)} for line in lines]

    def _draws(self, steady_ns: int, every_ms: int) -> bool:
        """Tell whether it is time for another point of the charts, and for the depth."""
        if self._drawn_ns and steady_ns - self._drawn_ns < every_ms * NS_PER_MS * 0.9:
            return False
        self._drawn_ns = steady_ns
        return True

    def lean(self) -> bool:
        """Tell whether the machine is short of something; if nobody knows, it is not."""
        return bool(or_none(self._lean))

    def _lean(self) -> bool:
        return self._engine().stores.board.degree() >= Degree.LEAN

    def _wired(self) -> Sources:
        if self._sources is None:
            self._sources = Sources.of(self._engine(), self._home)
        self._sources = self._sources.following(self._engine())
        return self._sources

    def _sql(self) -> SqlDashboard:
        engine = self._engine()
        return SqlDashboard(engine.stores.trades.engine, engine.session_id)


def _memory(line: ProcessLine) -> int | None:
    return resident_bytes(line.status.pid) if line.status else None


def _depth(pair: Pair, coin: Coin, books: Books) -> Mapping[str, Any]:
    return {venue.value: _levels(books.get((venue, symbol_on(venue, coin)))) for venue in pair.venues}


def _levels(book: Book | None) -> Mapping[str, list[tuple[Decimal, Decimal]]] | None:
    if book is None:
        return None
    sides = {"bids": book.bids, "asks": book.asks}
    return {
        side: [(each.price, each.quantity) for each in levels[:LEVELS_MAX]] for side, levels in sides.items()
    }
