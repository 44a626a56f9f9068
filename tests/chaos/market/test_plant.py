"""A fault that is planted in our books is one that the proof of profit finds."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.chaos.market.plant import PLANTS, plant
from arb.check.checkers import check
from arb.check.history import Invariant
from arb.domain.trading.trade import TradeState
from tests.check.test_engine_history import NOW_NS, read, take_snapshot, trade, venues_of
from tests.contracts import world

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("what", PLANTS)
def test_what_is_planted_is_found(database: Engine, what: str) -> None:
    session, store = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(session)
    for entry in world.openings(session.session_id):
        store.book_entry(session.session_id, entry, NOW_NS)
    take_snapshot(database, session)
    opening = trade(database, session)
    view = store.view(opening.trade.trade_id)
    assert view is not None
    store.add_orders(replace(view.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS), ())
    honest = venues_of(read(database, session))
    assert check(read(database, session), honest).invariants[Invariant.EVERY_FILL_ONCE] is True
    assert plant(database, session.session_id, what).startswith(what)
    planted = read(database, session)
    findings = check(planted, honest)
    assert findings.invariants[Invariant.BOOKED_PROFIT_IS_REAL] is False
    assert findings.invariants[Invariant.EVERY_FILL_ONCE] is False
    assert not any(each.row.startswith("balance trading") for each in findings.violations)
