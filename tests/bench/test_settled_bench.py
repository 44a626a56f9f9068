"""From an order that was sent to its trade at rest: what our process and PostgreSQL spend on it, by step.

The engine over a real database, with venues and a queue in memory: one venue answers at once, the other one
that it waits, and its stream tells first. `make bench ARGS="-k settled"`; BENCH_TRADES says how many pairs
are opened and closed. What is counted is CPU, not time: a busy machine says much the same.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import psutil
import pytest
from psycopg2 import extensions
from sqlalchemy import event

from arb.adapters.memory.venue import Trouble
from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderReport, OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.trading.fills import HeldBack, RecordReport, StreamedReport
from tests.engine.testbed import SESSION, EngineTestbed

TRADES = int(os.environ.get("BENCH_TRADES", "100"))
WARM = 10


class SqlTestbed(EngineTestbed):
    """The same engine with its rows in PostgreSQL."""

    def __init__(self, engine) -> None:
        self._engine = engine
        super().__init__(senders=8)

    def _wire_engine(self) -> None:
        session = self.sessions.get(SESSION)
        self.trades, self.sessions = SqlTradeStore(self._engine), SqlSessionStore(self._engine)
        self.sessions.create(session)
        super()._wire_engine()
        self.stream = RecordReport(
            trades=self.trades, dispatcher=self.dispatcher, counters=self.counters,
            alerts=self.alert_store, clock=self.clock, ended=self.execute.ended,
            held=HeldBack(lambda: None),
        )  # fmt: skip


class Meter:
    """CPU of this process and of its connection's server, statements and round trips, by step."""

    def __init__(self, engine) -> None:
        self._engine, self.steps = engine, {}
        self._seen: Counter[str] = Counter()
        self._inner: Counter[str] = Counter()  # what steps within the one that goes on used

        @event.listens_for(engine, "after_cursor_execute")
        def executed(*_) -> None:
            self._seen["statements"] += 1

        extensions.set_wait_callback(self._wait)

    def _wait(self, connection) -> None:
        self._seen["round trips"] += 1
        patience.wait(connection)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        outer, self._inner = self._inner, Counter()
        before = self._now()
        yield
        used = self._now()
        used.subtract(before)
        outer.update(used)
        used.subtract(self._inner)
        self.steps.setdefault(name, Counter()).update(used)
        self._inner = outer

    def _now(self) -> Counter[str]:
        found = Counter(self._seen)
        found["ours, ms"], found["PostgreSQL, ms"] = 1e3 * time.process_time(), 1e3 * self._servers_s()
        return found

    def _servers_s(self) -> float:
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)

    pids: tuple[int, ...] = ()


@pytest.fixture
def bed(database_url):
    engine = make_engine(database_url, Pool(size=1, overflow_max=0))
    yield SqlTestbed(engine)
    engine.dispose()


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_from_sent_to_settled(bed):
    meter = Meter(bed._engine)
    with bed._engine.connect() as connection:
        meter.pids = (connection.connection.dbapi_connection.info.backend_pid,)
    for _ in range(WARM):
        traded(bed, meter)
    meter.steps.clear()
    sent: Counter[str] = Counter()
    for _ in range(TRADES):
        sent += traded(bed, meter)
    shown(meter, sent)


def traded(bed: SqlTestbed, meter: Meter) -> Counter[str]:
    """Open a pair and close it; return the messages that it took."""
    sent: Counter[str] = Counter()
    for premium, state in ((60, TradeState.OPEN), (0, None)):
        bed.pass_time(2_000)
        bed.premium(premium)
        bed.venues[Venue.UPBIT].troubles.append(Trouble.WAIT)
        bed.evaluate.run()
        sends, bed.handed[:] = list(bed.handed), []
        assert len(sends) == 2, (premium, bed.trades.active(SESSION))
        bed.clock.sleep_ms = lambda _ms: told(bed, meter, Venue.UPBIT)
        for send in sends:
            with meter.step("sent, answered, recorded"):
                send()
        told(bed, meter, Venue.BINANCE)
        bed.stream.flush()
        sent += settled(bed, meter)
        assert [view.trade.state for view in bed.trades.active(SESSION)] == [state] * (state is not None)
    return sent


def settled(bed: SqlTestbed, meter: Meter) -> Counter[str]:
    """Run the messages that were sent, and return how many of each."""
    sent: Counter[str] = Counter()
    bed.collect()
    while bed.pending:
        sent[bed.pending[0][1]] += 1
        with meter.step(f"message {bed.pending[0][1]}"):
            bed.run_one()
    return sent


def told(bed: SqlTestbed, meter: Meter, venue: Venue) -> None:
    """Have a stream tell of the newest order of a venue, as venues do: accepted, filled, over."""
    placed = bed.venues[venue].placed
    for each in events(venue, placed[list(placed)[-1]][0]):
        with meter.step("told by a stream"):
            bed.stream.run(each)


def events(venue: Venue, report: OrderReport) -> Iterator[StreamedReport]:
    executed = sum((fill.quantity for fill in report.fills), Decimal(0))
    accepted = replace(report, status=OrderState.ACCEPTED, fills=(), executed=None)
    yield StreamedReport(venue=venue, report=accepted, executed=Decimal(0))
    yield StreamedReport(
        venue=venue, report=replace(report, status=OrderState.PARTIALLY_FILLED), executed=executed
    )
    if venue is Venue.UPBIT:
        yield StreamedReport(venue=venue, report=replace(report, fills=()), executed=executed)


def shown(meter: Meter, sent: Counter[str]) -> None:
    orders = TRADES * 4
    print(f"\n{'an order':36}{'ours, ms':>10}{'PostgreSQL, ms':>16}{'statements':>12}{'round trips':>13}")
    total: Counter[str] = Counter()
    for name, found in meter.steps.items():
        line(name, found, orders)
        total.update(found)
    line("all of it", total, orders)
    print(f"messages: { {name: number / orders for name, number in sent.items()} }")


def line(name: str, found: Counter[str], orders: int) -> None:
    print(f"{name:36}{found['ours, ms'] / orders:10.2f}{found['PostgreSQL, ms'] / orders:16.2f}"
          f"{found['statements'] / orders:12.2f}{found['round trips'] / orders:13.2f}")  # fmt: skip
