"""CRITICAL: halted, looked after for as long as anything is out, told, imaged, remembered, shut down."""

import threading
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest

from arb.adapters.local.errands import ThreadErrands
from arb.adapters.local.memory_budget import UnlimitedBudget
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.adapters.memory.venue import Trouble
from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Severity
from arb.domain.health.assignment import Beat
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.risk.stop import Stop
from arb.domain.time import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from arb.engine.kill import emergency
from arb.engine.kill.emergency import Emergency, EmergencyReport
from arb.engine.kill.wind_down import WindDown
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.state.snapshot import TakeSnapshot
from tests.domain.markets import PAIR
from tests.engine.health.test_watch import Alarms
from tests.engine.testbed import BTC, SESSION, EngineTestbed

REPEAT_S = 300


class Memory:
    """The stop that is under way, whoever tends it."""

    def __init__(self) -> None:
        self.stop: Stop | None = None

    def read(self):
        return self.stop

    def update(self, change):
        self.stop = change(self.stop)
        return self.stop


class Stopping:
    """An emergency on a testbed, and what it did. Another process has the same testbed and memory."""

    def __init__(self, testbed: EngineTestbed, memory: Memory | None = None, keeper: str = "one") -> None:
        self.testbed, self.alarms, self.memory = testbed, Alarms(), memory or Memory()
        self.remembered: list[EmergencyReport] = []
        self.shut: list[EmergencyReport] = []
        self.supervised = True
        self.emergency = Emergency(
            drain=testbed.drain, alerts=self.alarms, memory=self.memory, errands=ThreadErrands(),
            clock=testbed.clock,
            wind_down=WindDown(
                session_id=SESSION, trades=testbed.trades, execute=testbed.execute, settle=testbed.settle,
                escalate=replace(testbed.escalate, alerts=self.alarms),
            ),
            take_snapshot=TakeSnapshot(
                session_id=SESSION, snapshots=MemorySnapshotStore(testbed.tables), counters=testbed.counters,
                clock=testbed.clock, interval_ns=300_000_000_000, on_trade_interval_ns=0,
                budget=UnlimitedBudget(),
            ),
            keeper=keeper, repeat_ns=REPEAT_S * NS_PER_S,
            remember=self.remembered.append, shut_down=self._shut,
        )  # fmt: skip

    def _shut(self, ending: EmergencyReport) -> bool:
        self.shut.append(ending)
        return self.supervised

    def run(self, why: str) -> EmergencyReport | None:
        self.emergency.begin(why)
        return self.emergency.tend()

    def tend_for(self, seconds: int) -> EmergencyReport | None:
        """Tend it every two seconds, with nobody else at work; return how it ended."""
        for _ in range(seconds // 2):
            if (ending := self.emergency.tend()) is not None:
                return ending
            self.testbed.pass_time(2_000)
            self.testbed.pending.clear()
        return None

    @property
    def waits(self) -> list[str]:
        return [alert.message for alert in self.alarms.raised if alert.kind == "stack_waits"]


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def open_pair(testbed: EngineTestbed) -> None:
    """Write the intents of a pair; nobody runs their messages."""
    testbed.premium(200)
    assert testbed.evaluate_now() == 1
    testbed.pending.clear()


def order_on(testbed: EngineTestbed, venue: Venue):
    (order,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is venue]
    return order


def unknown_leg(testbed: EngineTestbed, venue: Venue = Venue.BINANCE) -> None:
    """Fill one leg, and lose the answer to the other one, whose venue then is away."""
    open_pair(testbed)
    testbed.venues[venue].troubles.append(Trouble.DROPPED)
    for each in PAIR.venues:
        testbed.execute.place(order_on(testbed, each).client_order_id)
    testbed.venues[venue].mute = True
    testbed.collect()
    testbed.pending.clear()


def leave_leg_alone(testbed: EngineTestbed) -> None:
    """Fill one leg, and have the other one refused; nobody has looked at it yet."""
    open_pair(testbed)
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    for each in PAIR.venues:
        testbed.execute.place(order_on(testbed, each).client_order_id)
    testbed.collect()
    testbed.pending.clear()


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def imbalance(testbed: EngineTestbed):
    return trade_position([row.order for row in testbed.tables.orders.values()]).imbalance


def test_a_hedged_stack_stops_at_rest_with_an_image_and_its_reason(testbed):
    stop = Stopping(testbed)
    ending = stop.run("ws_lag_ms of upbit")
    assert (ending.reason, ending.handed_over) == ("watchdog: ws_lag_ms of upbit", ())
    assert ending.snapshot is not None
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    assert testbed.sessions.get(SESSION).mode_reason == "watchdog: ws_lag_ms of upbit"
    assert stop.remembered == stop.shut == [ending]
    assert [alert.kind for alert in stop.alarms.raised] == ["stack_stopped"]


def test_a_stop_for_want_of_feeds_is_not_undone_by_their_return(testbed):
    stop = Stopping(testbed)
    guard = FeedGuard(
        session_id=SESSION,
        registry=MemoryFeedRegistry(testbed.quotes),
        sessions=testbed.sessions,
        alerts=stop.alarms,
    )
    guard.run(testbed.clock.now_ns())
    testbed.clock.advance_ms(7_000)
    guard.run(testbed.clock.now_ns())
    assert testbed.sessions.get(SESSION).mode_reason == reason_text(Cause.NO_FEED)
    stop.run("redis_heartbeat_age_ms of feed")
    guard.registry.report(
        Beat(worker="feed", incarnation=1, count=1, capacity=9, fences={BTC: 1}, at_ns=testbed.clock.now_ns())
    )
    guard.run(testbed.clock.now_ns())
    session = testbed.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "watchdog: redis_heartbeat_age_ms of feed")


