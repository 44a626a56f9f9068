"""What the page, the metrics and the report read, from rows whose figures are known."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.dashboard import POINTS_MAX, SqlDashboard
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.latency import counted
from arb.adapters.postgres.performance import SqlPerformance
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.health.alert import Alert, Severity
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.time import ALWAYS, NS_PER_MS, NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from tests.adapters.postgres.begun import begun_session
from tests.contracts import world

pytestmark = pytest.mark.integration
LATER_NS = world.NOW_NS + 60 * NS_PER_S


@pytest.fixture(scope="module")
def database(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def session_id(database):
    return begun_session(database)


def traded(database, session_id, pnl_krw, at_ns=world.NOW_NS, better_by="1"):
    """One trade: sent after 10 ms, filled after 50 ms, both legs better than their limit by a factor."""
    store, opening = SqlTradeStore(database), world.opening(session_id, now_ns=at_ns)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, at_ns)
    for order in opening.orders:
        store.claim(order.client_order_id, at_ns + 10 * NS_PER_MS)
        price = order.limit_price * (Decimal(better_by) if order.side.sign < 0 else 1 / Decimal(better_by))
        store.record(
            world.report(order, OrderState.FILLED, world.fill(order, price=price)), at_ns + 50 * NS_PER_MS
        )
    view = store.view(opening.trade.trade_id)
    ended = replace(
        view.trade, state=TradeState.CLOSED, closed_at_ns=at_ns + 100 * NS_PER_MS, pnl_krw=Decimal(pnl_krw)
    )
    store.add_orders(ended, ())
    return opening


def test_an_empty_session_has_nothing_and_breaks_nothing(database, session_id):
    desk = SqlDashboard(database, session_id)
    assert (desk.events(10), desk.alerts_by_kind(), desk.orders_by_state()) == ([], [], [])
    assert desk.profit_curve(LATER_NS) == [(world.NOW_NS // NS_PER_MS, Decimal(0))]
    assert (desk.unknown_age_ns(LATER_NS), desk.snapshot_age_ns(LATER_NS)) == (0, None)
    assert desk.latencies_s(0, ("0.5",)) == {}


def test_events_are_the_newest_first_and_bounded(database, session_id):
    for number in range(3):
        opening = traded(database, session_id, 1, world.NOW_NS + number * NS_PER_S)
    events = SqlDashboard(database, session_id).events(5)
    assert len(events) == 5
    assert [each["at_ns"] for each in events] == sorted((each["at_ns"] for each in events), reverse=True)
    ours = {opening.trade.trade_id, *(order.client_order_id for order in opening.orders)}
    assert {each["subject"] for each in events} == ours


def test_the_profit_curve_adds_up_and_stays_small(database, session_id):
    amounts = (100, -30, 7)
    for number, amount in enumerate(amounts):
        traded(database, session_id, amount, world.NOW_NS + number * NS_PER_S)
    curve = SqlDashboard(database, session_id).profit_curve(LATER_NS)
    assert [amount for _, amount in curve] == [0, 100, 70, 77]
    assert len(curve) <= POINTS_MAX + 2


def test_orders_are_counted_by_venue_and_state(database, session_id):
    traded(database, session_id, 1)
    found = SqlDashboard(database, session_id).orders_by_state()
    assert sorted(found) == [("binance", OrderState.FILLED, 1), ("upbit", OrderState.FILLED, 1)]


@pytest.mark.parametrize("known", [OrderState.UNKNOWN, OrderState.ACCEPTED])
def test_an_order_in_doubt_ages_since_it_was_sent(database, session_id, known):
    store, opening = SqlTradeStore(database), world.opening(session_id)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    order = store.claim(opening.on(Venue.UPBIT).client_order_id, world.NOW_NS)
    if known is OrderState.UNKNOWN:
        store.lose(order.client_order_id, order.fence, "cut", world.NOW_NS + NS_PER_MS)
    else:
        store.record(world.report(order, known), world.NOW_NS + NS_PER_MS)
    assert SqlDashboard(database, session_id).unknown_age_ns(LATER_NS) == 60 * NS_PER_S


def test_latency_counts_from_decision_to_fill(database, session_id):
    traded(database, session_id, 1)
    found = SqlDashboard(database, session_id).latencies_s(0, ("0.5", "0.99"))
    assert found["decided_to_sent"] == pytest.approx([0.01, 0.01])
    assert found["sent_to_filled"] == pytest.approx([0.04, 0.04])
    assert found["decided_to_filled"] == pytest.approx([0.05, 0.05])


def test_latency_begins_with_the_book_where_it_is_known(database, session_id):
    """Of the second trade nobody kept when its book came."""
    traded(database, session_id, 1)
    later_ns = world.NOW_NS + NS_PER_S
    opening = world.opening(session_id, now_ns=later_ns)
    unknown = tuple(replace(order, tick_at_ns=0) for order in opening.orders)
    SqlTradeStore(database).open_trade(opening.proposal, unknown, world.LIMITS, later_ns)
    for number, order in enumerate(unknown):
        SqlTradeStore(database).claim(order.client_order_id, later_ns + (30 + 5 * number) * NS_PER_MS)
    found = SqlDashboard(database, session_id).latencies_s(0, ("0.5", "0.99"))
    assert found["tick_to_decided"] == pytest.approx([0.02, 0.02])
    assert found["tick_to_sent"] == pytest.approx([0.03, 0.03])
    assert found["tick_to_filled"] == pytest.approx([0.07, 0.07])
    assert found["first_to_second_sent"] == pytest.approx([0.005, 0.005])
    with database.connect() as connection:
        numbers = counted(connection, session_id, ALWAYS)
    assert (numbers["tick_to_sent"], numbers["decided_to_sent"], numbers["first_to_second_sent"]) == (2, 4, 1)


def test_alerts_are_this_sessions_and_those_of_none(database, session_id):
    store = SqlAlertStore(database)
    alert = Alert(kind="k", subject="s", severity=Severity.WARNING, message="m", at_ns=world.NOW_NS)
    store.add(session_id, alert)
    assert [each["kind"] for each in SqlDashboard(database, session_id).alerts(5)] == ["k"]
    assert SqlDashboard(database, session_id).alerts_by_kind() == [("k", "warning", 1)]


def test_slippage_is_against_the_limit_without_its_allowance(database, session_id):
    """The allowance is 8 bps and the fill 8 bps better than the limit: as decided, so about zero."""
    traded(database, session_id, 5, better_by="1.0008")
    read = SqlPerformance(engine=database, session_id=session_id, slip_bps=Decimal(8)).read(LATER_NS)
    assert {(each.venue, each.purpose, each.orders) for each in read.slippage} == {
        ("binance", "entry", 1),
        ("upbit", "entry", 1),
    }
    assert all(abs(each.mean_bps) < Decimal("0.02") for each in read.slippage)
    assert read.latency_ms["decided_to_filled"] == {"p50": 50, "p90": 50, "p99": 50}


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", [("2025-11-20", 2)]),
        ("Asia/Seoul", [("2025-11-20", 1), ("2025-11-21", 1)]),  # midnight is at 15:00
        ("Asia/Kathmandu", [("2025-11-20", 2)]),  # at 18:15
        ("Pacific/Kiritimati", [("2025-11-21", 2)]),  # at 10:00
    ],
)
def test_a_day_is_that_of_the_zone_that_is_read_in(database, session_id, zone, days):
    traded(database, session_id, 5, world.NOW_NS + 3 * 3_600 * NS_PER_S - 60 * NS_PER_S)
    traded(database, session_id, 6, world.NOW_NS + 6 * 3_600 * NS_PER_S)
    reader = SqlPerformance(engine=database, session_id=session_id, slip_bps=Decimal(8), zone=ZoneInfo(zone))
    found = Counter()
    for line in reader.read(LATER_NS).by_day:
        found[line.day] += line.trades
    assert sorted(found.items()) == days


def test_days_and_modes_are_summed(database, session_id):
    traded(database, session_id, 5)
    traded(database, session_id, 6, world.NOW_NS + 86_400 * NS_PER_S)
    halted_ns = world.NOW_NS + 30 * NS_PER_S
    SqlSessionStore(database).set_mode(session_id, Mode.HALTED, "test", halted_ns)
    read = SqlPerformance(engine=database, session_id=session_id, slip_bps=Decimal(8)).read(LATER_NS)
    assert [(each.day, each.trades, each.pnl_krw) for each in read.by_day] == [
        ("2025-11-20", 1, 5),
        ("2025-11-21", 1, 6),
    ]
    assert read.seconds_in_mode == {Mode.NORMAL: 30, Mode.HALTED: 30}


def test_trades_that_ended_have_their_fees_the_newest_first(database, session_id):
    traded(database, session_id, "100", world.NOW_NS)
    newest = traded(database, session_id, "-7", LATER_NS)
    found = SqlDashboard(database, session_id).closed(10)
    assert [row["pnl_krw"] for row in found] == [Decimal(-7), Decimal(100)]
    assert found[0]["trade_id"] == newest.trade.trade_id
    assert found[0]["closed_at_ns"] > found[0]["opened_at_ns"]
    assert len(SqlDashboard(database, session_id).closed(1)) == 1


def test_an_alert_of_another_session_or_of_none_is_not_shown(database, session_id):
    store, other = SqlAlertStore(database), world.session()
    SqlSessionStore(database).create(other)
    for owner in (session_id, other.session_id, None):
        alert = Alert(kind="k", subject=str(owner), severity=Severity.WARNING, message="", at_ns=world.NOW_NS)
        store.add(owner, alert)
    assert [row["subject"] for row in SqlDashboard(database, session_id).alerts(10)] == [session_id]
