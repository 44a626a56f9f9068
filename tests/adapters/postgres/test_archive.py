"""What is archived adds up as before, and what is done all the time costs no more with history."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from arb.adapters.postgres.archive import AT_ONCE
from arb.adapters.postgres.at_risk import AT_RISK_NOW
from arb.adapters.postgres.dashboard import SqlDashboard
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.reentry import LOST
from arb.adapters.postgres.report import SqlReportStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.postgres.venue_health import SqlVenueHealth
from arb.adapters.postgres.vitals import SqlVitals
from arb.domain.market.ids import FillId, Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_DAY, NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from tests.adapters.postgres.long_history import plan, write_history
from tests.contracts import world

pytestmark = pytest.mark.integration
NOW_NS = world.NOW_NS
POINTS = (
    300  # of profit, which is kept by hour for ten days and by day: 2,000 trades last two, 20,000 fourteen
)
LATER_NS = NOW_NS + 3_600 * NS_PER_S
READS = ("SELECT", "WITH", "UPDATE", "EXECUTE ARB_AT_RISK")


@pytest.fixture(scope="module")
def engine(database_url: str):
    made = make_engine(database_url)
    yield made
    made.dispose()


class Desk:
    """One session over the stores."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.trades, self.sessions = SqlTradeStore(engine), SqlSessionStore(engine)
        self.snapshots, self.health = SqlSnapshotStore(engine), SqlVenueHealth(engine)
        session = world.session()
        self.id = session.session_id
        self.report, self.page = SqlReportStore(engine), SqlDashboard(engine, self.id)
        self.vitals = SqlVitals(engine, session.environment, session.group_name)
        self.sessions.create(session)
        for entry in world.openings(self.id):
            self.trades.book_entry(self.id, entry, NOW_NS)

    def open(self, now_ns=NOW_NS):
        opening = world.opening(self.id, now_ns=now_ns)
        self.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, now_ns)
        return opening

    def round_trip(self, pnl_krw="-100"):
        opening = self.open()
        for order in opening.orders:
            claimed = self.trades.claim(order.client_order_id, NOW_NS)
            half = replace(world.fill(claimed, "0.004"))
            self.trades.record(world.report(claimed, OrderState.CANCELED, half), NOW_NS)
        view = self.trades.view(opening.trade.trade_id)
        self.trades.add_orders(
            replace(
                view.trade,
                state=TradeState.CLOSED,
                closed_at_ns=NOW_NS,
                updated_at_ns=NOW_NS,
                pnl_krw=Decimal(pnl_krw),
            ),
            (),
        )
        return self.trades.view(opening.trade.trade_id)

    def state(self):
        return self.snapshots.image(self.id)

    def archive(self):
        self.trades.archive(self.id, LATER_NS)

    def archived(self, table):
        counted = text(f"SELECT count(*) FROM {table} WHERE session_id = :id AND archived")
        with self.engine.connect() as connection:
            return connection.execute(counted, {"id": self.id}).scalar_one()


@pytest.fixture
def desk(engine) -> Desk:
    return Desk(engine)


def test_the_state_is_the_same_before_and_after_it_is_archived(desk):
    for pnl_krw in ("-100", "250.5", "0"):
        desk.round_trip(pnl_krw)
    desk.open()
    before = desk.state()
    desk.archive()
    assert (desk.archived("trades"), desk.archived("orders")) == (3, 6)
    assert desk.state() == before
    desk.archive()
    assert desk.state() == before


def test_report_and_page_are_the_same_before_and_after_it_is_archived(desk):
    def shown():
        totals = desk.report.totals(desk.id)
        curve = desk.page.profit_curve(LATER_NS)
        return totals, sorted(desk.page.orders_by_state()), curve[-1][1], curve[0]

    for pnl_krw in ("-100", "250.5", "0"):
        view = desk.round_trip(pnl_krw)
    desk.trades.add_orders(replace(view.trade, residual=Decimal("0.001")), ())
    desk.open()
    before = shown()
    desk.archive()
    assert desk.archived("trades") == 3
    assert shown() == before
    late = desk.trades.view(view.trade.trade_id).orders[0]
    fill = replace(world.fill(late, "0.006"), fill_id=FillId(f"late {late.client_order_id}"))
    desk.trades.record(world.report(late, OrderState.FILLED, fill), LATER_NS)
    after = shown()
    assert sum(after[0].fills.values()) == sum(before[0].fills.values()) + 1
    desk.trades.archive(desk.id, LATER_NS + 1)
    assert shown() == after