def test_what_nobody_sent_or_settled_is_by_the_stop_itself_and_then_it_ends(testbed):
    open_pair(testbed)
    stop = Stopping(testbed)
    assert stop.run("canary_age_ms of orders") is None
    assert stop.tend_for(20) is not None
    assert only_trade(testbed).state is TradeState.OPEN
    assert stop.waits == []


def test_a_leg_that_stands_alone_is_evened_out_and_then_it_ends(testbed):
    leave_leg_alone(testbed)
    stop = Stopping(testbed)
    assert stop.run("canary_age_ms of orders") is None
    ending = stop.tend_for(30)
    assert imbalance(testbed) == 0
    assert ending.handed_over == ()


def test_a_leg_that_nobody_can_repair_ends_as_any_other_with_its_name(testbed):
    leave_leg_alone(testbed)
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.pass_time(6_000)
    stop = Stopping(testbed)
    assert stop.run("canary_age_ms of orders") is None
    ending = stop.tend_for(180)
    assert only_trade(testbed).state is TradeState.ESCALATED
    assert ending.handed_over == (only_trade(testbed).trade_id,)
    assert only_trade(testbed).trade_id in stop.alarms.raised[-1].message


@pytest.mark.parametrize("away", list(PAIR.venues))
def test_with_a_venue_away_it_waits_for_hours_and_ends_when_the_venue_is_back(testbed, away):
    unknown_leg(testbed, away)
    stop = Stopping(testbed)
    stop.emergency.begin("ws_lag_ms of upbit")
    assert stop.tend_for(2 * 3_600) is None
    assert order_on(testbed, away).state is OrderState.UNKNOWN
    assert stop.shut == []
    assert len(stop.waits) == 24
    assert order_on(testbed, away).client_order_id in stop.memory.stop.waits_for[0]
    testbed.venues[away].mute = False
    testbed.premium(0)
    ending = stop.tend_for(120)
    assert imbalance(testbed) == 0
    assert testbed.trades.working(SESSION) == 0
    assert stop.shut == [ending]
    assert ending.waited_ns > 2 * NS_PER_HOUR


def test_the_alarm_says_what_is_out_where_since_when_and_what_to_do(testbed):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("ws_lag_ms of upbit")
    stop.tend_for(40)
    [told] = stop.waits
    assert "binance: " in told
    assert "BTC/USDT is unknown since 2023-11-14T22:13:2" in told
    assert order_on(testbed, Venue.BINANCE).client_order_id in told
    assert "ws_lag_ms of upbit" in told
    assert "`arb kill`" in told


