"""What a session decided is read from its rows: when it was, on which prices, what was filled of it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres.decisions import SqlDecisions
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.ledger.comparison import DecisionAction
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from tests.contracts import world

pytestmark = pytest.mark.integration
FACTS = {"upbit_bid": "141", "binance_ask": "100", "rate_bid": "1400", "upbit_age_ms": "12"}


def test_entries_and_exits_are_read_with_what_they_saw_and_what_was_filled(database: Engine) -> None:
    began_ns = world.NOW_NS - 10 * NS_PER_S
    made = world.session(Mode.HALTED, began_ns - 1)
    sessions, store = SqlSessionStore(database), SqlTradeStore(database)
    sessions.create(made)
    sessions.set_mode(made.session_id, Mode.NORMAL, reason_text(Cause.RECONCILED), began_ns)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    opening = world.opening(made.session_id, now_ns=world.NOW_NS)
    store.open_trade(replace(opening.proposal, decided_on=FACTS), opening.orders, world.LIMITS, world.NOW_NS)
    order = opening.on(Venue.UPBIT)
    assert store.claim(order.client_order_id, world.NOW_NS)
    store.record(world.filled(order), world.NOW_NS)
    sessions.set_mode(made.session_id, Mode.HALTED, reason_text(Cause.STOPPING), began_ns + 60 * NS_PER_S)
    run = SqlDecisions(database).read(made.session_id)
    assert run is not None
    (entry,) = run.decisions
    assert (entry.action, entry.at_ns, run.ended_ns) == (DecisionAction.OPEN, 10 * NS_PER_S, 60 * NS_PER_S)
    assert entry.seen == {name: FACTS[name] for name in ("upbit_bid", "binance_ask", "rate_bid")}
    assert entry.filled == {"upbit": order.quantity}
    assert entry.paid["upbit"] > Decimal(0)


def test_a_session_that_was_never_let_trade_decided_nothing(database: Engine) -> None:
    made = world.session(Mode.HALTED)
    SqlSessionStore(database).create(made)
    assert SqlDecisions(database).read(made.session_id) is None
