"""What is over is kept out of memory, and found again by everything that is asked for."""

import gc
import tracemalloc

from arb.sim.core import order_archive
from arb.sim.core.journal import EVENTS_PER_MARK, VenueJournal
from arb.sim.core.orders import Status
from tests.sim.core.worlds import book, exchange, order, show

MANY = 3_000
KEPT_BYTES_MAX = 100  # of an order that is over; a place in the journal's index and noise


def trade(engine, client_id):
    """Buy and sell a little, so that balances stay and the book is eaten and shown anew."""
    show(engine, book())
    engine.place(order("BUY", "101", "0.001", client_id=f"{client_id}-buy"))
    engine.place(order("SELL", "99", "0.001", client_id=f"{client_id}-sell"))


def taken_bytes():
    """What is reachable: how much garbage waits for its collection depends on what else the process has."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_orders_that_are_over_take_no_memory():
    engine = exchange()
    for number in range(MANY):
        trade(engine, f"warm-{number}")
    tracemalloc.start()
    try:
        before = taken_bytes()
        for number in range(MANY):
            trade(engine, f"late-{number}")
        after = taken_bytes()
    finally:
        tracemalloc.stop()
    assert len(engine.orders) == 4 * MANY
    assert after - before < 2 * MANY * KEPT_BYTES_MAX


def test_open_and_ended_orders_are_listed_in_order_of_acceptance():
    engine = exchange()
    engine.place(order("BUY", "90", client_id="rests"))
    engine.place(order("BUY", "101", client_id="fills"))
    engine.place(order("BUY", "91", client_id="rests too"))
    assert [each.request.client_id for each in engine.orders.values()] == ["rests", "fills", "rests too"]
    newest = [each.number for each in engine.orders.select("BTC", number_min=2, newest_first=True)]
    assert newest == [3, 2]
    assert not list(engine.orders.select("ETH"))
    assert not list(engine.orders.select(since_ns=6))


def test_ended_order_is_what_it_was():
    engine = exchange()
    placed = engine.place(order("BUY", "102", "5", "IOC", client_id="x"))
    found = engine.orders[placed.order_id]
    assert found == placed
    assert found.status is Status.EXPIRED
    assert engine.with_client_id("x") == [placed]
    fills = engine.records.archive.fills(order_id=placed.order_id)
    assert [fill.event.fill_id for fill in fills] == placed.fill_ids
    assert engine.orders.get("unknown") is None


def test_journal_pages_over_its_marks(tmp_path):
    written = VenueJournal(tmp_path / "journal.jsonl")
    engine = exchange(written)
    for number in range(EVENTS_PER_MARK):
        engine.receive(f"request-{number}", "e")
    read = VenueJournal(tmp_path / "journal.jsonl")
    for journal in (written, read):
        assert [each.seq for each in journal.since(EVENTS_PER_MARK - 2, 2)] == [
            EVENTS_PER_MARK - 1,
            EVENTS_PER_MARK,
        ]
        assert [each.seq for each in journal.since(EVENTS_PER_MARK, 5)] == [EVENTS_PER_MARK + 1]
        assert journal.since(EVENTS_PER_MARK + 1, 5) == []
        assert journal.last_ts_ns == 5
        journal.close()


def test_a_nonce_is_good_once_and_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(order_archive, "NONCES_MAX", 2)
    kept = order_archive.OrderArchive()
    assert [kept.spend(nonce) for nonce in ("a", "b", "a", "c", "d")] == [True, True, False, True, True]
    assert (kept.spend("d"), kept.spend("c"), kept.spend("a")) == (False, False, True)