def test_a_leg_alone_is_named_while_it_waits(testbed):
    leave_leg_alone(testbed)
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.pass_time(6_000)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(40)
    assert f"BTC of trade {only_trade(testbed).trade_id} over both venues" in stop.waits[0]


def test_no_alarm_is_held_back_as_a_repeat_of_the_one_before(testbed):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(1_000)
    told = [alert for alert in stop.alarms.raised if alert.kind == "stack_waits"]
    assert len(told) == 4
    assert all(one.rank < two.rank for one, two in pairwise(told))


def test_nothing_is_opened_or_closed_meanwhile(testbed):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(10)
    testbed.premium(300)
    assert testbed.evaluate_now() == 0


def test_another_process_goes_on_when_the_one_that_tended_it_was_killed(testbed):
    unknown_leg(testbed)
    one = Stopping(testbed)
    one.emergency.begin("x")
    one.tend_for(40)
    two = Stopping(testbed, one.memory, "two")
    assert two.emergency.tend() is None
    assert one.memory.stop.keeper == "one"
    testbed.venues[Venue.BINANCE].mute = False
    testbed.premium(0)
    ending = two.tend_for(60)
    assert two.shut == [ending]
    assert (len(one.waits), two.waits) == (1, [])


def test_processes_at_once_tell_it_once_and_end_it_once(testbed):
    unknown_leg(testbed)
    memory = Memory()
    several = [Stopping(testbed, memory, name) for name in ("one", "two", "three")]
    for stop in several:
        stop.emergency.begin("x")
    for _ in range(40):
        for stop in several:
            stop.emergency.tend()
        testbed.pass_time(2_000)
    assert sum(len(stop.waits) for stop in several) == 1
    testbed.venues[Venue.BINANCE].mute = False
    testbed.premium(0)
    for _ in range(20):
        for stop in several:
            stop.emergency.tend()
        testbed.pass_time(2_000)
    assert sum(len(stop.shut) for stop in several) == 1


def test_a_second_cause_does_not_begin_it_again(testbed):
    stop = Stopping(testbed)
    assert stop.emergency.begin("one")
    assert not stop.emergency.begin("two")
    assert stop.memory.stop.reason == "watchdog: one"


def test_the_stop_of_another_session_is_none_of_ours(testbed):
    stop = Stopping(testbed)
    stop.memory.stop = Stop(session_id="mock-0", reason="watchdog: old", began_ns=1)
    assert stop.emergency.tend() is None
    assert stop.emergency.begin("new")


def test_without_a_database_it_waits_says_so_and_halts_when_it_is_back(testbed):
    testbed.tables.away = True
    stop = Stopping(testbed)
    stop.emergency.begin("beat_age_ms of beat")
    assert stop.tend_for(60) is None
    assert "PostgreSQL" in stop.waits[0]
    assert stop.shut == []
    testbed.tables.away = False
    assert stop.tend_for(10) is not None
    assert testbed.sessions.get(SESSION).mode_reason == "watchdog: beat_age_ms of beat"


def test_a_database_that_goes_and_comes_in_the_wait_changes_nothing(testbed):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(60)
    testbed.tables.away = True
    assert stop.tend_for(600) is None
    testbed.tables.away = False
    assert stop.tend_for(60) is None
    testbed.venues[Venue.BINANCE].mute = False
    testbed.premium(0)
    assert stop.tend_for(60) is not None


@pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.REDUCE_ONLY])
def test_who_lets_the_session_trade_again_ends_the_stop(testbed, mode):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(40)
    testbed.sessions.set_mode(SESSION, mode, "by hand", testbed.clock.now_ns())
    assert stop.tend_for(10) is None
    assert stop.memory.stop is None
    assert [alert.severity for alert in stop.alarms.raised] == [Severity.CRITICAL, Severity.INFO]
    assert stop.emergency.begin("again"), "if it is as bad as before"


def test_a_kill_in_the_wait_does_not_end_it(testbed):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(10)
    testbed.switch.engage("by hand", testbed.clock.now_ns())
    testbed.sessions.set_mode(SESSION, Mode.HALTED, "killed: by hand", testbed.clock.now_ns())
    assert stop.tend_for(60) is None
    assert stop.memory.stop is not None


