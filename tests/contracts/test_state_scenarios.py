"""The scenarios of `arb chaos state` that need no stack; ten thousand positions are a thousand here."""

import pytest

from arb.adapters.redis.client import connect
from arb.chaos.scenario_result import Failed, judged
from arb.chaos.state.damage import TABLES, harms
from arb.chaos.state.scenarios import SCENARIOS, many
from arb.chaos.state.testbed import StateTestbed

pytestmark = pytest.mark.integration
QUICK = [name for name in SCENARIOS if name != "ten_thousand_positions"]


@pytest.fixture
def ground(engine, redis_url):
    with connect(redis_url) as client:
        yield StateTestbed(database=engine, client=client)


@pytest.mark.parametrize("name", QUICK)
def test_state_survives(ground, name):
    outcome = judged(name, lambda: SCENARIOS[name](ground))
    assert outcome.passed, outcome.detail


def test_many_positions_survive_in_chunks(ground):
    many(ground, 1_500)  # raises Failed; how long it takes is for `arb chaos state` to say


def test_there_is_a_harm_for_every_column_of_every_table():
    named = {harm.name for harm in harms()}
    columns = {"session_id", "slot", "kind", "schema_version", "checksum", "ledger_position", "taken_at_ns"}
    assert all(f"{table} {column}" in named for table in TABLES for column in columns)


def test_a_scenario_that_fails_is_an_outcome():
    def fails():
        raise Failed("no")

    outcome = judged("fails", fails)
    assert (outcome.passed, outcome.detail) == (False, "Failed: no")
