"""Who feeds which coin, in Redis.

`arbitrage:feeds:{env}:beats`       hash, worker -> its last sign of life as JSON
`arbitrage:feeds:{env}:leader`      the worker that reassigns; expires, so that a silent one is replaced
`arbitrage:feeds:{env}:assignment`  the owners of the epoch in force as JSON
`arbitrage:feeds:{env}:epoch`       its number: a commit that was decided on another one is fenced off
`arbitrage:feeds:{env}:held`        the coins that are fed besides those of the list, as JSON
`arbitrage:feeds:{env}:health`      how the leader finds the workers as JSON
`arbitrage:feeds:{env}:moves`       list of the last moves as JSON, the newest first
`arbitrage:fences:{env}`            hash, coin -> fence: what a write of books is held against
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.redis.client import AWAY, reaching
from arb.adapters.redis.quotes import fences_key, field_of, quotes_key
from arb.domain.health.assignment import Assignment, Beat, FeedOwner, Reassignment, WorkerHealth
from arb.domain.market.ids import Coin, Venue
from arb.engine.market.markets import symbol_on
from arb.ports.market import Roster

LEAD_MS: Final = 2_000
MOVES_MAX: Final = 1_000
# KEYS: beats, leader, assignment, held. ARGV: worker, beat, how long a lead holds.
REPORT: Final = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local leader, leads = redis.call('GET', KEYS[2]), 0
if not leader or leader == ARGV[1] then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
  leads = 1
end
return {leads, redis.call('GET', KEYS[3]), redis.call('HGETALL', KEYS[1]), redis.call('GET', KEYS[4])}
"""
# KEYS: epoch, assignment, fences, quotes, moves. ARGV: the epoch it was decided on, the new one, the
# assignment, how many moves are kept, the number of fences, for each its coin and fence, the number of
# books to forget, their fields, then the moves.
COMMIT: Final = """
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3])
local fences, at = tonumber(ARGV[5]), 6
redis.call('DEL', KEYS[3])
for _ = 1, fences do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
  at = at + 2
end
local books = tonumber(ARGV[at])
for number = at + 1, at + books do redis.call('HDEL', KEYS[4], ARGV[number]) end
for number = at + books + 1, #ARGV do redis.call('LPUSH', KEYS[5], ARGV[number]) end
redis.call('LTRIM', KEYS[5], 0, tonumber(ARGV[4]) - 1)
return 1
"""
# KEYS: beats, leader. ARGV: worker.
LEAVE: Final = """
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""


class RedisFeedRegistry:
    """`arb.ports.market.FeedRegistry` of one environment."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        prefix = f"arbitrage:feeds:{environment}"
        self._client = client
        self._beats, self._leader = f"{prefix}:beats", f"{prefix}:leader"
        self._assignment, self._epoch = f"{prefix}:assignment", f"{prefix}:epoch"
        self._held = f"{prefix}:held"
        self._health, self._moves = f"{prefix}:health", f"{prefix}:moves"
        self._fences, self._quotes = fences_key(environment), quotes_key(environment)
        self._heartbeats = f"arbitrage:heartbeats:{environment}"
        self._report = client.register_script(REPORT)
        self._commit = client.register_script(COMMIT)
        self._leave = client.register_script(LEAVE)

    def report(self, beat: Beat) -> Roster:
        keys = (self._beats, self._leader, self._assignment, self._held)
        with reaching():
            leads, text, fields, held = self._report(keys=keys, args=(beat.worker, _beat_text(beat), LEAD_MS))
        beats = dict(zip(fields[::2], fields[1::2], strict=True))
        coins = tuple(Coin(coin) for coin in orjson.loads(held or b"[]"))
        return Roster(assignment=_assignment(text), beats=_beats(beats), leads=bool(leads), held=coins)

    def hold(self, coins: Sequence[Coin]) -> None:
        with reaching():
            self._client.set(self._held, orjson.dumps(list(coins)))

    def commit(self, assignment: Assignment, moves: Sequence[Reassignment], epoch: int) -> bool:
        fields = [field_of(*key) for move in moves for key in _keys_of(move.coin)]
        arguments: list[Any] = [epoch, assignment.epoch, _assignment_text(assignment), MOVES_MAX]
        arguments.append(len(assignment.owners))
        for coin, owner in assignment.owners.items():
            arguments += (coin, owner.fence)
        arguments += (len(fields), *fields, *(orjson.dumps(asdict(move)) for move in moves))
        keys = (self._epoch, self._assignment, self._fences, self._quotes, self._moves)
        with reaching():
            return bool(self._commit(keys=keys, args=arguments))

    def leave(self, worker: str) -> None:
        with reaching():
            self._leave(keys=(self._beats, self._leader), args=(worker,))

    def forget(self) -> None:
        """Forget all workers, and not what they fed: the stack that they belonged to has ended."""
        with suppress(*AWAY):
            self._client.delete(self._beats, self._leader, self._health)

    def drop_heartbeat(self, worker: str) -> None:
        with reaching():
            self._client.hdel(self._heartbeats, worker)

    def note(self, healths: Mapping[str, WorkerHealth]) -> None:
        with reaching():
            self._client.set(self._health, orjson.dumps(healths))

    def read(self) -> tuple[Roster, Mapping[str, WorkerHealth]]:
        pipeline = self._client.pipeline(transaction=True)
        pipeline.get(self._assignment)
        pipeline.hgetall(self._beats)
        pipeline.get(self._health)
        with reaching():
            text, beats, healths = pipeline.execute()
        roster = Roster(assignment=_assignment(text), beats=_beats(beats))
        return roster, {worker: WorkerHealth(each) for worker, each in orjson.loads(healths or b"{}").items()}

    def moves(self, limit: int) -> tuple[Reassignment, ...]:
        with reaching():
            texts = cast(list[bytes], self._client.lrange(self._moves, 0, limit - 1))
        return tuple(Reassignment(**orjson.loads(text)) for text in texts)


def _keys_of(coin: Coin) -> tuple[Any, ...]:
    """Return the instruments that are fed with a coin, wherever there are any."""
    return tuple((venue, symbol_on(venue, coin)) for venue in Venue)


def _beat_text(beat: Beat) -> bytes:
    fields = {name: getattr(beat, name) for name in Beat.__slots__ if name not in ("worker", "fences")}
    return orjson.dumps({**fields, "fences": dict(beat.fences)})


def _beats(fields: Mapping[bytes, bytes]) -> dict[str, Beat]:
    return {name.decode(): Beat(worker=name.decode(), **orjson.loads(text)) for name, text in fields.items()}


def _assignment_text(assignment: Assignment) -> bytes:
    owners = {coin: asdict(owner) for coin, owner in assignment.owners.items()}
    return orjson.dumps({"epoch": assignment.epoch, "owners": owners})


def _assignment(text: bytes | None) -> Assignment:
    if text is None:
        return Assignment()
    found = orjson.loads(text)
    owners = {Coin(coin): FeedOwner(**owner) for coin, owner in found["owners"].items()}
    return Assignment(epoch=found["epoch"], owners=owners)
