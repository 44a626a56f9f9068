"""What writing a new pair costs by statement, with a history behind it: `make bench ARGS="-k opening"`.

Prints, and asserts only that what is at risk is planned once a connection.
"""

import time
from collections import defaultdict
from statistics import median, quantiles

import pytest
from sqlalchemy import event, text

from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.risk.review import Approved, review
from arb.domain.time import NS_PER_MS
from arb.domain.trading.reentry import ReentryRules
from tests.adapters.postgres.long_history import plan, write_history
from tests.contracts import world

HISTORY = 3_000
OPENINGS = 300
AT_ONCE = 10  # pairs that are open together
SPACING_NS = 50_000_000
OVER = (
    "UPDATE trades SET state = 'closed', closed_at_ns = updated_at_ns + 1 WHERE state = 'opening'",
    "UPDATE orders SET state = 'filled' WHERE state <> 'filled'",
    "UPDATE holds SET state = 'posted' WHERE state = 'reserved'",
)


@pytest.fixture
def trades(database_url):
    engine = make_engine(database_url, Pool(size=1))
    yield SqlTradeStore(engine)
    engine.dispose()


def test_an_opening_by_statement(trades):
    session = world.session()
    SqlSessionStore(trades.engine).create(session)
    for entry in world.openings(session.session_id):
        trades.book_entry(session.session_id, entry, world.NOW_NS)
    write_history(trades.engine, session.session_id, HISTORY, world.NOW_NS, "old", spacing_ns=SPACING_NS)
    plan(trades.engine)
    by_statement = watched(trades.engine)
    for is_ahead, what in ((False, "read under the locks"), (True, "read ahead")):
        opened(trades, session.session_id, AT_ONCE, is_ahead)
        by_statement.clear()
        took_ms, cpu_ms = opened(trades, session.session_id, OPENINGS, is_ahead)
        print(f"\nan opening, exposure {what}: p50 {median(took_ms):.2f}, "
              f"p90 {quantiles(took_ms, n=10)[8]:.2f}, least {min(took_ms):.2f} ms; "
              f"our own CPU {median(cpu_ms):.2f} ms")  # fmt: skip
        for name, each_ms in sorted(by_statement.items(), key=lambda item: -sum(item[1])):
            if len(each_ms) == OPENINGS:
                print(f"{median(each_ms):8.2f} ms  {name}")
    with trades.engine.connect() as connection:
        planned = text("SELECT custom_plans FROM pg_prepared_statements WHERE name = 'arb_at_risk'")
        assert connection.execute(planned).scalar_one() < AT_ONCE


def opened(trades, session_id, amount, is_ahead):
    """Return what each opening took, in ms, and our own CPU of it."""
    limits = world.with_limits(
        trades_open_max=10**6,
        trades_open_per_coin_max=10**6,
        orders_per_minute_max=10**6,
        reentry=ReentryRules(pause_ns=NS_PER_MS, pause_ns_max=NS_PER_MS),  # the history has lost
    )
    took_ms, cpu_ms = [], []
    for number in range(amount):
        if number % AT_ONCE == 0:
            over(trades)
        now_ns = world.NOW_NS + next(world.numbers) * SPACING_NS
        made = world.opening(session_id, quantity="0.00001", now_ns=now_ns, coin=("BTC", "ETH")[number % 2])
        ways = [(made.trade.coin, made.trade.direction)]
        known = trades.known_exposure(session_id, ways, now_ns) if is_ahead else None
        began, cpu_s = time.perf_counter(), time.process_time()
        if known is None:
            assert isinstance(trades.open_trade(made.proposal, made.orders, limits, now_ns), Approved)
        else:
            verdict = review(made.proposal, limits, known.exposure)
            assert trades.open_reviewed(verdict, made.orders, known)
        took_ms.append((time.perf_counter() - began) * 1e3)
        cpu_ms.append((time.process_time() - cpu_s) * 1e3)
    return took_ms, cpu_ms


def over(trades):
    with trades.engine.begin() as connection:
        for statement in OVER:
            connection.execute(text(statement))


def watched(engine):
    """Return a table that fills with the milliseconds of each statement."""
    found: dict[str, list[float]] = defaultdict(list)
    began: list[float] = []

    @event.listens_for(engine, "before_cursor_execute")
    def begin(*_):
        began[:] = [time.perf_counter()]

    @event.listens_for(engine, "after_cursor_execute")
    def end(_connection, _cursor, statement, *_):
        found[" ".join(statement.split())[:80]].append((time.perf_counter() - began[0]) * 1e3)

    return found
