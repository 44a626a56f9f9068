"""A stack's facts without a stack; any source can be taken away."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from arb.app.facts.model import FrameReader
from arb.domain.errors import ArbError, StoreUnavailable
from arb.domain.ledger.report import Report, SessionTotals, Valuation, make_report
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.market.markets import Markets
from arb.ports.market import Clock
from arb.ports.trading import Session, TradeView
from arb.stack.control import ProcessStatus
from tests.check.histories import RULES, SESSION, START_NS, order, trade
from tests.domain.markets import PAIR, a_belief

BTC, ETH = Coin("BTC"), Coin("ETH")
NOW_NS = START_NS + 75_000_000_000
SOURCES = (
    "books",
    "session",
    "active",
    "report",
    "queues",
    "fallback_queues",
    "processes",
    "heartbeats",
    "counters",
)


def book(venue: Venue, symbol: str, price: str, age_ms: int) -> Book:
    middle = Decimal(price)
    return Book(
        venue=venue,
        symbol=Symbol(symbol),
        bids=(Level(middle - middle / 100_000, Decimal(5)),),
        asks=(Level(middle + middle / 100_000, Decimal(5)),),
        sequence=1,
        ts_event_ns=0,
        ts_recv_ns=NOW_NS - age_ms * 1_000_000,
    )


BOOKS = (
    book(Venue.UPBIT, "BTC/KRW", "141400000", 40),
    book(Venue.BINANCE, "BTC/USDT", "100000", 20),
    book(Venue.UPBIT, "USDT/KRW", "1400", 30),
)


def process(name: str, state: str = "RUNNING", exits: int = 0) -> ProcessStatus:
    return ProcessStatus(
        name=name, state=state, pid=7, uptime_s=70, starts=1 + exits, exits=exits, exit_status=0
    )


class Stack:
    """Answers like a running stack, but for what is away."""

    coins = (BTC, ETH)

    def __init__(self, *away: str, error: ArbError | None = None) -> None:
        self.away, self.error = set(away), error or StoreUnavailable("away")
        self.asked: list[str] = []

    def _get(self, name: str, value: Any) -> Any:
        self.asked.append(name)
        if name in self.away:
            raise self.error
        return value

    def books(self) -> Mapping[tuple[Venue, Symbol], Book]:
        return self._get("books", {(each.venue, each.symbol): each for each in BOOKS})

    def session(self) -> Session:
        return self._get("session", SESSION)

    def active(self) -> tuple[TradeView, ...]:
        entries = tuple(order(1, venue, 1, Decimal("0.1"), START_NS) for venue in PAIR.venues)
        return self._get("active", (TradeView(trade(1, Decimal("0.1"), START_NS), entries),))

    def report(self) -> Report:
        totals = SessionTotals(
            started_at_ns=START_NS,
            trades={
                (BTC, TradeState.CLOSED): 12,
                (BTC, TradeState.OPEN): 1,
                (BTC, TradeState.ESCALATED): 1,
            },
            realised_krw={BTC: Decimal(12345)},
            orders={OrderState.FILLED: 50, OrderState.UNKNOWN: 1, OrderState.REJECTED: 2},
            fills={BTC: 61},
        )
        made = make_report(totals, Valuation(krw_per_usdt=Decimal(1400)), {"rate_stale": 3}, {}, None)
        return self._get("report", made)

    def queues(self) -> dict[str, int]:
        return self._get("queues", {"orders": 1, "evaluate": 2, "housekeeping": 3})

    def fallback_queues(self) -> dict[str, int]:
        return self._get("fallback_queues", {"orders": 4})

    def processes(self) -> tuple[ProcessStatus, ...]:
        return self._get(
            "processes",
            (process("feed"), process("beat", "BACKOFF", exits=3), process("worker-housekeeping")),
        )

    def heartbeats(self) -> Mapping[str, Mapping[str, str]]:
        beats = {
            "feed": {"at_ns": str(NOW_NS - 500_000_000)},
            "by-hand": {"at_ns": str(NOW_NS - 80_000_000_000)},
        }
        return self._get("heartbeats", beats)

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        return self._get("counters", {"refused": {"rate_stale": 3}})


class NoQuotes:
    """Markets want a store; frames hand the books in."""

    def get(self, _keys: object) -> dict[Any, Any]:
        return {}


def assemble() -> Callable[..., Any]:
    return Markets(pair=PAIR, quotes=NoQuotes(), instruments=RULES, belief=a_belief()).assemble  # type: ignore[arg-type]


def frames(stack: Stack, clock: Clock) -> FrameReader:
    return FrameReader(stack, clock, "mock", Decimal(1000), PAIR, assemble())
