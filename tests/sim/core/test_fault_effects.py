"""What request faults do to a call."""

import asyncio

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.market.ids import Venue
from arb.sim.core.context import make_context
from arb.sim.core.fault_effects import (
    RejectedByPlan,
    ReplyWithheld,
    ServerError,
    Throttled,
    VenueRejection,
    run_call,
)
from arb.sim.core.fault_kinds import Scope
from arb.sim.core.faults import Call
from tests.sim.core.worlds import config, fault

ORDER = Call(endpoint="POST /order", scope=Scope.ORDER, client_id="arb-1")


def attempt(*faults, call=ORDER, fence_ns=None, wait_s=0.0):
    """Run one call under `faults`; return (how it ended, how often the venue acted)."""
    acted = []

    async def act():
        acted.append(1)
        return "answer"

    async def scenario():
        context = make_context(Venue.BINANCE, config(), ManualClock(10**9), None)
        for one in faults:
            context.faults.add(one)
        try:
            ended = await run_call(context, call, act, fence_ns)
        except (ReplyWithheld, ServerError, RejectedByPlan, Throttled, VenueRejection) as error:
            ended = error
        at_reply = len(acted)
        await asyncio.sleep(wait_s)
        return ended, at_reply, len(acted), context

    return asyncio.run(scenario())


def test_call_without_faults_is_answered():
    assert attempt()[:3] == ("answer", 1, 1)


@pytest.mark.parametrize(
    ("kind", "outcome", "acted"),
    [
        ("accept_then_drop_reply", ReplyWithheld, 1),
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
    assert isinstance(ended, ReplyWithheld) and total == 0


def test_slow_accept_acts_and_answers_after_its_delay():
    assert attempt(fault("slow_accept", delay_ms=1))[:3] == ("answer", 1, 1)


def test_late_execution_loses_the_reply_first_and_acts_afterwards():
    ended, at_reply, total, _ = attempt(fault("late_execution", delay_ms=5), wait_s=0.1)
    assert isinstance(ended, ReplyWithheld)
    assert (at_reply, total) == (0, 1)


def test_late_execution_never_waits_beyond_the_fence():
    fence_ns = 10**9 + 20_000_000  # 20 ms from now
    _, _, total, _ = attempt(fault("late_execution", delay_ms=60_000), fence_ns=fence_ns, wait_s=0.2)
    assert total == 1


def test_strike_is_journaled_with_the_client_id():
    context = attempt(fault("reject"))[3]
    struck = context.journal.since(context.journal.last_seq - 1, 1)[0].as_json()
    assert (struck["kind"], struck["fault"], struck["client_id"]) == ("fault_struck", "reject", "arb-1")
