"""Snapshots of many trades are made a chunk at a time: the same image, in a fraction of the memory."""

import tracemalloc

import pytest

from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.records.seals import CHUNK
from arb.adapters.redis.client import connect
from arb.chaos.state import book
from arb.chaos.state.testbed import StateTestbed
from arb.domain.state.snapshot import SnapshotKind, canonical
from arb.engine.state.snapshot import TRADE_BYTES, TRADES_AT_ONCE_MAX

pytestmark = pytest.mark.integration
TRADES = 1_000


@pytest.fixture(scope="module")
def ground(database_url, servers):
    engine, client = make_engine(database_url), connect(servers.redis.url)
    yield StateTestbed(database=engine, client=client)
    client.close()
    engine.dispose()


@pytest.fixture(scope="module")
def session_id(ground):
    found = ground.begin()
    book.open_books(ground, found)
    book.many(ground, found, TRADES)
    return found


def take(ground, session_id, slot, at_once):
    """Return whether it was taken, and the most memory that took, in bytes."""
    tracemalloc.start()
    try:
        taken = ground.snapshots.take(session_id, SnapshotKind.MANUAL, slot, ground.clock.now_ns(), at_once)
        return taken, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("at_once", [1_000, 300, 999])
def test_whatever_the_chunks_the_image_is_the_same_and_verifies(ground, session_id, at_once):
    taken, _ = take(ground, session_id, f"manual:{at_once}", at_once)
    found = ground.snapshots.find(session_id)
    position, parts = ground.snapshots.image(session_id)
    assert taken
    assert (found.snapshot.slot, found.skipped) == (f"manual:{at_once}", ())
    assert found.snapshot.ledger_position == position
    assert canonical(found.snapshot.parts) == canonical(parts)


def test_a_slot_is_taken_once(ground, session_id):
    assert take(ground, session_id, "manual:twice", 500)[0] is True
    assert take(ground, session_id, "manual:twice", 500)[0] is False


def test_a_session_without_trades_is_one_row_a_part(ground):
    empty = ground.begin()
    assert take(ground, empty, "manual:empty", 10)[0]
    assert ground.snapshots.find(empty).snapshot.parts["positions"]["trades"] == []


def test_a_tenth_at_once_takes_a_fraction_of_the_memory_and_no_more_than_was_asked_for(ground, session_id):
    take(ground, session_id, "manual:warm", 100)
    _, chunked = take(ground, session_id, "manual:chunked", TRADES // 10)
    _, whole = take(ground, session_id, "manual:whole", TRADES)
    print(f"whole {whole / TRADES:.0f} bytes a trade, chunked {chunked / (TRADES // 10):.0f}")
    assert chunked < whole / 4
    assert whole < TRADES * TRADE_BYTES
    assert TRADES_AT_ONCE_MAX <= CHUNK
