"""Diffs, snapshots and update ids: a client's local book is the venue's book."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.local_book import Gap, LocalBook
from arb.sim.binance.wire import rows
from arb.sim.core.book import SimulatedBook
from arb.sim.core.market import build_market
from tests.sim.core.worlds import config, exchange, order, plan_of

MARKET_CONFIG = config(coins=["BTC"])
RICH = {"USDT": Decimal(1_000_000), "BTC": Decimal(10)}


def diff_of(change):
    return {"U": change.first_id, "u": change.last_id, "b": rows(change.bids), "a": rows(change.asks)}


def snapshot_of(books):
    update_id, book = books.now("BTC")
    return {"lastUpdateId": update_id, "bids": rows(book.bids), "asks": rows(book.asks)}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5), st.lists(st.sampled_from(["BUY", "SELL", None]), min_size=6, max_size=6))
def test_local_book_from_any_snapshot_and_the_diffs_is_the_published_book(snapshot_step, takers):
    market, engine = build_market(MARKET_CONFIG), exchange(balances=RICH)
    books = PublishedBooks(engine, plan_of())
    engine.subscribe(lambda recorded: bite_if_filled(books, recorded))
    local = None
    for step, taker in enumerate(takers):
        book = market.books(Venue.BINANCE, step)["BTC"]
        engine.put_books({"BTC": book})
        change = books.publish("BTC", step, book)
        if local is not None:
            local.apply(diff_of(change))
            assert local.top(50) == book
        if taker is not None:
            engine.place(order(taker, quantity="0.05", tif="IOC"))
        if step == snapshot_step:
            local = LocalBook(snapshot_of(books))


def bite_if_filled(books, recorded):
    if recorded.as_json()["kind"] == "order_filled":
        books.bite("BTC")


def test_ids_only_rise_and_diffs_join_on():
    engine = exchange()
    books = PublishedBooks(engine, plan_of())
    first = books.publish("BTC", 0, engine.book("BTC"))
    bitten, _ = books.bite("BTC")
    second = books.publish("BTC", 1, engine.book("BTC"))
    assert first.last_id == 1_000
    assert bitten == 1_001
    assert (second.first_id, second.last_id) == (1_001, 2_000)
    assert not second.moved_top


def test_gap_between_diffs_is_noticed_and_old_diffs_are_passed_over():
    local = LocalBook({"lastUpdateId": 10, "bids": [["1", "1"]], "asks": [["2", "1"]]})
    local.apply({"U": 5, "u": 10, "b": [["1", "9"]], "a": []})
    assert local.top(1).bids[0].quantity == 1
    local.apply({"U": 8, "u": 12, "b": [["1", "0"]], "a": [["3", "1"]]})
    assert local.top(9) == SimulatedBook(bids=(), asks=((2, 1), (3, 1)))
    with pytest.raises(Gap):
        local.apply({"U": 14, "u": 15, "b": [], "a": []})
