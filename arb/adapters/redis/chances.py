"""Chances on their way to SQL, in Redis: `arbitrage:chances:{env}`, hash, `coin|direction|began` -> JSON.

Who evaluates leaves them here a moment later, all of a moment in one command; who has time takes them out.
"""

import atexit
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.local.background import Background
from arb.adapters.redis.client import best_effort, reaching
from arb.domain.market.ids import Coin, TradeId
from arb.domain.market.money import plain
from arb.domain.market.opportunity import Opportunity
from arb.domain.market.pair import Direction

TOGETHER_S: Final = 0.25  # what is kept within it is written together
WAITING_MAX: Final = 10_000  # that nobody took out: more is a stack without housekeeping
AMOUNTS: Final = ("peak_bps", "quantity", "size_krw", "worth_krw")
TIMES: Final = ("began_ns", "ended_ns", "peak_ns")


class RedisChances:
    """`arb.engine.trading.chances.ChanceLog` of one environment."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:chances:{environment}"
        self._kept: dict[str, Opportunity] = {}
        self._keeping, self._writing = threading.Lock(), threading.Lock()
        self._later = Background("chances", self.flush, TOGETHER_S)
        atexit.register(self.flush)

    def keep(self, found: Sequence[Opportunity]) -> None:
        """Keep these as they are now; never waits. Killed meanwhile, or without Redis, it is lost."""
        with self._keeping:
            self._kept.update((_field(each), each) for each in found)
        self._later.ask()

    def flush(self) -> None:
        """Write what was kept since the last time; the newest of each comes last."""
        with self._writing:
            with self._keeping:
                kept, self._kept = self._kept, {}
            if kept:
                with best_effort():
                    self._client.hset(self._key, mapping={name: _encode(each) for name, each in kept.items()})

    def take(self) -> list[Opportunity]:
        """Return what was kept since the last time, and forget it. Raises: StoreUnavailable."""
        self.flush()
        with reaching(), self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._key)
            pipe.delete(self._key)
            fields = cast(dict[bytes, bytes], pipe.execute()[0])
        return [_decode(text) for text in list(fields.values())[:WAITING_MAX]]


def _field(found: Opportunity) -> str:
    return f"{found.coin}|{found.direction}|{found.began_ns}"


def _encode(found: Opportunity) -> bytes:
    """Return a chance as JSON."""
    return orjson.dumps(
        {
            "coin": found.coin,
            "direction": str(found.direction),
            **{name: getattr(found, name) for name in TIMES},
            **{name: plain(getattr(found, name)) for name in AMOUNTS},
            "reasons": dict(found.reasons),
            "trades": list(found.trades),
        }
    )


def _decode(text: bytes) -> Opportunity:
    """Return the chance of a JSON text."""
    told: Mapping[str, Any] = orjson.loads(text)
    return Opportunity(
        coin=Coin(told["coin"]),
        direction=Direction(told["direction"]),
        began_ns=int(told["began_ns"]),
        ended_ns=int(told["ended_ns"]),
        peak_ns=int(told["peak_ns"]),
        peak_bps=Decimal(told["peak_bps"]),
        quantity=Decimal(told["quantity"]),
        size_krw=Decimal(told["size_krw"]),
        worth_krw=Decimal(told["worth_krw"]),
        reasons=told["reasons"],
        trades=tuple(TradeId(each) for each in told["trades"]),
    )
