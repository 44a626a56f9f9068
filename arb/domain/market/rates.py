"""KRW per USDT, from the tradable USDT/KRW book, with an age of its own."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.book import Book
from arb.domain.market.ids import Coin

USDT: Final = Coin("USDT")  # fed and fenced like a coin, and never evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many KRW one USDT is worth; `ts_recv_ns` is when we learnt it."""

    krw_per_usdt: Decimal
    ts_recv_ns: int
    fence: int = 0  # of its book


def rate_from_book(book: Book) -> Rate:
    """Return the rate of the USDT/KRW book's middle.

    A trade converts no money: it is closed in the currencies it was opened in, so the middle values
    both sides without a bias; the spread of the conversion is a cost of rebalancing, not of a trade.
    """
    return Rate(krw_per_usdt=book.mid, ts_recv_ns=book.ts_recv_ns, fence=book.fence)
