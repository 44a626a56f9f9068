"""The fault plan decides by seed and arrival."""

import pytest

from arb.sim.core.fault_kinds import TABLE, FaultKind, FaultStage, Scope
from arb.sim.core.faults import Call
from tests.sim.core.worlds import fault, plan_of

ORDER = Call(endpoint="POST /order", scope=Scope.ORDER, client_id="arb-1")
READ = Call(endpoint="GET /order")


def test_every_kind_is_in_the_table():
    assert set(TABLE) == set(FaultKind)


def test_same_seed_and_calls_give_the_same_strikes():
    def strikes():
        plan = plan_of(fault("reject", probability=0.5), seed=9)
        return [plan.strike(FaultStage.REQUEST, ORDER) is not None for _ in range(50)]

    assert strikes() == strikes()
    assert 10 < sum(strikes()) < 40


def test_count_limits_the_strikes():
    plan = plan_of(fault("reject", count=2))
    assert [plan.strike(FaultStage.REQUEST, ORDER) is not None for _ in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    assert plan.listing()[0].strikes == 2


def test_strikes_stay_counted_when_the_fault_is_switched_off():
    plan = plan_of(fault("reject"), fault("clock_skew_ms", delay_ms=5))
    plan.strike(FaultStage.REQUEST, ORDER)
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
    assert (plan_of(fault("reject", **fields)).strike(FaultStage.REQUEST, call) is not None) is hits
