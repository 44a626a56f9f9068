"""The hot state in Redis: `arbitrage:state:{env}:{session_id}:{session|positions|metrics|risk_guard}`.

Four hashes without a time to live; a field is one top-level key of its part as JSON, and each trade has a
field of its own, `trade:<id>`. The session's hash also has `ledger_position`, `revision` (numbers handed
out to writers) and `applied` (the number of the last write).

A writer takes a number, reads SQL, and writes; a write whose number is older than the last one is fenced off,
since a read that began later may have seen more. So the last write is always as new as its commits.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.redis.client import reaching
from arb.domain.errors import DataError, HotStateUnavailable, StoreUnavailable
from arb.domain.market.ids import SessionId
from arb.domain.state.hot_state import HotState, StateChange
from arb.domain.state.snapshot import PARTS

TRADE: Final = "trade:"
POSITION, REVISION, APPLIED = "ledger_position", "revision", "applied"
OWN: Final = frozenset({POSITION, REVISION, APPLIED})
# KEYS: the four hashes. ARGV: revision, whether all is replaced, then for each hash the number of fields
# to set (name, text) and to delete, and those. Returns 1 if written, 0 if newer is there, -1 if nothing is.
WRITE: Final = """
local applied = tonumber(redis.call('HGET', KEYS[1], 'applied') or '-1')
if ARGV[2] == '0' and applied < 0 then return -1 end
if applied > tonumber(ARGV[1]) then return 0 end
local at = 3
for number, key in ipairs(KEYS) do
  local sets, deletes = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  if ARGV[2] == '1' then
    local revision = number == 1 and redis.call('HGET', key, 'revision')
    redis.call('DEL', key)
    if revision then redis.call('HSET', key, 'revision', revision) end
  end
  for _ = 1, sets do
    redis.call('HSET', key, ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  for _ = 1, deletes do
    redis.call('HDEL', key, ARGV[at])
    at = at + 1
  end
end
redis.call('HSET', KEYS[1], 'applied', ARGV[1])
return 1
"""


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        with reaching():
            yield
    except StoreUnavailable as error:
        raise HotStateUnavailable(*error.args) from error


class RedisStateStore:
    """`arb.ports.state.StateStore` of one environment."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._prefix = f"arbitrage:state:{environment}"
        self._write = client.register_script(WRITE)

    def keys(self, session_id: SessionId) -> list[str]:
        """Return the four keys of a session."""
        return [f"{self._prefix}:{session_id}:{name}" for name in PARTS]

    def next_revision(self, session_id: SessionId) -> int:
        with _reaching():
            return self._client.hincrby(self.keys(session_id)[0], REVISION, 1)

    def save(self, state: HotState, revision: int) -> bool:
        sets = [_fields(state.parts[name]) for name in PARTS]
        sets[0][POSITION] = str(state.ledger_position).encode()
        trades = state.parts["positions"]["trades"]
        sets[1] |= {TRADE + view["trade"]["trade_id"]: orjson.dumps(view) for view in trades}
        return self._run(state.session_id, revision, "1", sets, ()) == 1

    def apply(self, change: StateChange, revision: int) -> bool | None:
        sets = [_fields(change.parts[name]) for name in PARTS]
        sets[0][POSITION] = str(change.ledger_position).encode()
        there = {name: view for name, view in change.trades.items() if view is not None}
        sets[1] |= {TRADE + name: orjson.dumps(view) for name, view in there.items()}
        ended = [TRADE + name for name in change.trades if name not in there]
        written = self._run(change.session_id, revision, "0", sets, ended)
        return None if written < 0 else written == 1

    def load(self, session_id: SessionId) -> HotState | None:
        pipeline = self._client.pipeline(transaction=True)
        for key in self.keys(session_id):
            pipeline.hgetall(key)
        with _reaching():
            hashes = cast(list[dict[bytes, bytes]], pipeline.execute())
        if APPLIED.encode() not in hashes[0]:
            return None
        try:
            return _state(session_id, hashes)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError("state_malformed", f"{session_id}: {error!r}") from error

    def delete(self, session_id: SessionId) -> None:
        with _reaching():
            self._client.delete(*self.keys(session_id))

    def ping(self) -> None:
        with _reaching():
            self._client.ping()

    def _run(
        self,
        session_id: SessionId,
        revision: int,
        replacing: str,
        sets: Iterable[Mapping[str, bytes]],
        ended: Iterable[str],
    ) -> int:
        deletes: tuple[list[str], ...] = ([], list(ended), [], [])
        arguments: list[Any] = [revision, replacing]
        for fields, gone in zip(sets, deletes, strict=True):
            arguments += [len(fields), len(gone)]
            for name, text in fields.items():
                arguments += [name, text]
            arguments += gone
        with _reaching():
            return int(self._write(keys=self.keys(session_id), args=arguments))


def _fields(part: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: orjson.dumps(value) for name, value in part.items() if name != "trades"}


def _state(session_id: SessionId, hashes: list[dict[bytes, bytes]]) -> HotState:
    parts: dict[str, Any] = {}
    trades = []
    for name, fields in zip(PARTS, hashes, strict=True):
        texts = {field.decode(): text for field, text in fields.items()}
        trades += [orjson.loads(text) for field, text in texts.items() if field.startswith(TRADE)]
        parts[name] = {
            field: orjson.loads(text)
            for field, text in texts.items()
            if field not in OWN and not field.startswith(TRADE)
        }
    trades.sort(key=lambda view: (view["trade"]["opened_at_ns"], view["trade"]["trade_id"]))
    parts["positions"]["trades"] = trades
    position = int(hashes[0][POSITION.encode()])
    return HotState(session_id=session_id, ledger_position=position, parts=parts)