@pytest.mark.parametrize("minutes", [-60, -1, 1, 60])
def test_a_clock_that_is_set_keeps_it_going(testbed, minutes):
    unknown_leg(testbed)
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.tend_for(40)
    testbed.clock.set_back_ms(-minutes * 60_000)
    stop.tend_for(600)
    assert 3 <= len(stop.waits) <= 4
    testbed.venues[Venue.BINANCE].mute = False
    testbed.premium(0)
    assert stop.tend_for(120 * 60) is not None


def test_a_start_goes_on_with_it_and_is_not_ended_by_it(testbed):
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.memory.stop = replace(stop.memory.stop, starting_ns=testbed.clock.now_ns())
    assert stop.tend_for(60) is None
    stop.emergency.started()
    assert stop.tend_for(10) is not None


def test_a_start_that_died_keeps_it_from_ending_for_ten_minutes_only(testbed):
    stop = Stopping(testbed)
    stop.emergency.begin("x")
    stop.memory.stop = replace(stop.memory.stop, starting_ns=testbed.clock.now_ns())
    assert stop.tend_for(660) is not None


def test_a_stack_that_did_not_end_is_ended_again(testbed):
    stop = Stopping(testbed)
    assert stop.run("x") is not None
    assert stop.tend_for(50) is None
    assert stop.tend_for(30) is not None
    assert len(stop.shut) == 2


def test_without_a_supervisor_this_process_ends_and_the_others_do_not_begin_again(testbed):
    stop = Stopping(testbed)
    stop.supervised = False
    assert stop.run("x") is not None
    assert stop.memory.stop is None


def test_what_another_thread_is_at_is_not_done_beside_it(testbed):
    stop, beside = Stopping(testbed), []

    def shut_down(ending: EmergencyReport) -> bool:
        beside.append(again.tend())
        return True

    again = replace(stop.emergency, shut_down=shut_down)
    again.begin("ws_lag_ms of upbit")
    assert again.tend() is not None
    assert beside == [None]


@pytest.mark.parametrize("step", ["drain", "wind_down"])
def test_a_step_that_hangs_is_passed_and_the_stop_goes_on_when_it_answers(testbed, step, monkeypatch):
    monkeypatch.setattr(emergency, "STEP_MS_MAX", 100)
    stop, end = Stopping(testbed), threading.Event()

    def hang(*_):
        end.wait()
        raise StoreUnavailable("late")

    wind_down = SimpleNamespace(step=hang, left=hang)
    drain = SimpleNamespace(session_id=SESSION, begin=hang, at_rest=hang, sessions=testbed.sessions)
    hung = replace(stop.emergency, **{step: {"drain": drain, "wind_down": wind_down}[step]})
    hung.begin("ws_lag_ms of upbit")
    if step == "wind_down":
        unknown_leg(testbed)
    assert hung.tend() is None
    assert "PostgreSQL" in stop.memory.stop.waits_for[0]
    assert stop.shut == []
    end.set()
    testbed.venues[Venue.BINANCE].mute = False
    testbed.premium(0)
    assert stop.tend_for(120) is not None


def test_a_snapshot_that_hangs_does_not_keep_the_stack_from_ending(testbed, monkeypatch):
    monkeypatch.setattr(emergency, "STEP_MS_MAX", 100)
    stop, end = Stopping(testbed), threading.Event()
    hung = replace(stop.emergency, take_snapshot=SimpleNamespace(run=lambda _: end.wait()))
    hung.begin("x")
    ending = hung.tend()
    end.set()
    assert ending.snapshot is None
    assert stop.shut == [ending]


def test_a_pair_of_minutes_is_the_time_it_has_where_the_venues_are_there(testbed):
    """What is out is at rest long before a wait is told of."""
    open_pair(testbed)
    stop = Stopping(testbed)
    began_ns = testbed.clock.now_ns()
    stop.emergency.begin("x")
    assert stop.tend_for(30) is not None
    assert testbed.clock.now_ns() - began_ns < NS_PER_MINUTE // 2
