"""Recorded books as a market: what was recorded, when it was, once, and never anything else."""

from decimal import Decimal

import pytest

from arb.adapters.local.book_files import BookFiles
from arb.adapters.local.clock import ManualClock
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.config import SimConfigError
from arb.sim.core.journal import VenueJournal
from arb.sim.core.market import build_market
from arb.sim.core.recorded import opening_of
from tests.sim.core.worlds import config, exchange, order

BEGAN_NS = 1_763_640_000 * NS_PER_S
EPOCH_NS = 1_000_000_000  # of the configuration
SYMBOLS = {"BTC": ("BTC/KRW", "BTC/USDT"), "ETH": ("ETH/KRW", "ETH/USDT"), "USDT": ("USDT/KRW", None)}


OPENING = {"BTC": 1000, "ETH": 100, "USDT": 1400}


def a_book(at_ms, venue, coin, bid, quantity="1"):
    symbol = SYMBOLS[coin][venue is Venue.BINANCE]
    at_ns = BEGAN_NS + at_ms * NS_PER_MS
    return Book(
        venue=venue, symbol=Symbol(symbol), sequence=at_ms, ts_event_ns=at_ns, ts_recv_ns=at_ns,
        bids=(Level(Decimal(bid), Decimal(quantity)),), asks=(Level(Decimal(bid) + 1, Decimal(quantity)),),
    )  # fmt: skip


FIRST = [
    a_book(0, Venue.UPBIT, "USDT", 1400),
    a_book(10, Venue.UPBIT, "BTC", 1000),
    a_book(20, Venue.BINANCE, "BTC", 500),
    a_book(900, Venue.BINANCE, "ETH", 50),
    a_book(910, Venue.UPBIT, "ETH", 100),
]
LATER = [
    a_book(1_150, Venue.UPBIT, "BTC", 1001),
    a_book(1_190, Venue.UPBIT, "BTC", 1002),
    a_book(5_000, Venue.UPBIT, "BTC", 1003),
]


@pytest.fixture
def folder(tmp_path):
    return recorded(tmp_path / "books", [*FIRST, *LATER])


def recorded(folder, books):
    made = BookFiles(folder, "feed", ManualClock(BEGAN_NS), 10**9, lambda *_: None)
    for each in books:
        made.note(each)
    made.write()
    return folder


def market_of(folder, **changes):
    return build_market(config(tape=str(folder), coins=["BTC", "ETH"], **changes))


def bids(books):
    return {coin: int(book.bids[0].price) for coin, book in books.items()}


def played(market, steps, venue=Venue.UPBIT):
    return [bids(market.books(venue, step)) for step in steps]


def test_each_step_brings_the_newest_of_what_came_and_nothing_of_what_did_not(folder):
    nothing = [{}] * 8
    later = [{"ETH": 100}, {}, {"BTC": 1002}, {}, {}]
    assert played(market_of(folder), range(15)) == [OPENING, {"BTC": 1000, "USDT": 1400}, *nothing, *later]


def test_after_the_last_book_nothing_comes(folder):
    assert played(market_of(folder), [0, 20, 50, 51, 10_000])[2:] == [{"BTC": 1003}, {}, {}]


def test_until_it_begins_its_first_books_are_shown_again(folder, tmp_path):
    begins = tmp_path / "begins"
    market = market_of(folder, tape_begins=str(begins))
    assert played(market, [0, 1, 700]) == [OPENING] * 3
    begins.write_text(str(EPOCH_NS + 700 * 100 * NS_PER_MS + 1))
    assert played(market, [701, 702, 703, 711, 713])[1:] == [
        {"BTC": 1000, "USDT": 1400}, {}, {"ETH": 100}, {"BTC": 1002},
    ]  # fmt: skip


def test_one_that_starts_again_joins_at_the_present_place(folder, tmp_path):
    begins = tmp_path / "begins"
    begins.write_text(str(EPOCH_NS))
    market = market_of(folder, tape_begins=str(begins))
    assert played(market, [20, 21, 51]) == [{"BTC": 1002, "ETH": 100, "USDT": 1400}, {}, {"BTC": 1003}]


def test_the_same_moment_shows_the_same_books_wherever_the_steps_lie(folder, tmp_path):
    found = []
    for late_ns in (1, 99 * NS_PER_MS):
        begins = tmp_path / "begins"
        begins.write_text(str(EPOCH_NS + 30 * 100 * NS_PER_MS + late_ns))
        market = market_of(folder, tape_begins=str(begins))
        found.append(played(market, range(100)))
    assert found[0] == found[1]


def test_speed_is_tape_seconds_per_second(folder):
    assert played(market_of(folder, speed="10"), [0, 2, 5])[2] == {"BTC": 1003}


def test_a_venue_shows_its_own_books_and_only_coins_of_the_recording(folder):
    market = market_of(folder)
    assert bids(market.books(Venue.BINANCE, 0)) == {"BTC": 500, "ETH": 50}
    assert (market.coins(Venue.UPBIT), market.coins(Venue.BINANCE)) == (
        ("BTC", "ETH", "USDT"),
        ("BTC", "ETH"),
    )
    with pytest.raises(SimConfigError, match="no book of XRP at"):
        build_market(config(tape=str(folder), coins=["BTC", "XRP"]))


def test_what_was_taken_of_a_book_is_gone_until_the_next_one_comes(folder):
    market, engine = market_of(folder), exchange(VenueJournal(), balances={"USDT": Decimal(10_000)})
    engine.put_books(market.books(Venue.BINANCE, 0))
    engine.put_books(market.books(Venue.BINANCE, 1))
    engine.place(order("BUY", "501", quantity="0.4", tif="IOC"))
    engine.put_books(market.books(Venue.BINANCE, 2))
    assert engine.book("BTC").asks[0].quantity == Decimal("0.6")


def test_a_folder_without_books_says_so(tmp_path):
    with pytest.raises(SimConfigError, match="holds no recorded books"):
        opening_of(tmp_path)
