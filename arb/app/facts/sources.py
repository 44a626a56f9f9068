"""Where the facts of a frame come from. Each source may be away: it raises an `ArbError` then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast

import redis
from sqlalchemy import text

from arb.adapters.postgres.engine import reading
from arb.adapters.redis.client import connect, reaching
from arb.adapters.redis.life import RedisQueues
from arb.app.judge import report_of
from arb.app.wiring import Engine
from arb.domain.errors import ArbError
from arb.domain.health.queues import QUEUES
from arb.domain.ledger.report import Report
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.engine.market.markets import keys_of
from arb.ports.trading import Session, TradeView
from arb.stack.control import ProcessStatus
from arb.stack.home import Home
from arb.stack.status import stack_status
from config.addresses import redis_url

FALLBACK_LENGTHS: Final = text("SELECT queue_name, queue_length FROM pgmq.metrics_all() ORDER BY 1")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Sources:
    """Reads from a running stack."""

    engine: Engine
    home: Home
    broker: redis.Redis

    @classmethod
    def of(cls, engine: Engine, home: Home) -> "Sources":
        """Return the sources of an engine; nothing is connected yet."""
        return cls(engine, home, connect(redis_url(engine.settings)))

    def following(self, engine: Engine) -> "Sources":
        """Return the sources of an engine that has taken up other settings or coins."""
        return self if engine is self.engine else replace(self, engine=engine)

    @property
    def coins(self) -> tuple[Coin, ...]:
        """Return the coins that are traded."""
        return tuple(Coin(coin) for coin in self.engine.settings.traded)

    def books(self) -> Mapping[tuple[Venue, Symbol], Book]:
        """Return the newest books."""
        return self.engine.quotes.get(keys_of(self.engine.markets.pair, self.coins))

    def session(self) -> Session | None:
        """Return the session in use, read anew."""
        return self.engine.sessions.get(self.engine.session_id)

    def active(self) -> tuple[TradeView, ...]:
        """Return the trades that have not ended."""
        return self.engine.trades.active(self.engine.session_id)

    def at_risk(self) -> tuple[TradeView, ...]:
        """Return the same with what was escalated and stands alone."""
        return at_risk(self.engine)

    def report(self) -> Report:
        """Return the session's counts and sums up to now."""
        return report_of(self.engine).run({})

    def queues(self) -> dict[str, int]:
        """Return how many messages wait in each of the primary broker's queues."""
        return dict(RedisQueues(self.broker, QUEUES, self.engine.settings.broker_prefix).depths())

    def fallback_queues(self) -> dict[str, int]:
        """Return how many messages wait in each of the fallback broker's queues."""
        with reading(self.engine.stores.trades.engine) as connection:
            lengths = {row.queue_name: row.queue_length for row in connection.execute(FALLBACK_LENGTHS)}
        prefix = self.engine.settings.fallback_prefix
        own = {name: name.removeprefix(prefix) for name in lengths if name.startswith(prefix)}
        return {queue: lengths[name] for name, queue in own.items() if queue in QUEUES}

    def redis_bytes(self) -> int:
        """Return how much memory Redis uses."""
        with reaching():
            return int(cast(dict[str, int], self.broker.info("memory"))["used_memory"])

    def processes(self) -> tuple[ProcessStatus, ...]:
        """Return what the supervisor says of every process."""
        return stack_status(self.home).processes

    def heartbeats(self) -> Mapping[str, Mapping[str, str]]:
        """Return the last sign of life of each process that gives one."""
        return self.engine.heartbeats.read()

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters."""
        return self.engine.counters.read()


def or_none(source: Callable[[], Value]) -> Value | None:
    """Return what a source says, None while it is away."""
    try:
        return source()
    except ArbError:
        return None


def at_risk(engine: Engine) -> tuple[TradeView, ...]:
    """Return the trades that have not ended, or were escalated with a leg alone, oldest first."""
    waiting = [leg.trade for leg in engine.trades.alone(engine.session_id) if leg.is_waiting]
    alone = [view for trade in waiting if (view := engine.trades.view(trade.trade_id)) is not None]
    found = [*engine.trades.active(engine.session_id), *alone]
    return tuple(sorted(found, key=lambda view: (view.trade.opened_at_ns, view.trade.trade_id)))
