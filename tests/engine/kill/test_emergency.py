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
from arb.engine.kill.unwind import Unwind
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.state.snapshot import TakeSnapshot
from tests.domain.markets import PAIR
from tests.engine.health.test_watch import Alarms
from tests.engine.town import BTC, SESSION, Town

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
    """An emergency in town, and what it did. Another process has the same town and memory."""

    def __init__(self, town: Town, memory: Memory | None = None, keeper: str = "one") -> None:
        self.town, self.alarms, self.memory = town, Alarms(), memory or Memory()
        self.remembered: list[EmergencyReport] = []
        self.shut: list[EmergencyReport] = []
        self.supervised = True
        self.emergency = Emergency(
            drain=town.drain, alerts=self.alarms, memory=self.memory, errands=ThreadErrands(),
            clock=town.clock,
            unwind=Unwind(
                session_id=SESSION, trades=town.trades, execute=town.execute, settle=town.settle,
                hand_over=replace(town.hand_over, alerts=self.alarms),
            ),
            take_snapshot=TakeSnapshot(
                session_id=SESSION, snapshots=MemorySnapshotStore(town.tables), counters=town.counters,
                clock=town.clock, interval_ns=300_000_000_000, on_trade_interval_ns=0,
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
            self.town.pass_time(2_000)
            self.town.pending.clear()
        return None

    @property
    def waits(self) -> list[str]:
        return [alert.message for alert in self.alarms.raised if alert.kind == "stack_waits"]


@pytest.fixture
def town() -> Town:
    return Town()


def open_pair(town: Town) -> None:
    """Write the intents of a pair; nobody runs their messages."""
    town.premium(200)
    assert town.evaluate_now() == 1
    town.pending.clear()


def order_on(town: Town, venue: Venue):
    (order,) = [row.order for row in town.tables.orders.values() if row.order.venue is venue]
    return order


def unknown_leg(town: Town, venue: Venue = Venue.BINANCE) -> None:
    """Fill one leg, and lose the answer to the other one, whose venue then is away."""
    open_pair(town)
    town.venues[venue].troubles.append(Trouble.DROPPED)
    for each in PAIR.venues:
        town.execute.place(order_on(town, each).client_order_id)
    town.venues[venue].mute = True
    town.collect()
    town.pending.clear()


def lonely_leg(town: Town) -> None:
    """Fill one leg, and have the other one refused; nobody has looked at it yet."""
    open_pair(town)
    town.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    for each in PAIR.venues:
        town.execute.place(order_on(town, each).client_order_id)
    town.collect()
    town.pending.clear()


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def imbalance(town: Town):
    return trade_position([row.order for row in town.tables.orders.values()]).imbalance


def test_a_hedged_stack_stops_at_rest_with_an_image_and_its_reason(town):
    stop = Stopping(town)
    ending = stop.run("ws_lag_ms of upbit")
    assert (ending.reason, ending.handed_over) == ("watchdog: ws_lag_ms of upbit", ())
    assert ending.snapshot is not None
    assert town.sessions.get(SESSION).mode is Mode.HALTED
    assert town.sessions.get(SESSION).mode_reason == "watchdog: ws_lag_ms of upbit"
    assert stop.remembered == stop.shut == [ending]
    assert [alert.kind for alert in stop.alarms.raised] == ["stack_stopped"]


def test_a_stop_for_want_of_feeds_is_not_undone_by_their_return(town):
    stop = Stopping(town)
    guard = FeedGuard(
        session_id=SESSION,
        registry=MemoryFeedRegistry(town.quotes),
        sessions=town.sessions,
        alerts=stop.alarms,
    )
    guard.run(town.clock.now_ns())
    town.clock.advance_ms(7_000)
    guard.run(town.clock.now_ns())
    assert town.sessions.get(SESSION).mode_reason == reason_text(Cause.NO_FEED)
    stop.run("redis_heartbeat_age_ms of feed")
    guard.registry.report(
        Beat(worker="feed", incarnation=1, count=1, capacity=9, fences={BTC: 1}, at_ns=town.clock.now_ns())
    )
    guard.run(town.clock.now_ns())
    session = town.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "watchdog: redis_heartbeat_age_ms of feed")


def test_what_nobody_sent_or_settled_is_by_the_stop_itself_and_then_it_ends(town):
    open_pair(town)
    stop = Stopping(town)
    assert stop.run("canary_age_ms of orders") is None
    assert stop.tend_for(20) is not None
    assert only_trade(town).state is TradeState.OPEN
    assert stop.waits == []


def test_a_leg_that_stands_alone_is_evened_out_and_then_it_ends(town):
    lonely_leg(town)
    stop = Stopping(town)
    assert stop.run("canary_age_ms of orders") is None
    ending = stop.tend_for(30)
    assert imbalance(town) == 0
    assert ending.handed_over == ()


def test_a_leg_that_nobody_can_even_out_ends_as_any_other_with_its_name(town):
    lonely_leg(town)
    for venue in town.venues.values():
        venue.silent = True
    town.pass_time(6_000)
    stop = Stopping(town)
    assert stop.run("canary_age_ms of orders") is None
    ending = stop.tend_for(180)
    assert only_trade(town).state is TradeState.HANDED_OVER
    assert ending.handed_over == (only_trade(town).trade_id,)
    assert only_trade(town).trade_id in stop.alarms.raised[-1].message


@pytest.mark.parametrize("away", list(PAIR.venues))
def test_with_a_venue_away_it_waits_for_hours_and_ends_when_the_venue_is_back(town, away):
    unknown_leg(town, away)
    stop = Stopping(town)
    stop.emergency.begin("ws_lag_ms of upbit")
    assert stop.tend_for(2 * 3_600) is None
    assert order_on(town, away).state is OrderState.UNKNOWN
    assert stop.shut == []
    assert len(stop.waits) == 24
    assert order_on(town, away).client_order_id in stop.memory.stop.waits_for[0]
    town.venues[away].mute = False
    town.premium(0)
    ending = stop.tend_for(120)
    assert imbalance(town) == 0
    assert town.trades.working(SESSION) == 0
    assert stop.shut == [ending]
    assert ending.waited_ns > 2 * NS_PER_HOUR


def test_the_alarm_says_what_is_out_where_since_when_and_what_to_do(town):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("ws_lag_ms of upbit")
    stop.tend_for(40)
    [told] = stop.waits
    assert "binance: " in told
    assert "BTC/USDT is unknown since 2023-11-14T22:13:2" in told
    assert order_on(town, Venue.BINANCE).client_order_id in told
    assert "ws_lag_ms of upbit" in told
    assert "`arb kill`" in told


def test_a_leg_alone_is_named_while_it_waits(town):
    lonely_leg(town)
    for venue in town.venues.values():
        venue.silent = True
    town.pass_time(6_000)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(40)
    assert f"BTC of trade {only_trade(town).trade_id} over both venues" in stop.waits[0]


def test_no_alarm_is_held_back_as_a_repeat_of_the_one_before(town):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(1_000)
    told = [alert for alert in stop.alarms.raised if alert.kind == "stack_waits"]
    assert len(told) == 4
    assert all(one.rank < two.rank for one, two in pairwise(told))


def test_nothing_is_opened_or_closed_meanwhile(town):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(10)
    town.premium(300)
    assert town.evaluate_now() == 0


def test_another_process_goes_on_when_the_one_that_tended_it_was_killed(town):
    unknown_leg(town)
    one = Stopping(town)
    one.emergency.begin("x")
    one.tend_for(40)
    two = Stopping(town, one.memory, "two")
    assert two.emergency.tend() is None
    assert one.memory.stop.keeper == "one"
    town.venues[Venue.BINANCE].mute = False
    town.premium(0)
    ending = two.tend_for(60)
    assert two.shut == [ending]
    assert (len(one.waits), two.waits) == (1, [])


def test_processes_at_once_tell_it_once_and_end_it_once(town):
    unknown_leg(town)
    memory = Memory()
    several = [Stopping(town, memory, name) for name in ("one", "two", "three")]
    for stop in several:
        stop.emergency.begin("x")
    for _ in range(40):
        for stop in several:
            stop.emergency.tend()
        town.pass_time(2_000)
    assert sum(len(stop.waits) for stop in several) == 1
    town.venues[Venue.BINANCE].mute = False
    town.premium(0)
    for _ in range(20):
        for stop in several:
            stop.emergency.tend()
        town.pass_time(2_000)
    assert sum(len(stop.shut) for stop in several) == 1


def test_a_second_cause_does_not_begin_it_again(town):
    stop = Stopping(town)
    assert stop.emergency.begin("one")
    assert not stop.emergency.begin("two")
    assert stop.memory.stop.reason == "watchdog: one"


def test_the_stop_of_another_session_is_none_of_ours(town):
    stop = Stopping(town)
    stop.memory.stop = Stop(session_id="mock-0", reason="watchdog: old", began_ns=1)
    assert stop.emergency.tend() is None
    assert stop.emergency.begin("new")


def test_without_a_database_it_waits_says_so_and_halts_when_it_is_back(town):
    town.tables.away = True
    stop = Stopping(town)
    stop.emergency.begin("beat_age_ms of beat")
    assert stop.tend_for(60) is None
    assert "PostgreSQL" in stop.waits[0]
    assert stop.shut == []
    town.tables.away = False
    assert stop.tend_for(10) is not None
    assert town.sessions.get(SESSION).mode_reason == "watchdog: beat_age_ms of beat"


def test_a_database_that_goes_and_comes_in_the_wait_changes_nothing(town):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(60)
    town.tables.away = True
    assert stop.tend_for(600) is None
    town.tables.away = False
    assert stop.tend_for(60) is None
    town.venues[Venue.BINANCE].mute = False
    town.premium(0)
    assert stop.tend_for(60) is not None


@pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.REDUCE_ONLY])
def test_who_lets_the_session_trade_again_ends_the_stop(town, mode):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(40)
    town.sessions.set_mode(SESSION, mode, "by hand", town.clock.now_ns())
    assert stop.tend_for(10) is None
    assert stop.memory.stop is None
    assert [alert.severity for alert in stop.alarms.raised] == [Severity.CRITICAL, Severity.INFO]
    assert stop.emergency.begin("again"), "if it is as bad as before"


