"""The newsroom over a real database and a web hook: told once, over processes, beside whoever asked."""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.messages import SqlMessages
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.tables import trades
from arb.adapters.postgres.trades import SqlTradeStore
from arb.app.messages import Newsroom
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.state.owner import Owner
from arb.domain.time import NS_PER_DAY, NS_PER_S
from arb.stack.wait import wait_until
from config.settings import load
from tests.contracts import world
from tests.contracts.backends import sql_engine
from tests.domain.markets import PAIR, market

pytestmark = pytest.mark.integration


class Uncounted:
    def count(self, name, reason, amount=1): ...


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict], threading.Event]]:
    """A web hook's address, what it was sent, and what lets it answer."""
    received: list[dict] = []
    answers = threading.Event()
    answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answers.wait(30)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received, answers
    answers.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def engine(database_url, tmp_path, hook):
    """What the newsroom needs of an engine: a session with a trade that has just closed."""
    database, made = sql_engine(database_url), world.session()
    sessions, store = SqlSessionStore(database), SqlTradeStore(database)
    sessions.create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    opening = world.opening(made.session_id, now_ns=world.NOW_NS)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    settings = load(
        made.environment,
        {
            "ARB_HOME": str(tmp_path),
            "ARB_ALERTS__WEBHOOK_URL": hook[0],
            "ARB_MESSAGES__KINDS": "trade_closed,day_summary,rules_changed,inventory_low,premium_above",
        },
    )
    clock = ManualClock(world.NOW_NS)
    yield SimpleNamespace(
        settings=settings,
        session_id=made.session_id,
        clock=clock,
        stores=SimpleNamespace(alerts=SqlAlertStore(database), owner=Owner(environment=made.environment)),
        unmirrored=SimpleNamespace(sessions=sessions),
        trades=store,
        counters=Uncounted(),
        markets=SimpleNamespace(pair=PAIR, read=lambda coins, now_ns: {Coin("BTC"): market()}),
        database=database,
    )
    database.dispose()


def close_trade(engine, at_ns: int) -> None:
    ended = {"state": "closed", "closed_at_ns": at_ns, "pnl_krw": Decimal("7"), "reason": "converged"}
    with engine.database.begin() as connection:
        connection.execute(update(trades).where(trades.c.session_id == engine.session_id).values(**ended))


def told(received: list[dict]) -> list[str]:
    return [post["kind"] for post in received]


def test_a_trade_that_closes_is_told_once_whichever_process_looks(engine, hook):
    _, received, _ = hook
    assert Newsroom().run(engine)
    engine.clock.advance_ns(5 * NS_PER_S)
    close_trade(engine, engine.clock.now_ns() - NS_PER_S)
    rooms = [Newsroom() for _ in range(3)]
    for room in rooms:
        room.run(engine)
    wait_until(lambda: None if "trade_closed" in told(received) else "not told", limit_s=20, what="it")
    for day in range(3):
        engine.clock.advance_ns(NS_PER_DAY * (day + 1))
        Newsroom().run(engine)
    assert told(received).count("trade_closed") == 1
    post = next(post for post in received if post["kind"] == "trade_closed")
    assert post["sender"] == f"arb {engine.settings.mode}"
    assert post["title"].startswith("Trade closed: BTC, +7 KRW")
    rows = SqlMessages(engine.database).listed(50)
    assert [row["told_by"] for row in rows if row["kind"] == "trade_closed"] == ["webhook"]


def test_a_messenger_that_hangs_holds_up_nobody(engine, hook):
    _, _, answers = hook
    Newsroom().run(engine)
    engine.clock.advance_ns(5 * NS_PER_S)
    close_trade(engine, engine.clock.now_ns() - NS_PER_S)
    answers.clear()
    room, went = Newsroom(), []
    asking = threading.Thread(target=lambda: went.append(room.run(engine)))
    asking.start()
    asking.join(3)
    assert went == [True]
    assert room.run(engine)
    answers.set()


def test_without_an_address_nothing_is_kept(engine, tmp_path):
    engine.settings = load(engine.settings.mode, {"ARB_HOME": str(tmp_path)})
    close_trade(engine, engine.clock.now_ns())
    assert Newsroom().run(engine) is False
    own = [row for row in SqlMessages(engine.database).listed(200) if row["session_id"] == engine.session_id]
    assert own == []
    assert Pair(*engine.settings.pair) == PAIR
