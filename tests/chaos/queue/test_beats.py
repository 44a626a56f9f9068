"""Beat through an outage of Redis: it starts, it publishes, and two of them make one snapshot a slot."""

import pytest
from sqlalchemy import text

from arb.adapters.postgres.engine import make_engine, reading
from arb.chaos.queue.beats import start_beat, two_beats
from arb.chaos.queue.broker_sandbox import until
from arb.chaos.queue.testbed import grounded
from arb.chaos.scenario_result import judged

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
UP_S = 60.0
OUTAGE_SLOTS = 2


@pytest.fixture
def testbed():
    with grounded(print) as made:
        yield made


def test_beat_starts_while_redis_is_away_and_publishes_to_the_fallback(testbed):
    testbed.sandbox.environment["ARB_REDIS_URL"] = "redis://127.0.0.1:1/0"
    start_beat(testbed, "beat")
    database = make_engine(testbed.database_url)

    def published() -> int:
        with reading(database) as connection:
            known = text("SELECT 1 FROM pgmq.meta WHERE queue_name = 'mock_housekeeping'")
            if connection.execute(known).first() is None:
                return 0
            return connection.execute(text("SELECT count(*) FROM pgmq.q_mock_housekeeping")).scalar_one()

    assert until(lambda: published() >= 5, UP_S, 0.2), testbed.sandbox.logs()
    database.dispose()
    testbed.expect_all_run()


def test_two_beats_make_one_snapshot_a_slot_through_an_outage(testbed):
    outcome = judged("beats", lambda: two_beats(testbed, OUTAGE_SLOTS))
    print(outcome.detail)
    assert outcome.passed, outcome.detail
