"""CRITICAL: halted, closed or handed over, imaged, told, remembered, shut down; whatever is away."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from arb.adapters.local.errands import Errands
from arb.adapters.local.memory_budget import UnlimitedBudget
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.domain.health.assignment import Beat
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import NO_FEED
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import TradeState
from arb.engine.kill import emergency
from arb.engine.kill.emergency import Emergency, Ending
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.state.snapshot import TakeSnapshot
from tests.engine.health.test_watch import Alarms
from tests.engine.town import BTC, SESSION, Town


class Stop:
    """An emergency in town, and what it did."""

    def __init__(self, town: Town) -> None:
        self.alarms = Alarms()
        self.remembered: list[Ending] = []
        self.shut: list[Ending] = []
        self.emergency = Emergency(
            drain=town.drain, trades=town.trades, alerts=self.alarms,
            hand_over=replace(town.hand_over, alerts=self.alarms), clock=town.clock, rest_ms_max=2_000,
            errands=Errands(),
            take_snapshot=TakeSnapshot(
                session_id=SESSION, snapshots=MemorySnapshotStore(town.tables), counters=town.counters,
                clock=town.clock, interval_ns=300_000_000_000, on_trade_interval_ns=0,
                budget=UnlimitedBudget(),
            ),
            remember=self.remembered.append, shut_down=self.shut.append,
        )  # fmt: skip


def lonely_leg(town: Town) -> None:
    """Open a trade, fill its Upbit leg, and let the other one be refused."""
    town.premium(200)
    assert town.evaluate_now() == 1
    town.venues[Venue.BINANCE].troubles.clear()
    index = next(i for i, task in enumerate(town.pending) if "-u1" in str(task[2]))
    town.run_one(index)
    town.pending.clear()
    [view] = town.trades.active(SESSION)
    other = next(order for order in view.orders if order.venue is Venue.BINANCE)
    assert town.trades.deny(other.client_order_id, "test", town.clock.now_ns())


def test_a_hedged_stack_stops_at_rest_with_an_image_and_its_reason():
    town = Town()
    stop = Stop(town)
    ending = stop.emergency.run("ws_lag_ms of upbit")
    assert (ending.rested, ending.handed_over, ending.left_working) == (True, (), 0)
    assert ending.snapshot is not None
    assert town.sessions.get(SESSION).mode is Mode.HALTED
    assert town.sessions.get(SESSION).mode_reason == "watchdog: ws_lag_ms of upbit"
    assert stop.remembered == stop.shut == [ending]
    assert [alert.kind for alert in stop.alarms.raised] == ["stack_stopped"]


def test_a_stop_for_want_of_feeds_is_not_undone_by_their_return():
    town = Town()
    stop = Stop(town)
    guard = FeedGuard(
        session_id=SESSION,
        registry=MemoryFeedRegistry(town.quotes),
        sessions=town.sessions,
        alerts=stop.alarms,
    )
    guard.run(town.clock.now_ns())
    town.clock.advance_ms(7_000)
    guard.run(town.clock.now_ns())
    assert town.sessions.get(SESSION).mode_reason == NO_FEED
    stop.emergency.run("redis_heartbeat_age_ms of feed")
    guard.registry.report(
        Beat(worker="feed", incarnation=1, count=1, capacity=9, fences={BTC: 1}, at_ns=town.clock.now_ns())
    )
    guard.run(town.clock.now_ns())
    session = town.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "watchdog: redis_heartbeat_age_ms of feed")


def test_a_leg_that_nobody_evened_out_in_time_is_handed_over_by_name():
    town = Town()
    lonely_leg(town)
    stop = Stop(town)
    ending = stop.emergency.run("canary_age_ms of orders")
    [trade_id] = ending.handed_over
    assert town.trades.view(trade_id).trade.state is TradeState.HANDED_OVER
    assert [alert.kind for alert in stop.alarms.raised] == ["trade_handed_over", "stack_stopped"]
    assert ending.rested is False


def test_with_the_database_away_the_stack_still_stops_and_says_so():
    town = Town()
    town.tables.away = True
    stop = Stop(town)
    ending = stop.emergency.run("beat_age_ms of beat")
    assert replace(ending, at_ns=0, reason="") == Ending(
        reason="", at_ns=0, rested=False, handed_over=(), left_working=-1, snapshot=None
    )
    assert stop.shut == [ending]


@pytest.mark.parametrize("why", ["x", "ws_lag_ms of upbit, cpu_pct of feed"])
def test_the_reason_travels(why):
    stop = Stop(Town())
    assert stop.emergency.run(why).reason == f"watchdog: {why}"


def test_what_another_thread_is_at_is_not_done_beside_it_and_again_after_it():
    stop, beside = Stop(Town()), []
    again = replace(stop.emergency, shut_down=lambda _ending: beside.append(again.run("found once more")))
    assert again.run("ws_lag_ms of upbit") is not None
    assert beside == [None]
    assert again.run("still") is not None


@pytest.mark.parametrize("step", ["drain", "trades", "take_snapshot"])
def test_a_step_that_hangs_does_not_keep_the_stack_from_ending(step, monkeypatch):
    monkeypatch.setattr(emergency, "STEP_MS_MAX", 100)
    town = Town()
    stop = Stop(town)
    end = threading.Event()
    hung = SimpleNamespace(session_id=SESSION, begin=lambda _: end.wait(), run=lambda _: end.wait())
    hung.working = hung.active = lambda _: end.wait()
    ending = replace(stop.emergency, **{step: hung}).run("ws_lag_ms of upbit")
    end.set()
    assert stop.remembered == stop.shut == [ending]
    assert [alert.kind for alert in stop.alarms.raised] == ["stack_stopped"]
    assert ending.rested is (step != "drain")
    assert (ending.snapshot is None) is (step == "take_snapshot")
