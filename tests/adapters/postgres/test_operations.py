"""What operating reads and writes in PostgreSQL: vitals, changes, alerts, and the trace of a trade."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from arb.adapters.postgres.alerts import SqlAlertStore, SqlHealthChanges
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.trace import SqlTrace
from arb.adapters.postgres.vitals import SqlVitals
from arb.cli.views.trace import steps_of
from arb.domain.health.alert import Alert, Severity
from arb.domain.health.judge import HealthLevel, LevelChange
from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.ids import TradeId, Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.health.probes.books import Uneven
from tests.contracts import world
from tests.contracts.backends import sql_stores

pytestmark = pytest.mark.integration
NOW_NS = world.NOW_NS
later = count(1)


@pytest.fixture(scope="module")
def engine(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def stores(engine):
    return sql_stores(engine)


@pytest.fixture
def session(stores):
    """The newest of all, and funded."""
    created = world.session(started_at_ns=NOW_NS + next(later))
    stores.sessions.create(created)
    for venue, funds in world.FUNDS.items():
        entry = opening_entry(created.session_id, venue, funds)
        stores.trades.book_entry(created.session_id, entry, NOW_NS)
    return created


@pytest.fixture
def opening(stores, session):
    """A trade with one leg filled and the other one claimed."""
    made = world.opening(session.session_id)
    made = replace(made, proposal=replace(made.proposal, decided_on={"upbit_bid": "140000000"}))
    stores.trades.open_trade(made.proposal, made.orders, world.LIMITS, NOW_NS)
    for order in made.orders:
        assert stores.trades.claim(order.client_order_id, NOW_NS + NS_PER_S)
    stores.trades.record(world.filled(made.on(Venue.UPBIT)), NOW_NS + 2 * NS_PER_S)
    return made


def test_vitals_of_a_session_at_rest(engine, session):
    vitals = SqlVitals(engine, "mock").read()
    assert vitals is not None
    assert (vitals.snapshot_at_ns, vitals.unknown_since_ns, vitals.uneven) == (0, 0, ())
    assert SqlVitals(engine, "live").read() is None


@pytest.mark.parametrize("known", [None, OrderState.ACCEPTED, OrderState.UNKNOWN])
def test_vitals_name_the_oldest_order_in_doubt_and_the_leg_that_stands_alone(
    engine, stores, session, opening, known
):
    """Whatever the venue said of the other order, and long before its trade is under repair."""
    other = stores.trades.order(opening.on(Venue.BINANCE).client_order_id)
    if known is OrderState.UNKNOWN:
        assert stores.trades.lose(other.client_order_id, other.fence, "timeout", NOW_NS + 3 * NS_PER_S)
    elif known is OrderState.ACCEPTED:
        stores.trades.record(world.report(other, OrderState.ACCEPTED), NOW_NS + 3 * NS_PER_S)
    vitals = _vitals_of(engine, session)
    assert vitals.unknown_since_ns == NOW_NS + NS_PER_S
    assert vitals.uneven == (Uneven(since_ns=NOW_NS, krw=round(opening.trade.notional_krw, 2)),)


def test_vitals_of_a_trade_under_repair_count_from_its_first_repair(engine, stores, session, opening):
    _become(stores, opening, TradeState.REPAIRING, repair_since_ns=NOW_NS + 4 * NS_PER_S)
    (uneven,) = _vitals_of(engine, session).uneven
    assert uneven.since_ns == NOW_NS + 4 * NS_PER_S


def test_vitals_leave_out_even_legs_and_the_dust_of_an_open_pair(engine, stores, session, opening):
    _become(stores, opening, TradeState.OPEN)
    assert _vitals_of(engine, session).uneven == ()
    stores.trades.record(world.filled(opening.on(Venue.BINANCE)), NOW_NS + 3 * NS_PER_S)
    _become(stores, opening, TradeState.REPAIRING, repair_since_ns=NOW_NS + 4 * NS_PER_S)
    vitals = _vitals_of(engine, session)
    assert (vitals.unknown_since_ns, vitals.uneven) == (0, ())


def _become(stores, opening, state, **changes):
    trade = stores.trades.view(opening.trade.trade_id).trade
    stores.trades.add_orders(replace(trade, state=state, **changes), ())


def _vitals_of(engine, session):
    found = SqlVitals(engine, session.environment).read()
    assert found.session_id == session.session_id
    return found


def test_a_change_of_a_level_is_a_row(engine):
    SqlHealthChanges(engine).add(
        LevelChange(
            rule="ws_lag_ms", subject="upbit", before=HealthLevel.OK, after=HealthLevel.ERROR,
            value=Decimal("5001.5"), limit=Decimal(5_000), at_ns=NOW_NS,
        )
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT rule, before, after, value FROM health_changes").all()
    assert rows == [("ws_lag_ms", "ok", "error", Decimal("5001.5"))]


def test_alerts_are_listed_newest_first_and_acknowledged_once(engine):
    store = SqlAlertStore(engine)
    for number in range(3):
        store.add(None, Alert(
            kind="k", subject=str(number), severity=Severity.WARNING, message="m", at_ns=NOW_NS + number,
            held_back=number, delivered_by="webhook",
        ))  # fmt: skip
    rows = store.newest(2)
    assert [(row["subject"], row["held_back"], row["delivered_by"]) for row in rows] == [
        ("2", 2, "webhook"), ("1", 1, "webhook"),
    ]  # fmt: skip
    assert store.acknowledge([rows[0]["alert_id"]], NOW_NS) == 1
    assert store.acknowledge(None, NOW_NS) == 2
    assert store.acknowledge(None, NOW_NS) == 0
    assert {row["acked_at_ns"] for row in store.newest(3)} == {NOW_NS}


def test_an_alert_says_of_which_mode_and_group_it_is(engine):
    store, session = SqlAlertStore(engine), world.session(environment="paper", group="desk2")
    sql_stores(engine).sessions.create(session)
    alert = Alert(kind="k", subject="s", severity=Severity.WARNING, message="m", at_ns=NOW_NS)
    for of in (session.session_id, None):
        store.add(of, alert)
    whose = [(row["session_id"], row["mode"], row["group"]) for row in store.newest(2)]
    assert whose == [(None, None, None), (session.session_id, "paper", "desk2")]


def test_the_trace_of_a_trade_goes_from_its_quotes_to_its_ledger_in_order(engine, opening, tmp_path):
    order = opening.on(Venue.UPBIT).client_order_id
    (tmp_path / "live_loop.log").write_text(
        f"2025-11-20T12:00:01.500Z [info] [arb.trading] order_placed order={order}\n"
        "2025-11-20T12:00:01.600Z [info] [arb.trading] order_placed order=another\n"
        f"a line without a time that names {order}\n"
    )
    (tmp_path / "live_loop.log.2025-11-19").write_text(
        json.dumps({"timestamp": "2025-11-20T12:00:01.700Z", "event": "e", "order": order}) + "\n"
    )
    steps = steps_of(SqlTrace(engine).read(opening.trade.trade_id), tmp_path)
    assert [step["what"] for step in steps[:4]] == [
        "decided_on", "trade_opened", "intent_written", "intent_written",
    ]  # fmt: skip
    assert steps[0]["facts"] == {"upbit_bid": "140000000"}
    whats = [step["what"] for step in steps]
    assert whats.count("order_claim") == 2
    assert whats.count("fill_booked") == 1
    assert whats.index("order_fill") < whats.index("fill_booked") < whats.index("ledger_posted")
    assert whats.count("line_logged") == 2
    assert steps == sorted(steps, key=lambda step: step["at_ns"])
    json.dumps(steps)


def test_there_is_no_trace_of_what_never_was(engine):
    assert SqlTrace(engine).read(TradeId("aaaaaaaaaaaaa")) is None