def test_what_is_open_young_or_escalated_is_not_archived(desk):
    desk.open()
    view = desk.round_trip()
    desk.trades.archive(desk.id, NOW_NS)
    assert desk.archived("trades") == 0
    desk.trades.add_orders(replace(view.trade, state=TradeState.ESCALATED, residual=Decimal("0.001")), ())
    desk.archive()
    assert desk.archived("trades") == 0


def test_a_late_fill_takes_its_order_out_of_the_archive_and_adds_up(desk):
    view = desk.round_trip()
    desk.round_trip()
    desk.archive()
    order = view.orders[0]
    late = replace(world.fill(order, "0.006"), fill_id=FillId(f"late {order.client_order_id}"))
    before = desk.state()[1]["metrics"]
    desk.trades.record(world.report(order, OrderState.FILLED, late), LATER_NS)
    after = desk.state()[1]["metrics"]
    assert after["fills"] == before["fills"] + 1
    assert after["orders_by_state"] == {"canceled": 3, "filled": 1}
    assert desk.archived("orders") == 3
    desk.trades.archive(desk.id, LATER_NS + 1)
    assert (desk.archived("orders"), desk.state()[1]["metrics"]) == (4, after)


def test_a_trade_that_is_changed_again_counts_as_what_it_is_now(desk):
    view = desk.round_trip("-100")
    desk.round_trip("-50")
    desk.archive()
    desk.trades.add_orders(replace(view.trade, pnl_krw=Decimal(-130), updated_at_ns=LATER_NS), ())
    metrics = desk.state()[1]["metrics"]
    assert (metrics["trades_by_state"], metrics["realised_krw"]) == ({"closed": 2}, "-180")
    assert desk.archived("trades") == 1


@pytest.mark.parametrize("archived", [False, True])
def test_the_daily_loss_is_the_same_whether_it_is_archived_or_not(desk, archived):
    desk.round_trip("-60000")
    if archived:
        desk.archive()
    limits = world.with_limits(daily_loss_krw_max=Decimal(60_000))

    def verdict(now_ns):
        opening = world.opening(desk.id, now_ns=now_ns, loss_reserve_krw="0")
        return desk.trades.open_trade(opening.proposal, opening.orders, limits, now_ns)

    assert getattr(verdict(NOW_NS + NS_PER_DAY - NS_PER_S), "reason", "") == "daily_loss"
    assert getattr(verdict(NOW_NS + NS_PER_DAY + 60 * NS_PER_S), "reason", "") == ""


def test_a_fee_that_is_corrected_after_its_order_was_archived_adds_up(desk):
    opening = desk.open()
    for order in opening.orders:
        claimed = desk.trades.claim(order.client_order_id, NOW_NS)
        half = replace(world.fill(claimed, "0.004"), fee_is_assumed=order.venue is Venue.UPBIT)
        desk.trades.record(world.report(claimed, OrderState.CANCELED, half), NOW_NS)
    view = desk.trades.view(opening.trade.trade_id)
    closed = replace(view.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS, updated_at_ns=NOW_NS)
    closed = desk.trades.add_orders(closed, ())
    desk.archive()
    before = desk.report.totals(desk.id).fees[Venue.UPBIT, "KRW"]
    (client_order_id,) = desk.trades.fees_assumed(desk.id, 5)
    (fill,) = desk.trades.order(client_order_id).fills
    desk.trades.correct_fees(closed, client_order_id, {fill.fill_id: fill.fee + 9}, LATER_NS)
    assert desk.report.totals(desk.id).fees[Venue.UPBIT, "KRW"] == before + 9
    desk.trades.archive(desk.id, LATER_NS + 1)
    assert desk.archived("orders") == 2
    assert desk.report.totals(desk.id).fees[Venue.UPBIT, "KRW"] == before + 9


