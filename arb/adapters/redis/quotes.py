"""The newest books in Redis, and which coins wait for evaluation.

`arbitrage:quotes:{env}`   hash, `venue|BTC/KRW` -> the book as JSON
`arbitrage:fences:{env}`   hash, `BTC` -> the fence of its owner, put in force by `RedisFeedRegistry`
`arbitrage:dirty:{env}`    set of coins that changed since they were last evaluated
`arbitrage:pending:{env}`  present while an evaluation is on its way; expires, so that one which got
                           lost is asked for again

No wake-up is lost: `put` marks dirty and then looks at the pending mark, `take_dirty` clears the mark
and then drains. Whoever comes second sees what the other did. A write looks at the fences in the same
script, so that nothing of a former owner gets in between.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.redis.client import reaching
from arb.domain.errors import DataError
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.engine.market.book_codec import decode_book, encode_book
from arb.ports.market import Quotes, Written

PENDING_MS: Final = 1_000
COINS_MAX: Final = 10_000
# KEYS: quotes, fences, dirty, pending. ARGV: how long pending holds, the number of books, for each its
# coin, fence, field and text, then the dirty coins. Returns whether an evaluation is due, then the coins
# that were fenced off.
PUT: Final = """
local books, at, owned, fields = tonumber(ARGV[2]), 3, {}, {}
local answer = {0}
for _ = 1, books do
  local coin = ARGV[at]
  if owned[coin] == nil then
    owned[coin] = (redis.call('HGET', KEYS[2], coin) or '0') == ARGV[at + 1]
    if not owned[coin] then answer[#answer + 1] = coin end
  end
  if owned[coin] then
    fields[#fields + 1] = ARGV[at + 2]
    fields[#fields + 1] = ARGV[at + 3]
  end
  at = at + 4
end
if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
if books > 0 and #fields == 0 then return answer end
if at <= #ARGV then redis.call('SADD', KEYS[3], unpack(ARGV, at)) end
if redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[1]) then answer[1] = 1 end
return answer
"""
# KEYS: quotes, fences. ARGV: for each book its coin, fence and field.
REMOVE: Final = """
for at = 1, #ARGV, 3 do
  if (redis.call('HGET', KEYS[2], ARGV[at]) or '0') == ARGV[at + 1] then
    redis.call('HDEL', KEYS[1], ARGV[at + 2])
  end
end
"""
Key = tuple[Venue, Symbol]


class RedisQuoteStore:
    """The QuoteStore of one environment."""

    def __init__(self, client: redis.Redis, environment: str, pending_ms: int = PENDING_MS) -> None:
        self._client = client
        self._quotes = quotes_key(environment)
        self._fences = fences_key(environment)
        self._dirty = f"arbitrage:dirty:{environment}"
        self._pending = f"arbitrage:pending:{environment}"
        self._pending_ms = pending_ms
        self._read = BookReader()
        self._put = client.register_script(PUT)
        self._remove = client.register_script(REMOVE)

    def put(self, books: Sequence[Book], dirty: Sequence[Coin]) -> Written:
        """Write the books that are their owner's and mark the coins dirty in one round trip.

        Raises: StoreUnavailable.
        """
        arguments: list[Any] = [self._pending_ms, len(books)]
        for book in books:
            field = field_of(book.venue, book.symbol)
            arguments += (coin_of(book.symbol), book.fence, field, book_to_text(book))
        arguments += dirty
        with reaching():
            due, *fenced = self._put(
                keys=(self._quotes, self._fences, self._dirty, self._pending), args=arguments
            )
        return Written(bool(due), tuple(Coin(coin.decode()) for coin in fenced))

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
            texts = cast(list[Any], self._client.hmget(self._quotes, [field_of(*key) for key in instruments]))
        return dict(self._read.all(zip(instruments, texts, strict=True)))

    def look(self, instruments: Sequence[Key]) -> Quotes:
        """Return the books that are there, with the fences in force, in one round trip.

        Raises: StoreUnavailable.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hmget(self._quotes, [field_of(*key) for key in instruments])
        pipeline.hgetall(self._fences)
        with reaching():
            texts, fences = pipeline.execute()
        return Quotes(
            dict(self._read.all(zip(instruments, texts, strict=True))),
            {Coin(coin.decode()): int(fence) for coin, fence in fences.items()},
        )

    def remove(self, instruments: Mapping[Key, int]) -> None:
        """Forget these books, each under the fence of its owner. Raises: StoreUnavailable."""
        arguments: list[Any] = []
        for (venue, symbol), fence in instruments.items():
            arguments += (coin_of(symbol), fence, field_of(venue, symbol))
        if arguments:
            with reaching():
                self._remove(keys=(self._quotes, self._fences), args=arguments)


def quotes_key(environment: str) -> str:
    """Return the name of the hash of books."""
    return f"arbitrage:quotes:{environment}"


def fences_key(environment: str) -> str:
    """Return the name of the hash of fences."""
    return f"arbitrage:fences:{environment}"


def field_of(venue: Venue, symbol: Symbol) -> str:
    """Return the field of an instrument's book."""
    return f"{venue}|{symbol}"


class BookReader:
    """Reads books from their texts. One that has not changed since it was read last is not read again.

    Safe between threads: what another one has read in between is read once more at worst.
    """

    def __init__(self) -> None:
        self._last: dict[Key, tuple[bytes, Book]] = {}

    def all(self, texts: Iterable[tuple[Key, Any]]) -> Iterator[tuple[Key, Book]]:
        """Return the books that can be read."""
        for key, text in texts:
            last = self._last.get(key)
            if text is None:
                continue
            if last is None or last[0] != text:
                try:
                    last = text, book_from_text(text)
                except DataError:
                    continue  # written by another version; the next quote replaces it
                self._last[key] = last
            yield key, last[1]


def book_to_text(book: Book) -> bytes:
    """Return the book as compact JSON."""
    return orjson.dumps(encode_book(book))


def book_from_text(text: bytes) -> Book:
    """Return the book that `book_to_text` wrote. Raises: DataError."""
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError("book_malformed", str(error)) from error
    if not isinstance(values, dict):
        raise DataError("book_malformed", "not an object")
    return decode_book(values)
