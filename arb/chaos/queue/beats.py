"""Two beats side by side through an outage of Redis: each slot has one snapshot, none has two."""

from typing import Final

from sqlalchemy import text

from arb.adapters.postgres.engine import make_engine, reading
from arb.chaos.queue.broker_sandbox import until
from arb.chaos.queue.testbed import CELERY, QueueTestbed
from arb.chaos.scenario_result import expect

INTERVAL_S: Final = 3  # of a slot; five minutes in the product
UP_S_MAX: Final = 120.0
OUTAGE_SLOTS: Final = 4
SLOTS: Final = "SELECT slot FROM session_snapshots WHERE slot LIKE 'periodic:%'"


def start_beat(testbed: QueueTestbed, name: str) -> None:
    """Start a beat of the real app."""
    schedule = str(testbed.sandbox.home.path / f"{name}-schedule")
    command = (*CELERY, "arb", "beat", "--schedule", schedule, "-l", "INFO")
    testbed.workers[name] = testbed.sandbox.start(command, name)


def two_beats(testbed: QueueTestbed, outage_slots: int = OUTAGE_SLOTS) -> tuple[float, str]:
    """Count the snapshots of each slot before, during and after the outage. Raises: Failed."""
    testbed.sandbox.environment["ARB_SNAPSHOT__INTERVAL_S"] = str(INTERVAL_S)
    testbed.start_worker("housekeeping", "arb", "-Q", "housekeeping")
    testbed.start_worker("fallback", "workers.fallback")
    start_beat(testbed, "beat-1")
    start_beat(testbed, "beat-2")
    database = make_engine(testbed.database_url)

    def slots() -> list[int]:
        with reading(database) as connection:
            return sorted(int(slot.split(":")[1]) for (slot,) in connection.execute(text(SLOTS)))

    try:
        expect(until(lambda: len(slots()) >= 3, UP_S_MAX, 0.2), "the beats make no snapshots")
        before = len(slots())
        testbed.sandbox.kill_redis()
        testbed.clock.sleep_ms(outage_slots * INTERVAL_S * 1000)
        during = len(slots()) - before
        testbed.sandbox.start_redis()
        testbed.clock.sleep_ms(outage_slots * INTERVAL_S * 1000)
        found = slots()
    finally:
        database.dispose()
    testbed.expect_all_run()
    missing = sorted(set(range(found[0], found[-1] + 1)) - set(found))
    expect(not missing, f"slots without a snapshot: {missing}")
    expect(len(found) == len(set(found)), "a slot has two snapshots")
    return 0.0, (
        f"{len(found)} slots of {INTERVAL_S} s, one snapshot each: {before} before the outage of "
        f"{outage_slots * INTERVAL_S} s, {during} in it, {len(found) - before - during} after it"
    )