def test_a_kill_in_the_wait_does_not_end_it(town):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(10)
    town.switch.engage("by hand", town.clock.now_ns())
    town.sessions.set_mode(SESSION, Mode.HALTED, "killed: by hand", town.clock.now_ns())
    assert stop.tend_for(60) is None
    assert stop.memory.stop is not None


@pytest.mark.parametrize("minutes", [-60, -1, 1, 60])
def test_a_clock_that_is_set_keeps_it_going(town, minutes):
    unknown_leg(town)
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.tend_for(40)
    town.clock.set_back_ms(-minutes * 60_000)
    stop.tend_for(600)
    assert 3 <= len(stop.waits) <= 4
    town.venues[Venue.BINANCE].mute = False
    town.premium(0)
    assert stop.tend_for(120 * 60) is not None


def test_a_start_goes_on_with_it_and_is_not_ended_by_it(town):
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.memory.stop = replace(stop.memory.stop, starting_ns=town.clock.now_ns())
    assert stop.tend_for(60) is None
    stop.emergency.started()
    assert stop.tend_for(10) is not None


def test_a_start_that_died_keeps_it_from_ending_for_ten_minutes_only(town):
    stop = Stopping(town)
    stop.emergency.begin("x")
    stop.memory.stop = replace(stop.memory.stop, starting_ns=town.clock.now_ns())
    assert stop.tend_for(660) is not None


