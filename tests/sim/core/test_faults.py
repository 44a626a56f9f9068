"""The fault plan decides by seed and arrival; the effects do what their names say."""

import asyncio
from random import Random

import pytest

from arb.adapters.local.clock import ManualClock
from arb.sim.core.fault_effects import (
    RejectedByPlan,
    ReplyLost,
    ServerError,
    Throttled,
    VenueRefusal,
    run_call,
)
from arb.sim.core.fault_stream import PrivateShaper, PublicShaper
from arb.sim.core.faults import TABLE, Call, Fault, FaultKind, FaultPlan, Scope, Stage
from arb.sim.core.stage import make_stage
from tests.sim.core.worlds import config

ORDER = Call(endpoint="POST /order", scope=Scope.ORDER, client_id="arb-1")
READ = Call(endpoint="GET /order")


def plan_of(*faults, seed=1):
    return FaultPlan(Random(seed), faults)


def fault(kind, **fields):
    return Fault(kind=FaultKind(kind), **fields)


def attempt(*faults, call=ORDER, fence_ns=None, wait_s=0.0):
    """Run one call under `faults`; return (how it ended, how often the venue acted)."""
    acted = []

    async def act():
        acted.append(1)
        return "answer"

    async def scenario():
        stage = make_stage("binance", config(), ManualClock(10**9), None)
        for one in faults:
            stage.faults.add(one)
        try:
            ended = await run_call(stage, call, act, fence_ns)
        except (ReplyLost, ServerError, RejectedByPlan, Throttled, VenueRefusal) as error:
            ended = error
        at_reply = len(acted)
        await asyncio.sleep(wait_s)
        return ended, at_reply, len(acted), stage

    return asyncio.run(scenario())


def test_every_kind_is_in_the_table():
    assert set(TABLE) == set(FaultKind)


def test_same_seed_and_calls_give_the_same_strikes():
    def strikes():
        plan = plan_of(fault("reject", probability=0.5), seed=9)
        return [plan.strike(Stage.REQUEST, ORDER) is not None for _ in range(50)]

    assert strikes() == strikes()
    assert 10 < sum(strikes()) < 40


def test_count_limits_the_strikes():
    plan = plan_of(fault("reject", count=2))
    assert [plan.strike(Stage.REQUEST, ORDER) is not None for _ in range(4)] == [True, True, False, False]
    assert plan.listing()[0].strikes == 2


def test_strikes_stay_counted_when_the_fault_is_switched_off():
    plan = plan_of(fault("reject"), fault("clock_skew_ms", delay_ms=5))
    plan.strike(Stage.REQUEST, ORDER)
    plan.clear()
    assert plan.struck == {"reject": 1, "clock_skew_ms": 1}


@pytest.mark.parametrize(
    ("fields", "call", "hits"),
    [
        ({}, ORDER, True),
        ({}, READ, False),
        ({"endpoint": "GET /order"}, READ, True),
        ({"endpoint": "/order"}, READ, True),
        ({"endpoint": "/ord*"}, READ, True),
        ({"endpoint": "/orders"}, READ, False),
        ({"client_id": "arb-1"}, ORDER, True),
        ({"client_id": "arb-2"}, ORDER, False),
    ],
)
def test_fault_strikes_what_it_names_and_without_a_name_only_orders(fields, call, hits):
    assert (plan_of(fault("reject", **fields)).strike(Stage.REQUEST, call) is not None) is hits


def test_call_without_faults_is_answered():
    assert attempt()[:3] == ("answer", 1, 1)


@pytest.mark.parametrize(
    ("kind", "outcome", "acted"),
    [
        ("accept_then_drop_reply", ReplyLost, 1),
        ("error_5xx_accepted", ServerError, 1),
        ("error_5xx_not_accepted", ServerError, 0),
        ("reject", RejectedByPlan, 0),
        ("rate_limit_429", Throttled, 0),
        ("ban_418", Throttled, 0),
    ],
)
def test_request_fault_shows_its_outcome_and_acts_or_not(kind, outcome, acted):
    ended, _, total, _ = attempt(fault(kind))
    assert isinstance(ended, outcome)
    assert total == acted


def test_swallowed_request_is_never_acted_on():
    ended, _, total, _ = attempt(fault("drop_then_timeout", delay_ms=1))
    assert isinstance(ended, ReplyLost) and total == 0


def test_slow_accept_acts_and_answers_after_its_delay():
    assert attempt(fault("slow_accept", delay_ms=1))[:3] == ("answer", 1, 1)


def test_late_execution_loses_the_reply_first_and_acts_afterwards():
    ended, at_reply, total, _ = attempt(fault("late_execution", delay_ms=5), wait_s=0.1)
    assert isinstance(ended, ReplyLost)
    assert (at_reply, total) == (0, 1)


def test_late_execution_never_waits_beyond_the_fence():
    fence_ns = 10**9 + 20_000_000  # 20 ms from now
    _, _, total, _ = attempt(fault("late_execution", delay_ms=60_000), fence_ns=fence_ns, wait_s=0.2)
    assert total == 1


def test_strike_is_journaled_with_the_client_id():
    stage = attempt(fault("reject"))[3]
    struck = stage.journal.since(stage.journal.last_seq - 1, 1)[0].as_json()
    assert (struck["kind"], struck["fault"], struck["client_id"]) == ("fault_struck", "reject", "arb-1")


def test_clock_skew_moves_the_venues_time_only():
    stage = make_stage("binance", config(), ManualClock(10**9), None)
    stage.faults.add(fault("clock_skew_ms", delay_ms=-1500))
    assert stage.now_ns() - stage.clock.now_ns() == -1_500_000_000


def frames_of(*faults, count=3):
    shaper = PrivateShaper(plan_of(*faults), "userDataStream")
    return [[(d.delay_ms, d.frame) for d in shaper.push(b"%d" % number)] for number in range(count)]


def test_private_events_pass_unchanged_without_faults():
    assert frames_of(count=2) == [[(0, b"0")], [(0, b"1")]]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("duplicate_event", [(0, b"0"), (0, b"0")], [(0, b"1")]),
        ("missing_event", [], [(0, b"1")]),
        ("late_event", [(700, b"0")], [(0, b"1")]),
        ("reordered_event", [], [(0, b"1"), (0, b"0")]),
    ],
)
def test_private_event_fault_does_what_it_says(kind, first, second):
    assert frames_of(fault(kind, count=1, delay_ms=700), count=2) == [first, second]


def test_frozen_stream_is_silent_for_its_time_and_others_go_on():
    clock = ManualClock(0)
    frozen = fault("freeze_stream", endpoint="a", count=1, delay_ms=50)
    shaper = PublicShaper(plan_of(frozen), clock, bytes)
    assert shaper.push("a", b"x") is None
    assert shaper.push("b", b"x") == b"x"
    clock.advance_ms(49)
    assert shaper.push("a", b"x") is None
    clock.advance_ms(1)
    assert shaper.push("a", b"x") == b"x"


def test_market_frame_is_crossed_or_cut():
    clock = ManualClock(0)
    assert (
        PublicShaper(plan_of(fault("crossed_book")), clock, lambda raw: raw[::-1]).push("a", b"xy") == b"yx"
    )
    assert PublicShaper(plan_of(fault("malformed_frame")), clock, bytes).push("a", b"{}{}") == b"{}"
