"""No book of a former owner is believed, whichever way it comes."""

from dataclasses import replace

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.engine.market.book_codec import decode_book
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.fences import Fences
from tests.domain.markets import PAIR, USDT_KRW
from tests.engine.books import BTC_KRW, BTC_USDT, NOW_NS, a_book
from tests.engine.testbed import EngineTestbed

BTC, ETH = Coin("BTC"), Coin("ETH")
ETH_KRW = (Venue.UPBIT, Symbol("ETH/KRW"))


def fenced(fence, key=BTC_KRW, **more):
    return replace(a_book(key, **more), fence=fence)


class World:
    """A feed, the store it writes to, and what that store's fences are."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW_NS)
        self.store, self.dispatcher = MemoryQuoteStore(self.clock), MemoryDispatcher()
        self.refused: list[tuple[Coin, ...]] = []
        self.feed = Feed(
            pair=PAIR,
            store=self.store,
            dispatcher=self.dispatcher,
            buffered=BufferedCounters(),
            clock=self.clock,
            on_fenced=lambda coins: self.refused.append(tuple(coins)),
        )

    def own(self, fences) -> None:
        self.store.fence(fences, ())
        self.feed.own(fences)

    def stored(self, *keys):
        return {key: book.fence for key, book in self.store.get(keys).items()}

    def carried(self):
        return [decode_book(values) for _, args, _ in self.dispatcher.take() for values in args[0]]


def test_the_greatest_fence_ever_seen_holds():
    fences = Fences()
    fences.learn({BTC: 5})
    fences.learn({BTC: 3})
    assert fences.admitted([fenced(4), fenced(5), fenced(6)]) == [fenced(5), fenced(6)]
    assert (fences.take_fenced(), fences.take_fenced()) == (1, 0)


def test_a_message_of_a_former_owner_brings_nothing_not_even_the_rate():
    fences = Fences()
    fences.learn({BTC: 5, USDT: 5})
    assert fences.admitted_of_message([fenced(0, USDT_KRW), fenced(4)]) == []


def test_the_rate_of_who_does_not_own_it_is_as_good_as_its_coins():
    fences = Fences()
    fences.learn({BTC: 5, USDT: 5})
    message = [fenced(0, USDT_KRW), fenced(5), fenced(4, BTC_USDT)]
    assert fences.admitted_of_message(message) == [fenced(0, USDT_KRW), fenced(5)]


def test_a_former_owners_rate_is_refused_although_its_coins_are_its_own():
    fences = Fences()
    fences.learn({BTC: 5, USDT: 7})
    assert fences.admitted_of_message([fenced(5, USDT_KRW), fenced(5)]) == [fenced(5)]


def test_books_go_out_under_the_fence_of_their_coin():
    world = World()
    world.own({BTC: 5, USDT: 4})
    world.feed.accept([a_book(BTC_KRW), a_book(USDT_KRW), a_book(ETH_KRW)])
    world.feed.flush()
    assert world.stored(BTC_KRW, USDT_KRW, ETH_KRW) == {BTC_KRW: 5, USDT_KRW: 4}
    assert world.carried() == []
    world.store.away = True
    world.clock.advance_ms(100)
    world.feed.accept([a_book(BTC_KRW, sequence=2)])
    world.feed.flush()
    assert {(book.symbol, book.fence) for book in world.carried()} == {("BTC/KRW", 5), ("USDT/KRW", 4)}


def test_the_rate_goes_with_the_message_of_who_does_not_own_it_and_not_into_the_store():
    world = World()
    world.own({BTC: 5})
    world.feed.accept([a_book(USDT_KRW), a_book(BTC_KRW)])
    world.feed.flush()
    assert world.stored(USDT_KRW, BTC_KRW) == {BTC_KRW: 5}
    assert {(book.symbol, book.fence) for book in world.carried()} == {("USDT/KRW", 0)}


def test_a_refused_coin_is_fed_no_more_and_its_evaluation_not_asked_for():
    world = World()
    world.own({BTC: 5, ETH: 5})
    world.store.fence({BTC: 6, ETH: 5}, ())
    world.feed.accept([a_book(BTC_KRW)])
    world.feed.flush()
    assert world.stored(BTC_KRW) == {}
    assert world.carried() == []
    assert world.refused == [(BTC,)]
    assert world.feed.owned() == {ETH: 5}


def test_books_known_under_a_former_fence_are_written_again_under_the_new_one():
    world = World()
    world.own({BTC: 5})
    world.feed.accept([a_book(BTC_KRW)])
    world.feed.flush()
    world.store.fence({BTC: 6}, {BTC})
    world.feed.own({BTC: 6})
    world.feed.flush()
    assert world.stored(BTC_KRW) == {BTC_KRW: 6}


def test_a_coin_that_is_given_up_is_written_no_more():
    world = World()
    world.own({BTC: 5, ETH: 5})
    world.feed.accept([a_book(BTC_KRW), a_book(ETH_KRW)])
    world.feed.own({ETH: 5})
    world.feed.accept([a_book(BTC_KRW, sequence=2)])
    world.feed.flush()
    assert world.stored(BTC_KRW, ETH_KRW) == {ETH_KRW: 5}


def test_a_message_of_a_former_owner_opens_nothing_and_the_owners_does():
    testbed = EngineTestbed()
    testbed.premium(150)
    books = list(testbed.quotes.get([BTC_KRW, BTC_USDT, USDT_KRW]).values())
    testbed.quotes.fence({BTC: 6, USDT: 6}, {BTC, USDT})
    assert testbed.evaluate.run([replace(book, fence=5) for book in books]) == 0
    assert testbed.evaluate.run([replace(book, fence=6) for book in books]) == 1


def test_without_the_store_the_fences_that_were_seen_last_still_hold():
    testbed = EngineTestbed()
    testbed.premium(150)
    books = list(testbed.quotes.get([BTC_KRW, BTC_USDT, USDT_KRW]).values())
    testbed.quotes.fence({BTC: 6, USDT: 6}, {BTC, USDT})
    testbed.evaluate.run()
    testbed.evaluate.run([replace(book, fence=5) for book in books])
    testbed.quotes.away = True
    assert testbed.evaluate.run([replace(book, fence=5) for book in books]) == 0
    assert testbed.evaluate.run([replace(book, fence=6) for book in books]) == 1
