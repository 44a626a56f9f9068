"""The feed keeps the newest, writes it in one go, and asks for evaluation at most once."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.errors import DispatchError
from arb.domain.health.degradation import Degree
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.engine.market.book_codec import decode_book
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.ports.market import ReadyMessage
from tests.domain.markets import PAIR, USDT_KRW
from tests.engine.books import BTC_KRW, BTC_USDT, NOW_NS, a_book, taken

ETH_KRW = (Venue.UPBIT, Symbol("ETH/KRW"))
ALL = (BTC_KRW, BTC_USDT, ETH_KRW, USDT_KRW)


NO_BOOKS: list = []  # the store has them
OWNED = {Coin("BTC"): 0, Coin("ETH"): 0, USDT: 0}


def refuse(*_: object, **__: object) -> None:
    raise DispatchError("away")


class NoticesOfJson:
    """Makes messages of their books alone; `away` is a broker that is not to be asked."""

    def __init__(self) -> None:
        self.away, self.taken_count = False, 0

    def make(self, books):
        return None if self.away else ReadyMessage(queue="evaluate", text=orjson.dumps(list(books)))

    def taken(self):
        self.taken_count += 1


class World:
    """A feed of two coins with everything around it in memory."""

    def __init__(self, notices: NoticesOfJson | None = None) -> None:
        self.clock = ManualClock(NOW_NS)
        self.store = MemoryQuoteStore(self.clock)
        self.dispatcher = MemoryDispatcher()
        self.noted: list = []
        self.feed = Feed(
            pair=PAIR,
            store=self.store,
            dispatcher=self.dispatcher,
            buffered=BufferedCounters(),
            clock=self.clock,
            note=self.noted.append,
            notices=notices,
        )
        self.feed.own(OWNED)

    def asked(self) -> list[list[tuple[Venue, Symbol]]]:
        """Return the instruments that each evaluation asked for carries."""
        noticed, self.store.notices = self.store.notices, []
        sent = self.dispatcher.take()
        assert all(task == "arb.evaluate" for task, *_ in sent)
        carried = [*(orjson.loads(notice.text) for notice in noticed), *(args[0] for _, args, _ in sent)]
        return [[(b.venue, b.symbol) for b in map(decode_book, books)] for books in carried]


@pytest.fixture(params=["a broker of its own", "one server", "one server, its broker away"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "a broker of its own":
        return World()
    notices = NoticesOfJson()
    notices.away = request.param.endswith("away")
    return World(notices)


def test_only_the_newest_book_of_an_instrument_is_written(world):
    for sequence in (1, 2, 3):
        world.feed.accept([a_book(sequence=sequence)])
    world.feed.flush()
    assert world.store.get(ALL)[BTC_KRW].sequence == 3


def test_every_book_of_its_own_coins_and_of_the_rate_is_noted_and_no_other(world):
    world.feed.own({Coin("BTC"): 0})
    books = [a_book(sequence=1), a_book(sequence=2), a_book(USDT_KRW, sequence=3)]
    for each in (*books, a_book(ETH_KRW, sequence=4)):
        world.feed.accept([each])
    assert world.noted == books


def test_one_evaluation_is_asked_for_until_it_has_begun(world):
    for sequence in (1, 2, 3):
        world.feed.accept([a_book(sequence=sequence)])
        world.feed.flush()
    assert world.asked() == [NO_BOOKS]
    assert taken(world.store) == ("BTC",)
    world.feed.accept([a_book(sequence=4)])
    world.feed.flush()
    assert world.asked() == [NO_BOOKS]


def test_a_notice_goes_with_the_write_and_nothing_is_sent_beside_it():
    world = World(notices := NoticesOfJson())
    world.feed.accept([a_book(sequence=1)])
    world.feed.flush()
    assert (len(world.store.notices), world.dispatcher.take(), notices.taken_count) == (1, [], 1)
    world.feed.accept([a_book(sequence=2)])
    world.feed.flush()
    assert (len(world.store.notices), world.dispatcher.take(), notices.taken_count) == (1, [], 1)


def test_a_notice_that_went_out_settles_what_no_broker_took_before(monkeypatch):
    world = World(notices := NoticesOfJson())
    notices.away = True
    monkeypatch.setattr(world.dispatcher, "send", refuse)
    world.feed.accept([a_book(sequence=1)])
    world.feed.flush()
    notices.away = False
    taken(world.store)
    world.feed.flush()
    assert (world.asked(), taken(world.store)) == ([NO_BOOKS], ("BTC",))


def test_an_evaluation_that_got_lost_is_asked_for_again(world):
    world.feed.accept([a_book(sequence=1)])
    world.feed.flush()
    world.clock.advance_ms(1_000)
    world.feed.accept([a_book(sequence=2)])
    world.feed.flush()
    assert len(world.asked()) == 2


def test_without_the_store_the_message_carries_both_venues_and_the_rate_of_the_changed_coins_only(world):
    world.feed.accept([a_book(key) for key in ALL])
    world.feed.flush()
    taken(world.store)
    world.store.away = True
    world.clock.advance_ms(100)
    world.feed.accept([a_book(BTC_USDT, sequence=2)])
    world.feed.flush()
    assert world.asked()[-1] == [USDT_KRW, BTC_KRW, BTC_USDT]


def test_a_new_rate_makes_every_coin_dirty(world):
    world.feed.accept([a_book(USDT_KRW)])
    world.feed.flush()
    assert set(taken(world.store)) == {"BTC", "ETH"}


def test_nothing_new_writes_nothing(world):
    world.feed.flush()
    world.store.away = True
    world.feed.flush()
    assert not world.feed.store_away


def test_without_the_store_evaluation_is_asked_for_once_per_interval_with_what_changed(world):
    world.feed.flush()
    world.store.away = True
    world.feed.accept([a_book(BTC_KRW)])
    world.feed.flush()
    for _ in range(9):
        world.clock.advance_ms(10)
        world.feed.accept([a_book(ETH_KRW)])
        world.feed.flush()
    assert world.asked() == [[BTC_KRW]]
    world.clock.advance_ms(10)
    world.feed.flush()
    assert world.asked() == [[ETH_KRW]]


def test_when_the_store_is_back_it_gets_everything_at_once(world):
    world.feed.accept([a_book(BTC_USDT)])
    world.feed.flush()
    world.store.away = True
    world.feed.accept([a_book(BTC_KRW)])
    world.feed.flush()
    world.store.away = False
    world.store.remove({BTC_USDT: 0})  # it came back without its data
    world.feed.flush()
    assert set(world.store.get(ALL)) == {BTC_KRW, BTC_USDT}
    assert not world.feed.store_away


def test_a_venue_whose_socket_dropped_has_no_quotes(world):
    world.feed.accept([a_book(key) for key in ALL])
    world.feed.flush()
    world.feed.accept([a_book(BTC_KRW, sequence=2), a_book(BTC_USDT, sequence=2)])
    world.feed.invalidate(Venue.UPBIT)
    world.feed.flush()
    assert set(world.store.get(ALL)) == {BTC_USDT}


def test_quotes_of_a_dropped_venue_do_not_come_back_after_an_outage(world):
    world.feed.accept([a_book(BTC_KRW), a_book(BTC_USDT)])
    world.feed.flush()
    world.store.away = True
    world.feed.invalidate(Venue.UPBIT)
    world.feed.flush()
    world.store.away = False
    world.feed.flush()
    assert set(world.store.get(ALL)) == {BTC_USDT}


def test_what_an_earlier_life_left_in_the_store_is_removed_first(world):
    world.feed.flush()
    world.feed.own({})
    world.feed.own(OWNED)
    world.store.put([a_book(BTC_KRW)], [])
    world.feed.accept([a_book(BTC_USDT)])
    world.feed.flush()
    assert set(world.store.get(ALL)) == {BTC_USDT}


def test_a_failed_dispatch_is_tried_again():
    world = World()

    class Away(MemoryDispatcher):
        def send(self, task, *args, countdown_ms=0, expires_ms=0):
            raise DispatchError("away")

    sending, world.feed._dispatcher = world.dispatcher, Away()
    world.feed.accept([a_book()])
    world.feed.flush()
    world.feed._dispatcher = sending
    world.feed.flush()
    assert world.asked() == []
    world.clock.advance_ms(100)
    world.feed.flush()
    assert world.asked() == [NO_BOOKS]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.sampled_from(ALL)),
        st.sampled_from([("flush", None), ("take", None), ("away", None), ("back", None)]),
        st.tuples(st.just("drop"), st.sampled_from(list(PAIR.venues))),
    ),
    max_size=40,
)


@pytest.mark.parametrize("notices", [None, NoticesOfJson()], ids=["broker", "notices"])
@given(steps=STEPS)
def test_after_any_history_the_store_has_exactly_the_newest_valid_books_and_no_change_is_forgotten(
    notices, steps
):
    world, newest, evaluated = World(notices), {}, set()
    for number, (step, what) in enumerate(steps):
        match step:
            case "accept":
                newest[what] = number
                evaluated -= {"BTC", "ETH"} if what == USDT_KRW else {what[1].partition("/")[0]}
                world.feed.accept([a_book(what, sequence=number)])
            case "flush":
                world.feed.flush()
            case "take" if not world.store.away:
                evaluated |= set(taken(world.store))
            case "away" | "back":
                world.store.away = step == "away"
            case "drop":
                world.feed.invalidate(what)
                newest = {key: seen for key, seen in newest.items() if key[0] is not what}
    world.store.away = False
    world.feed.flush()
    assert {key: book.sequence for key, book in world.store.get(ALL).items()} == newest
    seen = evaluated | set(taken(world.store))
    seen |= {symbol.partition("/")[0] for keys in world.asked() for _, symbol in keys}
    assert seen >= {key[1].partition("/")[0] for key in newest if key != USDT_KRW}


def test_books_are_shallow_at_the_last_degree_only():
    levels = {}
    for degree in Degree:
        feeding = World()
        feeding.feed._degree = lambda degree=degree: degree
        feeding.feed.flush()
        feeding.feed.accept([deep(BTC_USDT)])
        feeding.feed.flush()
        book = feeding.store.get([BTC_USDT])[BTC_USDT]
        levels[degree] = (len(book.bids), len(book.asks))
    assert levels == {Degree.FULL: (9, 9), Degree.LEAN: (9, 9), Degree.NEAR: (9, 9), Degree.SHALLOW: (5, 5)}


def deep(key):
    book = a_book(key)
    level = book.bids[0]
    bids = tuple(type(level)(level.price - number, level.quantity) for number in range(9))
    asks = tuple(type(level)(level.price + 1 + number, level.quantity) for number in range(9))
    return type(book)(
        venue=book.venue, symbol=book.symbol, bids=bids, asks=asks, sequence=1, ts_event_ns=0,
        ts_recv_ns=book.ts_recv_ns,
    )  # fmt: skip


def test_a_flush_tells_how_many_books_it_wrote(world):
    world.feed.flush()
    world.feed.accept([a_book(BTC_KRW), a_book(BTC_USDT), a_book(BTC_USDT, sequence=2)])
    assert [world.feed.flush() for _ in range(2)] == [2, 0]
