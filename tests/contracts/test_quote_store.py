"""What every quote store promises: one text over the memory twin and Redis."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.redis.client import connect
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.engine.market.feed import FeedStore
from arb.ports.market import ReadyMessage
from tests.engine.books import BTC_KRW, BTC_USDT, a_book, taken

PENDING_MS = 60
AT_ONCE = 1_500
BTC, ETH = Coin("BTC"), Coin("ETH")
ETH_USDT, USDT_KRW = (Venue.BINANCE, Symbol("ETH/USDT")), (Venue.UPBIT, Symbol("USDT/KRW"))
VENUES = (Venue.UPBIT, Venue.BINANCE)
NOWHERE = (Venue.UPBIT, Symbol("ETH/KRW"))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> Iterator[FeedStore]:
    if request.param == "memory":
        yield MemoryQuoteStore(SystemClock(), PENDING_MS, AT_ONCE)
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisQuoteStore(client, "test", PENDING_MS, AT_ONCE)


def test_a_book_comes_back_as_it_was_put(store):
    books = [a_book(BTC_KRW, "0.00000001", sequence=2), a_book(BTC_USDT, "137001000.5")]
    store.put(books, [BTC])
    assert store.get([BTC_KRW, BTC_USDT, NOWHERE]) == dict(zip((BTC_KRW, BTC_USDT), books, strict=True))


def test_a_newer_book_replaces_the_older(store):
    store.put([a_book(sequence=1)], [BTC])
    store.put([a_book(sequence=2)], [BTC])
    assert store.get([BTC_KRW])[BTC_KRW].sequence == 2


def test_a_removed_book_is_gone_and_the_others_stay(store):
    store.put([a_book(BTC_KRW), a_book(BTC_USDT)], [])
    store.remove({BTC_KRW: 0, NOWHERE: 0})
    assert set(store.get([BTC_KRW, BTC_USDT])) == {BTC_USDT}


def test_asking_for_nothing_gives_nothing(store):
    store.remove({})
    assert dict(store.get([])) == {}
    assert taken(store) == ()


def test_the_first_put_asks_for_an_evaluation_and_the_next_ones_do_not(store):
    assert [store.put([a_book()], [BTC]).due for _ in range(3)] == [True, False, False]


def test_a_notice_takes_the_place_of_asking_and_goes_out_once(store):
    notice = ReadyMessage(queue="evaluate", text=b"look")
    found = [store.put([a_book()], [BTC], notice) for _ in range(2)]
    assert [(each.due, each.asked) for each in found] == [(False, True), (False, False)]
    assert taken(store) == (BTC,)
    again = store.put([], [BTC], notice)
    assert (again.due, again.asked) == (False, True)


def test_a_notice_of_books_that_are_fenced_off_does_not_go_out(store):
    stranger = replace(a_book(), fence=7)
    found = store.put([stranger], [BTC], ReadyMessage(queue="evaluate", text=b"look"))
    assert (found.due, found.asked, found.fenced) == (False, False, (BTC,))
    assert store.put([], [BTC]).due


def test_dirty_coins_collect_until_they_are_taken_once(store):
    store.put([], [BTC])
    store.put([], [ETH, BTC])
    assert set(taken(store)) == {BTC, ETH}
    assert taken(store) == ()


def test_a_put_after_the_taking_asks_again(store):
    store.put([], [BTC])
    taken(store)
    assert store.put([], [ETH]).due


def test_a_pending_evaluation_that_never_came_is_asked_for_again(store):
    assert store.put([], [BTC]).due
    time.sleep(2 * PENDING_MS / 1000)
    assert store.put([], [BTC]).due
    assert taken(store) == (BTC,)


def test_a_put_without_anything_dirty_still_tells_whether_an_evaluation_is_pending(store):
    assert store.put([a_book()], []).due
    assert not store.put([a_book()], []).due


def test_taking_gives_the_books_of_what_changed_and_of_what_is_asked_for_besides(store):
    books = [a_book(BTC_KRW), a_book(BTC_USDT), a_book(ETH_USDT), a_book(USDT_KRW)]
    store.put(books, [BTC])
    found = store.take(VENUES, [USDT_KRW, NOWHERE], tuple)
    assert found.coins == (BTC,)
    assert found.quotes.books == {(book.venue, book.symbol): book for book in (*books[:2], books[3])}


def test_a_coin_that_changed_and_has_no_books_is_taken_without(store):
    store.put([], [BTC])
    found = store.take(VENUES, [], tuple)
    assert (found.coins, dict(found.quotes.books)) == ((BTC,), {})
    assert taken(store) == ()


def test_what_is_not_worth_a_look_is_taken_all_the_same_and_its_books_are_not(store):
    store.put([a_book(BTC_KRW), a_book(ETH_USDT)], [BTC, ETH])
    seen = []
    found = store.take(VENUES, [], lambda changed: [seen.extend(changed), ETH][1:])
    assert (set(seen), tuple(found.coins)) == ({BTC, ETH}, (ETH,))
    assert set(found.quotes.books) == {ETH_USDT}
    assert taken(store) == ()


def test_a_coin_of_a_message_that_did_not_change_has_its_books_too(store):
    """Who decides what is worth a look knows of coins that the store does not."""
    store.put([a_book(BTC_KRW), a_book(ETH_USDT)], [BTC])
    found = store.take(VENUES, [ETH_USDT], lambda changed: (*changed, ETH))
    assert (found.coins, set(found.quotes.books)) == ((BTC, ETH), {BTC_KRW, ETH_USDT})


def test_more_coins_than_one_command_reads_come_with_their_own_books(store):
    coins = [Coin(f"C{number}") for number in range(1_200)]
    keys = [(Venue.BINANCE, Symbol(f"{coin}/USDT")) for coin in coins]
    for start in range(0, len(keys), 400):
        part = slice(start, start + 400)
        store.put([a_book(key, str(100 + start)) for key in keys[part]], coins[part])
    found = store.take(VENUES, [BTC_KRW], tuple)
    assert set(found.coins) == set(coins)
    assert {key: str(book.bid) for key, book in found.quotes.books.items()} == {
        key: str(100 + place // 400 * 400) for place, key in enumerate(keys)
    }


def test_what_is_left_is_marked_pending_for_another_message(store):
    coins = [Coin(f"C{number}") for number in range(AT_ONCE + 10)]
    assert store.put([], coins).due
    first = store.take(VENUES, [], tuple)
    assert (len(first.coins), first.more) == (AT_ONCE, True)
    assert not store.put([], [BTC]).due
    second = store.take(VENUES, [], tuple)
    assert ({*first.coins, *second.coins}, second.more) == ({*coins, BTC}, False)
    assert store.put([], [BTC]).due


def test_what_is_left_and_never_taken_is_asked_for_again(store):
    store.put([], [Coin(f"C{number}") for number in range(AT_ONCE + 1)])
    assert store.take((), [], tuple).more
    time.sleep(2 * PENDING_MS / 1000)
    assert store.put([], []).due
    assert len(store.take((), [], tuple).coins) == 1


def test_taking_where_nothing_is_known_gives_nothing(store):
    for also in ([], [NOWHERE], [NOWHERE, USDT_KRW]):
        found = store.take(VENUES, also, tuple)
        assert (found.coins, dict(found.quotes.books), dict(found.quotes.fences)) == ((), {}, {})
