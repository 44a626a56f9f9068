"""A store that acts for one mode and account writes for no session of another, whatever reaches it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Engine, text

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import ForeignSession
from arb.domain.risk.review import Approved
from arb.domain.state.owner import Owner
from arb.domain.trading.order import Order, OrderEvent, OrderState
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.backends import Stores, sql_stores
from tests.contracts.world import NOW_NS, Opening

pytestmark = pytest.mark.integration

OWN = Owner(environment="live", accounts=world.accounts("one"))
FOREIGN = [
    Owner(environment="paper", accounts=world.accounts("one")),
    Owner(environment="mock"),
    Owner(environment="live", accounts=world.accounts("another")),
]
EVERY_ROW = "SELECT (SELECT array_agg(t) FROM {0} t)::text"
TABLES = ("sessions", "trades", "orders", "order_events", "fills", "holds", "ledger_entries", "balances")


@dataclass(frozen=True)
class Case:
    """A trade of a live session, with both legs still to be sent, and a store of somebody else."""

    opening: Opening
    theirs: SqlTradeStore
    ours: SqlTradeStore

    @property
    def order(self) -> Order:
        return self.opening.orders[0]


def opened(database: Engine, foreign: Owner) -> Case:
    stores: Stores = sql_stores(acting_for(database, OWN))
    session = replace(world.session(environment=OWN.environment), accounts=OWN.accounts)
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, NOW_NS)
    opening = world.opening(session.session_id)
    verdict = stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    assert isinstance(verdict, Approved)
    return Case(
        opening, SqlTradeStore(acting_for(database, foreign)), SqlTradeStore(acting_for(database, OWN))
    )


def rows(database: Engine) -> list[str]:
    with reading(database) as connection:
        return [connection.execute(text(EVERY_ROW.format(table))).scalar_one() or "" for table in TABLES]


def another_trade(case: Case) -> None:
    opening = world.opening(case.opening.trade.session_id)
    case.theirs.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)


BEFORE_SENDING: dict[str, Callable[[Case], object]] = {
    "claim": lambda case: case.theirs.claim(case.order.client_order_id, NOW_NS),
    "claim when its time is over": lambda case: case.theirs.claim(
        case.order.client_order_id, case.order.expires_at_ns
    ),
    "deny": lambda case: case.theirs.deny(case.order.client_order_id, "kill", NOW_NS),
    "open a trade": another_trade,
    "change the trade": lambda case: case.theirs.add_orders(
        replace(case.opening.trade, state=TradeState.REPAIRING), ()
    ),
    "book an entry": lambda case: case.theirs.book_entry(
        case.opening.trade.session_id, replace(world.openings("x")[0], key="another"), NOW_NS
    ),
}


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize("write", BEFORE_SENDING)
def test_nothing_is_written_for_a_session_of_another_owner(
    database: Engine, foreign: Owner, write: str
) -> None:
    case = opened(database, foreign)
    before = rows(database)
    with pytest.raises(ForeignSession):
        BEFORE_SENDING[write](case)
    assert rows(database) == before


AFTER_SENDING: dict[str, Callable[[Case, Order], object]] = {
    "release": lambda case, order: case.theirs.release(order.client_order_id, order.fence, "case", NOW_NS),
    "lose": lambda case, order: case.theirs.lose(order.client_order_id, order.fence, "case", NOW_NS),
    "reject": lambda case, order: case.theirs.reject(
        order.client_order_id, order.fence, OrderEvent.REJECT, "case", NOW_NS
    ),
    "record": lambda case, order: case.theirs.record(world.filled(order), NOW_NS),
    "record of an order as it is known": lambda case, order: case.theirs.record(
        world.filled(order), NOW_NS, order
    ),
}


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize("write", AFTER_SENDING)
def test_nothing_is_written_for_an_order_of_another_owner(
    database: Engine, foreign: Owner, write: str
) -> None:
    case = opened(database, foreign)
    order = case.ours.claim(case.order.client_order_id, NOW_NS)
    assert order is not None
    before = rows(database)
    with pytest.raises(ForeignSession):
        AFTER_SENDING[write](case, order)
    assert rows(database) == before


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
def test_an_order_of_unknown_fate_is_proven_absent_by_its_own_alone(database: Engine, foreign: Owner) -> None:
    case = opened(database, foreign)
    order = case.ours.claim(case.order.client_order_id, NOW_NS)
    assert order is not None
    assert case.ours.lose(order.client_order_id, order.fence, "reply lost", NOW_NS)
    with pytest.raises(ForeignSession):
        case.theirs.absent(order.client_order_id, "never placed", NOW_NS)
    assert case.ours.absent(order.client_order_id, "never placed", NOW_NS).state is OrderState.EXPIRED


@pytest.mark.parametrize("owner", [Owner(environment="live"), OWN], ids=str)
def test_its_own_session_is_written_for_also_where_nobody_knows_the_account(
    database: Engine, owner: Owner
) -> None:
    case = opened(database, owner)
    order = case.theirs.claim(case.order.client_order_id, NOW_NS)
    assert order is not None
    assert order.state is OrderState.SUBMITTED
