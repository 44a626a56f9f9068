"""The kill switch on a testbed: what is denied, what still goes, and how everything comes to rest."""

from decimal import Decimal

import pytest

from arb.adapters.broker.dispatch import SilentDispatcher
from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import OrderState
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from arb.engine.kill.kill import LOOK_NS, Kill, KillRecords
from arb.engine.kill.wind_down import WindDown
from arb.engine.kill.withdraw import Withdraw
from tests.adapters.venues.scripted import binance_bench
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed
from tests.venues.samples import BINANCE_FULL, BINANCE_ROW, make_order, response

SYMBOLS = {Venue.UPBIT: "BTC/KRW", Venue.BINANCE: "BTC/USDT"}


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def books(testbed: EngineTestbed) -> KillRecords:
    return KillRecords(
        session_id=SESSION,
        sessions=testbed.sessions,
        wind_down=WindDown(
            session_id=SESSION,
            trades=testbed.trades,
            execute=testbed.execute,
            settle=testbed.settle,
            escalate=testbed.escalate,
        ),
    )


def kill(testbed: EngineTestbed, *, within_s: int = 30, with_books: bool = True):
    started_ns = testbed.clock.now_ns()
    reason = testbed.switch.engage("test", started_ns)
    made = Kill(
        withdraw=Withdraw(venues=testbed.venues),
        books=books(testbed) if with_books else None,
        clock=testbed.clock,
        within_ns=within_s * NS_PER_S,
    )
    return made.run(reason, started_ns)


def open_pair(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def orders(testbed: EngineTestbed):
    return {row.order.venue: row.order for row in testbed.tables.orders.values()}


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def listed(venue: Venue, client_id: str) -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol(SYMBOLS[venue]),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId("77"),
        side=Side.BUY,
        status=OrderState.ACCEPTED,
        executed=Decimal(0),
    )


def ours(venue: Venue) -> ListedOrder:
    return listed(venue, client_order_id(trade_id(1, 1), venue, 1))


@pytest.mark.parametrize("first", list(PAIR.venues))
def test_nothing_is_opened_by_asking_about_a_leg_that_never_arrived(testbed, first):
    """Its sender died before a byte left: neither the proof nor the other leg may open the pair now."""
    open_pair(testbed)
    testbed.trades.claim(orders(testbed)[first].client_order_id, testbed.clock.now_ns())
    testbed.pending.clear()
    assert kill(testbed).complete
    assert {order.filled_quantity for order in orders(testbed).values()} == {Decimal(0)}
    assert only_trade(testbed).state is TradeState.ABORTED


@pytest.mark.parametrize("tasks_run", [0, 1, 2])
def test_kill_in_the_middle_of_a_pair_leaves_no_leg_alone(testbed, tasks_run):
    open_pair(testbed)
    for _ in range(tasks_run):
        testbed.run_one()
    testbed.pending.clear()  # broker and workers are gone
    report = kill(testbed)
    assert report.complete
    assert None not in (report.no_new_intents_ms, report.no_open_orders_ms, report.exposure_ms)
    assert testbed.trades.working(SESSION) == 0
    view = testbed.trades.view(only_trade(testbed).trade_id)
    assert trade_position(view.orders).imbalance == 0
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    assert testbed.sessions.get(SESSION).mode_reason == "killed: test"


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", [Trouble.REPLY_LOST, Trouble.DROPPED, Trouble.LATE, Trouble.HIDDEN])
def test_kill_with_an_unknown_order_resolves_it_by_proof(testbed, venue, trouble):
    open_pair(testbed)
    testbed.venues[venue].troubles.append(trouble)
    testbed.run_one()
    testbed.run_one()
    testbed.pending.clear()
    assert orders(testbed)[venue].state is OrderState.UNKNOWN
    for _ in range(3):  # what is late arrives while the kill goes on
        report = kill(testbed, within_s=8)
        testbed.pass_time(8_000)
        testbed.premium(60)
    assert not report.unresolved
    assert not report.handed_over
    assert all(count == 1 for each in PAIR.venues for count in testbed.orders_at(each).values())
    assert not testbed.drifts()


def test_an_order_that_stays_unknown_is_named_and_alarmed_but_not_given_up(testbed):
    open_pair(testbed)
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    testbed.run_one()
    testbed.run_one()
    report = kill(testbed, within_s=1)
    unknown = orders(testbed)[Venue.BINANCE]
    assert report.unresolved == (unknown.client_order_id,)
    assert report.handed_over == (only_trade(testbed).trade_id,)
    assert not report.complete
    assert unknown.state is OrderState.UNKNOWN
    assert "trade_handed_over" in [alert.kind for _, alert in testbed.tables.alerts]
    assert only_trade(testbed).state is not TradeState.ESCALATED  # whoever resolves it repairs it


