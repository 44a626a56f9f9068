"""Refusals and outages of `arb chaos queue`, small. `make chaos`"""

import pytest

from arb.chaos.queue.outages import OUTAGES, outage, refusals
from arb.chaos.queue.testbed import grounded
from arb.chaos.scenario_result import judged

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def testbed():
    with grounded(print) as made:
        yield made


@pytest.fixture(scope="module")
def proxy(testbed):
    with testbed.proxy_to_redis() as made:
        testbed.start_workers()
        yield made


def test_everything_is_executed_once_though_both_brokers_refuse(testbed, proxy):
    outcome = judged("refusals", lambda: refusals(testbed, seed=3, tasks=200))
    print(outcome.detail)
    assert outcome.passed, outcome.detail


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_of_redis_loses_nothing(testbed, proxy, name):
    outcome = judged(name, lambda: outage(testbed, proxy, name, duration_s=4.0))
    print(outcome.detail)
    assert outcome.passed, outcome.detail
