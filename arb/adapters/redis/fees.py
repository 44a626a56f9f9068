"""Taker fees of an account in Redis: `arbitrage:fees:{env}:{venue}:{account}`, hash, symbol -> fee and age.

Where a venue tells them market by market, every process that starts would ask for all of them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.redis.client import AWAY
from arb.domain.market.ids import Symbol, Venue

AGE_NS_MAX: Final = 3_600 * 1_000_000_000  # a tier changes once a day at most


class RedisFees:
    """What one account was told, for an hour. Where Redis is away there is nothing to remember."""

    def __init__(self, client: redis.Redis, environment: str, venue: Venue, account: str) -> None:
        self._client = client
        self._key = f"arbitrage:fees:{environment}:{venue}:{account}"

    def known(self, symbols: Sequence[Symbol], now_ns: int) -> Mapping[Symbol, Decimal]:
        """Return the fees that are young enough to be relied on."""
        texts: list[Any] = []
        with suppress(*AWAY):
            texts = cast(list[Any], self._client.hmget(self._key, [*symbols]))
        found = {
            symbol: orjson.loads(text)
            for symbol, text in zip(symbols, texts, strict=False)
            if text is not None
        }
        return {
            symbol: Decimal(said["taker_bps"])
            for symbol, said in found.items()
            if 0 <= now_ns - said["at_ns"] < AGE_NS_MAX
        }

    def remember(self, fees_bps: Mapping[Symbol, Decimal], now_ns: int) -> None:
        """Keep what the venue said just now."""
        rows = {
            symbol: orjson.dumps({"taker_bps": f"{fee:f}", "at_ns": now_ns})
            for symbol, fee in fees_bps.items()
        }
        if rows:
            with suppress(*AWAY):
                self._client.hset(self._key, mapping=cast(Any, rows))