def test_a_stack_that_did_not_end_is_ended_again(town):
    stop = Stopping(town)
    assert stop.run("x") is not None
    assert stop.tend_for(50) is None
    assert stop.tend_for(30) is not None
    assert len(stop.shut) == 2


def test_without_a_supervisor_this_process_ends_and_the_others_do_not_begin_again(town):
    stop = Stopping(town)
    stop.supervised = False
    assert stop.run("x") is not None
    assert stop.memory.stop is None


def test_what_another_thread_is_at_is_not_done_beside_it(town):
    stop, beside = Stopping(town), []

    def shut_down(ending: EmergencyReport) -> bool:
        beside.append(again.tend())
        return True

    again = replace(stop.emergency, shut_down=shut_down)
    again.begin("ws_lag_ms of upbit")
    assert again.tend() is not None
    assert beside == [None]


@pytest.mark.parametrize("step", ["drain", "unwind"])
def test_a_step_that_hangs_is_passed_and_the_stop_goes_on_when_it_answers(town, step, monkeypatch):
    monkeypatch.setattr(emergency, "STEP_MS_MAX", 100)
    stop, end = Stopping(town), threading.Event()

    def hang(*_):
        end.wait()
        raise StoreUnavailable("late")

    unwind = SimpleNamespace(step=hang, left=hang)
    drain = SimpleNamespace(session_id=SESSION, begin=hang, at_rest=hang, sessions=town.sessions)
    hung = replace(stop.emergency, **{step: {"drain": drain, "unwind": unwind}[step]})
    hung.begin("ws_lag_ms of upbit")
    if step == "unwind":
        unknown_leg(town)
    assert hung.tend() is None
    assert "PostgreSQL" in stop.memory.stop.waits_for[0]
    assert stop.shut == []
    end.set()
    town.venues[Venue.BINANCE].mute = False
    town.premium(0)
    assert stop.tend_for(120) is not None


def test_a_snapshot_that_hangs_does_not_keep_the_stack_from_ending(town, monkeypatch):
    monkeypatch.setattr(emergency, "STEP_MS_MAX", 100)
    stop, end = Stopping(town), threading.Event()
    hung = replace(stop.emergency, take_snapshot=SimpleNamespace(run=lambda _: end.wait()))
    hung.begin("x")
    ending = hung.tend()
    end.set()
    assert ending.snapshot is None
    assert stop.shut == [ending]


def test_a_pair_of_minutes_is_the_time_it_has_where_the_venues_are_there(town):
    """What is out is at rest long before a wait is told of."""
    open_pair(town)
    stop = Stopping(town)
    began_ns = town.clock.now_ns()
    stop.emergency.begin("x")
    assert stop.tend_for(30) is not None
    assert town.clock.now_ns() - began_ns < NS_PER_MINUTE // 2