def test_a_leg_that_cannot_be_repaired_in_time_is_escalated(testbed):
    open_pair(testbed)
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    testbed.run_one()
    testbed.run_one()
    for venue in PAIR.venues:
        testbed.venues[venue].troubles.extend([Trouble.UNFILLED] * 500)
    report = kill(testbed, within_s=1)
    assert report.handed_over == (only_trade(testbed).trade_id,)
    assert report.exposure_ms is not None
    assert only_trade(testbed).state is TradeState.ESCALATED


def test_kill_cancels_what_is_ours_and_leaves_the_rest_alone(testbed):
    testbed.venues[Venue.UPBIT].listed = [ours(Venue.UPBIT), listed(Venue.UPBIT, "")]
    testbed.venues[Venue.BINANCE].listed = [ours(Venue.BINANCE), listed(Venue.BINANCE, "web_1")]
    report = kill(testbed)
    assert {order.venue for order in report.cancelled} == set(PAIR.venues)
    assert {order.client_order_id for order in report.foreign} == {"", "web_1"}
    assert [len(testbed.venues[venue].listed) for venue in PAIR.venues] == [1, 1]
    assert report.complete


@pytest.mark.parametrize("with_books", [True, False])
def test_kill_while_the_database_is_away_cancels_and_says_what_it_could_not_do(testbed, with_books):
    open_pair(testbed)
    testbed.run_one()
    testbed.venues[Venue.BINANCE].listed = [ours(Venue.BINANCE)]
    testbed.tables.away = True
    report = kill(testbed, with_books=with_books)
    assert [order.venue for order in report.cancelled] == [Venue.BINANCE]
    assert report.no_open_orders_ms is not None
    assert report.exposure_ms is None
    assert with_books is bool(report.problems)
    assert testbed.switch.engaged() == "test"
    testbed.tables.away = False
    again = kill(testbed)
    assert again.complete
    assert again.exposure_ms is not None


def test_kill_looks_at_the_venues_now_and_then_and_leaves_room_for_repairs():
    bench = binance_bench()
    stubborn = {**BINANCE_ROW, "symbol": "BTCUSDT", "clientOrderId": ours(Venue.BINANCE).client_order_id}
    bench.transport.on("GET /api/v3/openOrders", response(200, [stubborn]))
    bench.transport.on("DELETE /api/v3/order", response(400, {"code": -2011, "msg": "Unknown order sent."}))
    bench.transport.on("POST /api/v3/order", response(200, BINANCE_FULL))
    started_ns = bench.clock.now_ns()
    made = Kill(
        withdraw=Withdraw(venues={Venue.BINANCE: bench.client}), books=None, clock=bench.clock,
        within_ns=60 * NS_PER_S,
    )  # fmt: skip
    report = made.run("test", started_ns)
    assert report.problems == ()
    assert 25 <= bench.transport.count("GET /api/v3/openOrders") <= 32
    now_ns = bench.clock.now_ns()
    repair = make_order(Venue.BINANCE, claimed_at_ns=now_ns, expires_at_ns=now_ns + 3 * NS_PER_S)
    assert bench.client.place(repair).fills


def test_kill_winds_down_between_two_looks(testbed):
    open_pair(testbed)
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.DROPPED)  # proved a second later
    while testbed.pending and not any(
        order.state is OrderState.UNKNOWN for order in orders(testbed).values()
    ):
        testbed.run_one()
    report = kill(testbed)
    assert report.complete
    assert 1_000 < report.exposure_ms < LOOK_NS // NS_PER_MS


def test_kill_looks_once_more_before_it_says_that_nothing_is_left(testbed):
    bench = binance_bench()
    late = {**BINANCE_ROW, "symbol": "BTCUSDT", "clientOrderId": ours(Venue.BINANCE).client_order_id}
    lists = [response(200, rows) for rows in ([], [late], [])]
    bench.transport.on("GET /api/v3/openOrders", *lists)
    bench.transport.on("DELETE /api/v3/order", response(200, late))
    made = Kill(
        withdraw=Withdraw(venues={Venue.BINANCE: bench.client}), books=books(testbed), clock=testbed.clock,
        within_ns=30 * NS_PER_S,
    )  # fmt: skip
    report = made.run("test", testbed.clock.now_ns())
    assert report.complete
    assert [order.client_order_id for order in report.cancelled] == [late["clientOrderId"]]
    assert report.no_open_orders_ms >= LOOK_NS // NS_PER_MS


def test_kill_again_changes_nothing(testbed):
    open_pair(testbed)
    kill(testbed)
    before = (dict(testbed.tables.orders), list(testbed.tables.mode_changes))
    report = kill(testbed)
    assert report.complete
    assert (dict(testbed.tables.orders), list(testbed.tables.mode_changes)) == before


def test_the_first_reason_stays(testbed):
    assert testbed.switch.engage("first", 0) == "first"
    assert testbed.switch.engage("second", 1) == "first"


def test_a_silent_dispatcher_needs_no_broker():
    SilentDispatcher().send("arb.place_order", "x", countdown_ms=1)