class Statements:
    """What the stores ask of the database."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.asked = engine, list[tuple[str, Any]]()
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, many):
        asked = statement.rpartition("; ")[2]  # behind what locks
        if not many and asked.lstrip().upper().startswith(READS):
            self.asked.append((asked, parameters))

    def rows(self) -> dict[str, int]:
        """Return how many rows the scans of each statement looked at, when it is run again."""
        event.remove(self.engine, "before_cursor_execute", self._note)
        found: dict[str, int] = {}
        self.engine.dispose()  # plans that are kept were made before what is set here
        with self.engine.connect() as connection:
            connection.exec_driver_sql("SET enable_seqscan = off")  # small tables are scanned for no reason
            connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
            AT_RISK_NOW.prepare(connection)
            connection.commit()
            for statement, parameters in self.asked:
                if "advisory" in statement:
                    continue
                explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
                (plan_,) = connection.exec_driver_sql(explained, parameters).scalar_one()
                found[statement] = found.get(statement, 0) + looked_at(plan_["Plan"])
                connection.rollback()
        return found


def looked_at(node: dict[str, Any]) -> int:
    own = 0
    if "Relation Name" in node or "Index Name" in node:
        seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        own = int(sum(node.get(name, 0) for name in seen) * node["Actual Loops"])
    return own + sum(looked_at(child) for child in node.get("Plans", ()))


def all_the_time(desk: Desk) -> None:
    """Do what is done for each order, in each sweep, and for each write of the state."""
    opening = desk.open(LATER_NS)
    order = desk.trades.claim(opening.on(Venue.BINANCE).client_order_id, LATER_NS)
    desk.trades.record(world.filled(order), LATER_NS)
    desk.trades.view(opening.trade.trade_id)
    desk.trades.active(desk.id)
    desk.trades.session_view(desk.id, ("BTC",))
    desk.trades.free(desk.id)
    desk.trades.balances(desk.id)
    desk.trades.working(desk.id)
    desk.trades.overdue(desk.id, LATER_NS, LATER_NS + 60 * NS_PER_S)
    desk.trades.moving(desk.id, LATER_NS - 2 * NS_PER_S)
    desk.trades.untold(desk.id, LATER_NS)
    desk.trades.alone(desk.id)
    desk.trades.unvalued(desk.id, 20)
    desk.trades.fee_assets(desk.id)
    desk.trades.fees_assumed(desk.id, 5)
    desk.trades.filled_late(desk.id)
    desk.trades.book_moves(desk.id, LATER_NS)
    desk.trades.archive(desk.id, LATER_NS - 300 * NS_PER_S)
    desk.snapshots.change(desk.id, [opening.trade.trade_id])
    desk.snapshots.stamp(desk.id)
    desk.snapshots.image(desk.id)
    desk.health.records(desk.id, LATER_NS - 60 * NS_PER_S)
    desk.health.answers(desk.id, LATER_NS - 60 * NS_PER_S)
    desk.report.totals(desk.id)
    desk.page.events(60)
    desk.page.alerts(60)
    desk.page.profit_curve(LATER_NS)
    desk.page.exposure(Mode.NORMAL, LATER_NS)
    desk.page.orders_by_state()
    desk.page.unknown_age_ns(LATER_NS)
    desk.page.latencies_s(LATER_NS - 600 * NS_PER_S, ("0.5",))
    desk.page.alerts_by_kind()
    desk.page.snapshot_age_ns(LATER_NS)
    assert desk.vitals.read() is not None
    desk.health.entries(desk.id, LATER_NS - 600 * NS_PER_S, LATER_NS - 3_600 * NS_PER_S)


def cost(engine: Engine, trades: int) -> dict[str, int]:
    """Return how many rows each statement looks at in a session of so many ended trades."""
    desk = Desk(engine)
    write_history(engine, desk.id, trades, NOW_NS, f"{desk.id}-")
    for _ in range(4 * trades // AT_ONCE + 1):
        desk.archive()
    plan(engine)
    asked = Statements(engine)
    all_the_time(desk)
    return asked.rows()


def test_nothing_that_is_done_all_the_time_looks_at_more_rows_with_history(engine):
    few, many = cost(engine, 2_000), cost(engine, 20_000)
    grown = {
        name: (few.get(name, 0), rows) for name, rows in many.items() if rows > few.get(name, 0) + POINTS
    }
    assert grown == {}
    assert sum(many.values()) < 6_000


def test_the_losses_in_a_row_are_found_by_a_few_rows_however_many_closed_within_the_day(engine):
    rows = {}
    for trades in (500, 5_000):
        desk = Desk(engine)
        write_history(engine, desk.id, trades, NOW_NS, f"{desk.id}-", spacing_ns=NS_PER_S)
        asked = Statements(engine)
        with engine.connect() as connection:
            connection.execute(select(LOST.subquery()), lost_of(desk.id)).one()
        (rows[trades],) = asked.rows().values()
    assert rows[5_000] < rows[500] + 60 < 300  # each session of the account is asked for its newest


def lost_of(session_id):
    return {
        "session_id": session_id, "coins": ["BTC"], "directions": ["sell_upbit"],
        "remembered_ns": NOW_NS - NS_PER_DAY,
    }  # fmt: skip
