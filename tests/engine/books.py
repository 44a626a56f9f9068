"""Books for tests."""

from decimal import Decimal

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.ports.market import QuoteStore

NOW_NS = 1_700_000_000_000_000_000
BTC_KRW = (Venue.UPBIT, Symbol("BTC/KRW"))
BTC_USDT = (Venue.BINANCE, Symbol("BTC/USDT"))


def taken(store: QuoteStore) -> tuple[Coin, ...]:
    """Take the coins that changed, without their books."""
    return store.take((), (), tuple).coins


def a_book(
    key: tuple[Venue, Symbol] = BTC_KRW,
    bid: str = "100",
    *,
    sequence: int = 1,
    ts_event_ns: int = 0,
    ts_recv_ns: int = NOW_NS,
) -> Book:
    """Return a book of one level whose ask is one above its bid."""
    return Book(
        venue=key[0],
        symbol=key[1],
        bids=(Level(Decimal(bid), Decimal(1)),),
        asks=(Level(Decimal(bid) + 1, Decimal(1)),),
        sequence=sequence,
        ts_event_ns=ts_event_ns,
        ts_recv_ns=ts_recv_ns,
    )
