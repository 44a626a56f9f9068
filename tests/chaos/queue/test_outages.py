"""Refusals and outages of `arb chaos queue`, small. `make chaos`"""

import pytest

from arb.chaos.outcome import judged
from arb.chaos.queue.ground import grounded
from arb.chaos.queue.outages import OUTAGES, outage, refusals

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def ground():
    with grounded(print) as made:
        yield made


@pytest.fixture(scope="module")
def way(ground):
    with ground.way_to_redis() as made:
        ground.start_workers()
        yield made


def test_everything_is_executed_once_though_both_brokers_refuse(ground, way):
    outcome = judged("refusals", lambda: refusals(ground, seed=3, tasks=200))
    print(outcome.detail)
    assert outcome.passed, outcome.detail


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_of_redis_loses_nothing(ground, way, name):
    outcome = judged(name, lambda: outage(ground, way, name, duration_s=4.0))
    print(outcome.detail)
    assert outcome.passed, outcome.detail
