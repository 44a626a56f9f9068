"""A worker touches no session of another mode on the same Redis and PostgreSQL.

Where one did, whatever message it took, a paper session's order was sent to a venue for real, and a paper
worker ended a live order of unknown fate.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderState
from arb.stack.servers import Servers
from tests.contracts import world
from tests.contracts.backends import Stores
from tests.contracts.world import Opening
from tests.known_losses.helpers import require

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"  # where no venue answers
LIVES_NS = 600 * NS_PER_S
Work = Callable[[str, str, str], None]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory, servers: Servers, database_url: str) -> dict[str, str]:
    """What every worker of this module is told, besides its mode."""
    return os.environ | {
        "ARB_HOME": str(tmp_path_factory.mktemp("home")),
        "ARB_REDIS_URL": servers.redis.url,
        "ARB_DATABASE_URL": database_url,
        **{f"ARB_{venue.upper()}__REST_URL": NOBODY for venue in Venue},
        **{f"ARB_{venue.upper()}__CREDENTIALS__KEY": "made-up" for venue in Venue},
        **{f"ARB_{venue.upper()}__CREDENTIALS__SECRET": "made-up" for venue in Venue},
    }


@pytest.fixture(scope="module")
def work(environ: dict[str, str]) -> Iterator[Work]:
    """Have the worker of a mode run a task, as it does for a message that it finds."""
    with ExitStack() as running:

        @cache
        def worker(mode: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.known_losses.worker"],
                cwd=ROOT,
                env=environ | {"ARB_MODE": mode},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            return running.enter_context(process)

        def run(mode: str, task: str, subject: str) -> None:
            process = worker(mode)
            print(task, subject, file=process.stdin, flush=True)
            said = iter(process.stdout.readline, "")
            require(any(line.strip() == subject for line in said), f"the {mode} worker ended")

        yield run


@pytest.fixture
def stores(sql: Stores) -> Stores:
    """Stores with a session in use in each mode of a worker."""
    for mode in ("paper", "mock"):
        sql.sessions.create(world.session(environment=mode))
    return sql


def open_trade(stores: Stores, environment: str) -> Opening:
    """Return a trade of a session of that environment, with both of its orders still to be sent."""
    now_ns = time.time_ns()
    session = world.session(environment=environment, started_at_ns=now_ns)
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, now_ns)
    opening = world.opening(session.session_id, now_ns=now_ns)
    upbit, binance = (replace(order, expires_at_ns=now_ns + LIVES_NS) for order in opening.orders)
    verdict = stores.trades.open_trade(opening.proposal, (upbit, binance), world.LIMITS, now_ns)
    require(isinstance(verdict, Approved), "the trade is approved")
    return Opening(opening.proposal, (upbit, binance))


def lose(stores: Stores, order: Order) -> None:
    """Have an order be of unknown fate."""
    claimed = stores.trades.claim(order.client_order_id, time.time_ns())
    require(claimed, "the order is claimed")
    lost = stores.trades.lose(order.client_order_id, claimed.fence, "reply lost", time.time_ns())
    require(lost, "its fate is unknown")


def test_a_worker_ends_an_order_of_its_own_mode(stores: Stores, work: Work):
    order = open_trade(stores, "paper").orders[0]
    lose(stores, order)
    work("paper", "resolve_order", order.client_order_id)
    assert stores.trades.order(order.client_order_id).state is OrderState.EXPIRED


def test_a_worker_leaves_an_order_of_unknown_fate_of_another_mode_alone(stores: Stores, work: Work):
    order = open_trade(stores, "live").orders[0]
    lose(stores, order)
    work("paper", "resolve_order", order.client_order_id)
    state = stores.trades.order(order.client_order_id).state
    assert state is OrderState.UNKNOWN


@pytest.mark.parametrize(("mode", "environment"), [("paper", "live"), ("mock", "paper")])
def test_a_worker_sends_no_order_of_another_mode(stores: Stores, work: Work, mode: str, environment: str):
    order = open_trade(stores, environment).orders[0]
    work(mode, "place_order", order.client_order_id)
    seen = stores.trades.order(order.client_order_id)
    assert (seen.state, seen.attempts) == (OrderState.INTENT, 0)


def test_a_worker_settles_no_trade_of_another_mode(stores: Stores, work: Work):
    opening = open_trade(stores, "live")
    sold = stores.trades.claim(opening.on(Venue.UPBIT).client_order_id, time.time_ns())
    require(sold, "the order is claimed")
    stores.trades.record(world.filled(sold), time.time_ns())
    stores.trades.deny(opening.on(Venue.BINANCE).client_order_id, "case", time.time_ns())
    before = stores.trades.view(opening.trade.trade_id)
    work("paper", "settle_trade", opening.trade.trade_id)
    after = stores.trades.view(opening.trade.trade_id)
    assert after == before
