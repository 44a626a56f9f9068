"""The journal is the truth, and survives the process."""

from decimal import Decimal

import orjson

from arb.sim.core.events import OrderReceived
from arb.sim.core.journal import VenueJournal
from arb.sim.core.orders import Status
from tests.sim.core.worlds import book, exchange, order, show


def test_restored_engine_knows_orders_fills_and_balances(tmp_path):
    path = tmp_path / "journal.jsonl"
    before = exchange(VenueJournal(path))
    before.place(order("BUY", "101", "1.5", client_id="rests"))
    before.place(order("BUY", "102", "0.5", "IOC", client_id="gone"))
    before.journal.close()
    after = exchange(VenueJournal(path))
    assert after.orders == before.orders
    assert list(after.records.archive.fills()) == list(before.records.archive.fills())
    assert after.records.accounts.balances == before.records.accounts.balances
    show(after, book(bids=[("90", "1")], asks=[("100", "5")]))
    assert after.with_client_id("rests")[0].status is Status.FILLED
    assert after.balance("USDT").locked == 0
    after.journal.close()


def test_line_that_was_cut_short_is_dropped_and_written_over(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = VenueJournal(path)
    first.append(1, OrderReceived(client_id="a", endpoint="e"))
    first.close()
    with path.open("ab") as file:
        file.write(b'{"seq":2,"ts_ns":2,"kind":"order_rec')
    second = VenueJournal(path)
    second.append(3, OrderReceived(client_id="b", endpoint="e"))
    second.close()
    assert [orjson.loads(line)["client_id"] for line in path.read_bytes().splitlines()] == ["a", "b"]


def test_order_that_must_not_rest_is_expired_when_the_process_died_in_between(tmp_path):
    path = tmp_path / "journal.jsonl"
    before = exchange(VenueJournal(path))
    before.place(order("BUY", "101", "1.5", "IOC"))
    before.journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))  # killed before the remainder was expired
    after = exchange(VenueJournal(path))
    (restored,) = after.orders.values()
    assert (restored.status, restored.executed, restored.reason) == (Status.EXPIRED, 1, "restart")
    assert after.balance("USDT").locked == 0
    after.journal.close()


def test_amounts_are_strings_and_events_page_by_seq():
    engine = exchange()
    engine.place(order("BUY", "101", "0.00100000"))
    events = [event.as_json() for event in engine.journal.since(1, 2)]
    assert [event["kind"] for event in events] == ["order_accepted", "order_filled"]
    assert [event["seq"] for event in events] == [2, 3]
    assert Decimal(events[1]["quantity"]) == Decimal("0.001")
    assert isinstance(events[1]["price"], str)
