"""The newest books in Redis, and which coins wait for evaluation.

`arbitrage:quotes:{env}`   hash, `upbit|BTC/KRW` -> the book as JSON
`arbitrage:dirty:{env}`    set of coins that changed since they were last evaluated
`arbitrage:pending:{env}`  present while an evaluation is on its way; expires, so that one which got
                           lost is asked for again

No wake-up is lost: `put` marks dirty and then looks at the pending mark, `take_dirty` clears the mark
and then drains. Whoever comes second sees what the other did.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

import redis

from arb.adapters.book_codec import book_from_text, book_to_text
from arb.adapters.redis_store.client import reaching
from arb.domain.book import Book
from arb.domain.errors import DataError
from arb.domain.ids import Coin, Symbol, Venue

PENDING_MS: Final = 1_000
COINS_MAX: Final = 10_000
Key = tuple[Venue, Symbol]


class RedisQuoteStore:
    """The QuoteStore of one environment."""

    def __init__(self, client: redis.Redis, environment: str, pending_ms: int = PENDING_MS) -> None:
        self._client = client
        self._quotes = f"arbitrage:quotes:{environment}"
        self._dirty = f"arbitrage:dirty:{environment}"
        self._pending = f"arbitrage:pending:{environment}"
        self._pending_ms = pending_ms

    def put(self, books: Sequence[Book], dirty: Sequence[Coin]) -> bool:
        """Write the books and mark the coins dirty in one round trip.

        Returns True if no evaluation was pending; one is then marked pending. Raises: StoreUnavailable.
        """
        pipeline = self._client.pipeline(transaction=False)
        if books:
            pipeline.hset(
                self._quotes, mapping={_field(book.venue, book.symbol): book_to_text(book) for book in books}
            )
        if dirty:
            pipeline.sadd(self._dirty, *dirty)
        pipeline.set(self._pending, "1", nx=True, px=self._pending_ms)
        with reaching():
            return bool(pipeline.execute()[-1])

    def take_dirty(self) -> tuple[Coin, ...]:
        """Clear the pending mark, then drain the dirty set, in one round trip. Raises: StoreUnavailable."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.delete(self._pending)
        pipeline.spop(self._dirty, COINS_MAX)
        with reaching():
            _, coins = pipeline.execute()
        return tuple(Coin(coin.decode()) for coin in coins)

    def get(self, instruments: Sequence[Key]) -> Mapping[Key, Book]:
        """Return the books that are there; one that cannot be read is as good as none.

        Raises: StoreUnavailable.
        """
        if not instruments:
            return {}
        with reaching():
            texts = cast(list[Any], self._client.hmget(self._quotes, [_field(*key) for key in instruments]))
        return dict(_readable(zip(instruments, texts, strict=True)))

    def remove(self, instruments: Sequence[Key]) -> None:
        """Forget these books. Raises: StoreUnavailable."""
        if not instruments:
            return
        with reaching():
            self._client.hdel(self._quotes, *(_field(*key) for key in instruments))


def _field(venue: Venue, symbol: Symbol) -> str:
    return f"{venue}|{symbol}"


def _readable(texts: Iterable[tuple[Key, Any]]) -> Iterable[tuple[Key, Book]]:
    for key, text in texts:
        if text is None:
            continue
        try:
            yield key, book_from_text(text)
        except DataError:
            continue  # written by another version; the next quote replaces it
