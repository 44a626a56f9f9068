"""Feed lag and quote age, from what feeds and their store say."""

from decimal import Decimal

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.errors import StoreUnavailable
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_S
from arb.engine.health.probes.feeds import FeedLag, QuoteAge, lags_ns
from tests.domain.markets import PAIR
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import BTC, Beats


def test_the_age_of_a_venue_is_that_of_its_newest_book():
    clock = ManualClock(1_000 * NS_PER_S)
    quotes = MemoryQuoteStore(clock)
    level = (Level(Decimal(1), Decimal(1)),)
    for symbol, at_s in (("BTC/KRW", 990), ("USDT/KRW", 997)):
        at_ns = at_s * NS_PER_S
        quotes.put([Book(
            venue=Venue.UPBIT, symbol=Symbol(symbol), sequence=1, ts_event_ns=at_ns, ts_recv_ns=at_ns,
            bids=level, asks=(Level(Decimal(2), Decimal(1)),),
        )], [])  # fmt: skip
    assert readings(QuoteAge(PAIR, quotes, (BTC,)), clock.now_ns()) == {
        ("quote_age_ms", "upbit"): Decimal(3_000)
    }


def test_the_worst_lag_of_all_feeds_counts():
    beats = Beats({"feed-1": {"upbit_lag_us": "1500"}, "feed-2": {"upbit_lag_us": "7000"}, "other": {}})
    assert readings(FeedLag(beats), 0) == {("ws_lag_ms", "upbit"): Decimal(7)}


def test_who_asks_for_lags_gets_none_where_they_cannot_be_read():
    class Away(Beats):
        def read(self):
            raise StoreUnavailable("away")

    clock, beats = ManualClock(NS_PER_S), {"feed": {"at_ns": "0", "binance_lag_us": "2000001"}}
    assert lags_ns(FeedLag(Beats(beats)), clock) == {Venue.BINANCE: 2_000_001_000}
    assert lags_ns(FeedLag(Away(beats)), clock) == {}


def test_a_feed_that_fell_silent_or_has_no_connection_tells_no_lag():
    beats = Beats({
        "feed-1": {"at_ns": "0", "upbit_lag_us": "7000"},
        "feed-2": {"at_ns": str(20 * NS_PER_S), "upbit_lag_us": "", "binance_lag_us": ""},
    })  # fmt: skip
    assert readings(FeedLag(beats), 10 * NS_PER_S) == {("ws_lag_ms", "upbit"): Decimal(7)}
    assert readings(FeedLag(beats), 11 * NS_PER_S) == {}


def test_a_venue_of_which_no_book_came_is_no_measurement():
    clock = ManualClock(1_000 * NS_PER_S)
    assert readings(QuoteAge(PAIR, MemoryQuoteStore(clock), (BTC,)), clock.now_ns()) == {}
