"""A database from before accounts were kept by venue: its pair, order in doubt and loss go over."""

from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from arb.adapters.postgres.accounts import SqlAccountStore
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import ClientOrderId, SessionId, Venue
from arb.domain.risk.review import Denied
from arb.domain.state.account import Key
from arb.domain.state.owner import Owner
from arb.domain.trading.order import OrderState
from tests.adapters.postgres.test_migrations import empty_url as empty_url
from tests.adapters.postgres.test_migrations import upgrade
from tests.contracts import world
from tests.contracts.backends import sql_stores
from tests.contracts.world import NOW_NS

pytestmark = pytest.mark.integration
SESSION, FORMER = SessionId("before"), "f51b87cc1882"
DOUBT = ClientOrderId("order-u")
SESSION_ROW = {
    "session_id": SESSION, "environment": "live", "started_at_ns": NOW_NS, "mode": "normal",
    "mode_reason": "start", "mode_changed_at_ns": NOW_NS, "account": FORMER,
}  # fmt: skip
TRADE = {
    "session_id": SESSION, "coin": "BTC", "direction": world.SELL_UPBIT, "quantity": "0.01",
    "notional_krw": 1_400_000, "entry_edge_bps": 30, "entry_premium_bps": 0, "opened_at_ns": NOW_NS,
    "updated_at_ns": NOW_NS, "repair_since_ns": 0, "reason": "", "loss_reserve_krw": 400, "residual": 0,
    "version": 1, "valued_krw_per_usdt": 1_400, "valued_base_krw": 1, "entry_krw_per_usdt": 1_400,
    "rate_reserve_krw": 0,
}  # fmt: skip
OPEN = TRADE | {"trade_id": "pair", "state": "opening", "closed_at_ns": 0, "pnl_krw": 0}
LOST = TRADE | {"trade_id": "lost", "state": "closed", "closed_at_ns": NOW_NS, "pnl_krw": -60_000}
ORDER = {
    "trade_id": "pair", "session_id": SESSION, "purpose": "entry", "quantity": "0.01",
    "expires_at_ns": NOW_NS + world.LIFETIME_NS, "created_at_ns": NOW_NS, "fence": 1, "attempts": 1,
    "claimed_at_ns": NOW_NS, "reason": "", "changed_at_ns": NOW_NS,
}  # fmt: skip
UNKNOWN = ORDER | {
    "client_order_id": DOUBT, "venue": "upbit", "symbol": "BTC/KRW", "side": "sell",
    "limit_price": 140_000_000, "state": "unknown",
}  # fmt: skip
FILLED = ORDER | {
    "client_order_id": "order-b", "venue": "binance", "symbol": "BTC/USDT", "side": "buy",
    "limit_price": 100_000, "state": "filled",
}  # fmt: skip
HOLD = {
    "client_order_id": DOUBT, "session_id": SESSION, "venue": "upbit", "asset": "BTC", "amount": "0.01",
    "state": "reserved",
}  # fmt: skip
ROWS = (
    ("sessions", SESSION_ROW), ("trades", OPEN), ("trades", LOST), ("orders", UNKNOWN), ("orders", FILLED),
    ("holds", HOLD),
)  # fmt: skip


@pytest.fixture
def database(empty_url):
    upgrade(empty_url, "0025")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for table, row in ROWS:
            values = ", ".join(f":{name}" for name in row)
            statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"
            connection.execute(text(statement), {name: str(value) for name, value in row.items()})
    migrate(empty_url)
    yield engine
    engine.dispose()


def settled(database, key):
    keys = {
        Venue.UPBIT: Key(fingerprint=f"u{key}", label="desk"),
        Venue.BINANCE: Key(fingerprint=f"b{key}", told="7"),
    }
    return SqlAccountStore(database).settle("live", keys, FORMER, NOW_NS)


def test_until_keys_are_named_one_name_is_that_of_both_accounts(database):
    assert sql_stores(database).sessions.get(SESSION).accounts == world.accounts(FORMER)


def test_what_was_open_in_doubt_or_lost_is_the_same_after_the_migration_and_after_a_rotation(database):
    trades = SqlTradeStore(database)
    for key in ("1", "2"):
        accounts = settled(database, key)
        assert sql_stores(database).sessions.get(SESSION).accounts == accounts
        assert [view.trade.trade_id for view in trades.active(SESSION)] == ["pair"]
        assert trades.order(DOUBT).state is OrderState.UNKNOWN
        assert trades.free(SESSION)[Venue.UPBIT, "BTC"] == Decimal("-0.01")  # held, of books not opened here
        opening = world.opening(SESSION)
        limits = world.with_limits(daily_loss_krw_max=Decimal(60_000))
        assert trades.open_trade(opening.proposal, opening.orders, limits, NOW_NS) == Denied("daily_loss")
    ours = SqlTradeStore(acting_for(database, Owner(environment="live", accounts=accounts)))
    assert ours.record(world.filled(ours.order(DOUBT)), NOW_NS).state is OrderState.FILLED
