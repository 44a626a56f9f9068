"""The newest books in Redis, and which coins wait for evaluation.

`arbitrage:quotes:{env}`   hash, `venue|BTC/KRW` -> the book as JSON
`arbitrage:fences:{env}`   hash, `BTC` -> the fence of its owner, put in force by `RedisFeedRegistry`
`arbitrage:dirty:{env}`    set of coins that changed since they were last evaluated
`arbitrage:pending:{env}`  present while an evaluation is on its way; expires, so that one which got
                           lost is asked for again

No wake-up is lost: `put` marks dirty and then looks at the pending mark, `take` clears the mark and then
takes coins; where some are left, it marks again. Whoever comes second sees what the other did. A write looks
at the fences in the same script, so that nothing of a former owner gets in between.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import redis

from arb.adapters.redis.book_text import book_from_text, book_to_text
from arb.adapters.redis.client import reaching
from arb.domain.errors import DataError
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.engine.market.markets import symbol_on
from arb.ports.market import COINS_AT_ONCE, Changed, Quotes, ReadyMessage, Worth, Written

PENDING_MS: Final = 1_000
DUE, ASKED = 1, 2  # what a write answers
ANY: Final = Coin("*")  # where a coin stands in the name of a field
# KEYS: quotes, fences, dirty, pending, and the queue of evaluations if there is a notice. ARGV: how long
# pending holds, the notice, the number of books, for each its coin, fence, field and text, then dirty coins.
# Returns 1 if an evaluation is due, 2 if its notice was sent, else 0; then the coins that were fenced off.
PUT: Final = """
local books, at, owned, fields = tonumber(ARGV[3]), 4, {}, {}
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
if redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[1]) then
  answer[1] = 1
  if KEYS[5] then
    redis.call('LPUSH', KEYS[5], ARGV[2])
    answer[1] = 2
  end
end
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
# KEYS: quotes, fences, dirty, pending. ARGV: the number of coins at most, how long pending holds, the number
# of venues, for each what is before and after a coin in the field of its book; then each other field and its
# coin. Returns whether coins are left, for which pending is marked again, the coins that were taken, the
# texts of their books (of the first coin on all venues, of the second ...) and of the other ones, the fences:
# each as lines, since a client reads one long answer in a fraction of the time of many short ones.
TAKE: Final = """
redis.call('DEL', KEYS[4])
local coins, fields, owners = redis.call('SPOP', KEYS[3], ARGV[1]), {}, {}
local more, first = redis.call('EXISTS', KEYS[3]), 4 + 2 * tonumber(ARGV[3])
if more == 1 then redis.call('SET', KEYS[4], '1', 'PX', ARGV[2]) end
for place, coin in ipairs(coins) do
  owners[place] = coin
  for at = 4, first - 1, 2 do fields[#fields + 1] = ARGV[at] .. coin .. ARGV[at + 1] end
end
for at = first, #ARGV, 2 do
  fields[#fields + 1] = ARGV[at]
  owners[#owners + 1] = ARGV[at + 1]
end
local function read(key, names)
  local found = {}
  for from = 1, #names, 1000 do
    local some = redis.call('HMGET', key, unpack(names, from, math.min(from + 999, #names)))
    for _, value in ipairs(some) do
      if not value or string.find(value, '\\n', 1, true) then value = '' end
      found[#found + 1] = value
    end
  end
  return table.concat(found, '\\n')
end
return {more, table.concat(coins, '\\n'), read(KEYS[1], fields), read(KEYS[2], owners)}
"""
Key = tuple[Venue, Symbol]


class RedisQuoteStore:
    """The QuoteStore of one environment."""

    def __init__(
        self,
        client: redis.Redis,
        environment: str,
        pending_ms: int = PENDING_MS,
        at_once: int = COINS_AT_ONCE,
    ) -> None:
        self._client = client
        self._quotes = quotes_key(environment)
        self._fences = fences_key(environment)
        waiting = (f"arbitrage:dirty:{environment}", f"arbitrage:pending:{environment}")
        self._keys = (self._quotes, self._fences, *waiting)
        self._pending_ms, self._at_once = pending_ms, at_once
        self._read = BookReader()
        self._put = client.register_script(PUT)
        self._remove = client.register_script(REMOVE)
        self._take = client.register_script(TAKE)

    def put(
        self, books: Sequence[Book], dirty: Sequence[Coin], notice: ReadyMessage | None = None
    ) -> Written:
        """Write the books that are their owner's and mark the coins dirty in one round trip.

        Raises: StoreUnavailable.
        """
        arguments: list[Any] = [self._pending_ms, notice.text if notice else b"", len(books)]
        for book in books:
            field = field_of(book.venue, book.symbol)
            arguments += (coin_of(book.symbol), book.fence, field, book_to_text(book))
        arguments += dirty
        with reaching():
            found, *fenced = self._put(
                keys=(*self._keys, notice.queue) if notice else self._keys, args=arguments
            )
        return Written(found == DUE, found == ASKED, tuple(Coin(coin.decode()) for coin in fenced))

    def take(self, venues: Sequence[Venue], also: Sequence[Key], worth: Worth) -> Changed:
        """Clear the pending mark, then take dirty coins and look at them, in one round trip.

        Raises: StoreUnavailable.
        """
        arguments: list[Any] = [self._at_once, self._pending_ms, len(venues)]
        for venue in venues:
            arguments += field_of(venue, symbol_on(venue, ANY)).split(ANY)
        for venue, symbol in also:
            arguments += (field_of(venue, symbol), coin_of(symbol))
        with reaching():
            more, names, texts, fences = self._take(keys=self._keys, args=arguments)
        changed = tuple(Coin(name) for name in names.decode().split())
        coins = tuple(worth(changed))
        wanted, extra = frozenset(coins), frozenset(also)
        keys = [(venue, symbol_on(venue, coin)) for coin in changed for venue in venues] + list(also)
        kept = [
            (key, text)
            for key, text in zip(keys, _lines(texts, keys), strict=True)
            if key in extra or coin_of(key[1]) in wanted
        ]
        owners = (*changed, *(coin_of(symbol) for _, symbol in also))
        known = zip(owners, _lines(fences, owners), strict=True)
        in_force = {coin: int(fence) for coin, fence in known if fence}
        return Changed(coins, Quotes(dict(self._read.all(kept)), in_force), bool(more))

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


def _lines(text: bytes, keys: Sequence[Any]) -> list[bytes]:
    """Return a line for each key; of none there is not even an empty one."""
    return text.split(b"\n") if keys else []


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
            if not text:
                continue
            if last is None or last[0] != text:
                try:
                    last = text, book_from_text(text)
                except DataError:
                    continue  # written by another version; the next quote replaces it
                self._last[key] = last
            yield key, last[1]
