"""One frame of the live view: facts only. None is what could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from arb.domain.ledger.report import Report
from arb.domain.market.ids import Coin, TradeId
from arb.ports.trading import Session
from arb.stack.control import ProcessStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLeg:
    """One coin's newest book on one venue."""

    venue: str
    currency: str
    mid: Decimal | None = None
    age_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One coin on both venues, the pair's first one first."""

    coin: Coin
    legs: tuple[QuoteLeg, ...] = ()
    premium_bps: Decimal | None = None
    edge_bps: Decimal | None = None  # of the better way, net


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLine:
    """One trade that has not ended."""

    trade_id: TradeId
    coin: Coin
    state: str
    direction: str
    age_s: int
    hedged: Decimal
    imbalance: Decimal
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLine:
    """One process: what its supervisor says, and its own last sign of life."""

    name: str
    status: ProcessStatus | None = None
    heartbeat_age_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What there is to see at one moment."""

    at_ns: int
    environment: str
    krw_per_usdt: Decimal | None = None
    session: Session | None = None
    quotes: tuple[QuoteLine, ...] = ()
    trades: tuple[TradeLine, ...] | None = None
    report: Report | None = None
    queues: Mapping[str, int] | None = None  # of the primary broker
    fallback_queues: Mapping[str, int] | None = None
    processes: tuple[ProcessLine, ...] | None = None
    counters: Mapping[str, Mapping[str, int]] | None = None
    away: tuple[str, ...] = field(default=())  # what could not be read, by name
