"""Which books may be believed: those of a coin's owner of now, never those of one whose time is over.

What this process has seen of fences stays known to it: a store that came back old, and a message that was
carried past it, are held against the greatest fence ever seen.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence

from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, coin_of


class Fences:
    """The greatest fence that was seen of each coin. Safe between threads."""

    def __init__(self) -> None:
        self._greatest: dict[Coin, int] = {}
        self._fenced = 0
        self._lock = threading.Lock()

    def learn(self, fences: Mapping[Coin, int]) -> None:
        """Remember fences that are in force."""
        with self._lock:
            for coin, fence in fences.items():
                if fence > self._greatest.get(coin, 0):
                    self._greatest[coin] = fence

    def admitted(self, books: Iterable[Book]) -> list[Book]:
        """Return the books that are their owners', and count the others."""
        with self._lock:
            found, fenced = [], 0
            for book in books:
                if book.fence >= self._greatest.get(coin_of(book.symbol), 0):
                    found.append(book)
                else:
                    fenced += 1
            self._fenced += fenced
            return found

    def admitted_of_message(self, books: Sequence[Book]) -> list[Book]:
        """Return what of a message is its coins' owners'.

        The rate is everybody's: who feeds coins but not the rate sends it without a fence, and it is as
        good as the coins that it comes with.
        """
        coins = [book for book in books if coin_of(book.symbol) != USDT]
        found = self.admitted(coins)
        rates = [book for book in books if coin_of(book.symbol) == USDT]
        if found and all(rate.fence == 0 for rate in rates):
            return [*rates, *found]
        return [*self.admitted(rates), *found]

    def take_fenced(self) -> int:
        """Return how many books were fenced off since the last call."""
        with self._lock:
            fenced, self._fenced = self._fenced, 0
            return fenced
