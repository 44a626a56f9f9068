"""Degradation, wired: who decides the degree, who is alerted, and where processes read it."""

from decimal import Decimal

import redis
import structlog

from arb.adapters.local.machine import BYTES_PER_MB, PsutilMachine
from arb.adapters.local.memory_budget import ProcessBudget, own_bytes
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.redis.degradation_board import SharedBoard
from arb.domain.health.degradation import Degradation, DegradationRules
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S
from arb.engine.health.degrade import LEFT_OUT, DegradationBoard, Degrade
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import SessionStore
from arb.stack.home import Home
from config.settings import Settings

log = structlog.get_logger("arb.watchdog")


def board_of(client: redis.Redis, settings: Settings, clock: Clock) -> SharedBoard:
    """Return where the degree is kept."""
    return SharedBoard(client, settings.scope, SharedFile(Home.default().degradation_file, clock), clock)


def budget_of(settings: Settings, board: SharedBoard) -> ProcessBudget:
    """Return what large work may take in this process, beyond what it has taken by now."""
    limit_bytes = settings.degradation.memory_budget_mb * BYTES_PER_MB
    return ProcessBudget(limit_bytes, own_bytes, board.degree)


def _rules_of(settings: Settings) -> DegradationRules:
    """Return when to do less."""
    chosen = settings.degradation
    return DegradationRules(
        gauges=chosen.gauges(), margin=Decimal(chosen.margin_pct) / 100, calm_ns=chosen.calm_sec * NS_PER_S
    )


def degrade_of(
    settings: Settings,
    session_id: SessionId,
    *,
    board: DegradationBoard,
    sessions: SessionStore,
    counters: Counters,
    alerts: AlertSink,
    clock: Clock,
) -> Degrade:
    """Return what each sweep ends with."""
    return Degrade(
        session_id=session_id,
        rules=_rules_of(settings),
        disk_mb_min=Decimal(settings.degradation.reduce_only_disk_free_mb),
        board=board,
        machine=PsutilMachine(dict, ()),
        sessions=sessions,
        alerts=alerts,
        counters=counters,
        journal=_Log(),
        clock=clock,
    )


class _Log:
    """`arb.engine.health.degrade.DegradationLog` in the watchdog's file."""

    def degree_changed(self, before: Degradation, after: Degradation) -> None:
        """Log that the degree of degradation changed, why, and what is left out now."""
        write = log.warning if after.degree > before.degree else log.info
        write(
            "degree_changed",
            before=before.degree.name.lower(),
            after=after.degree.name.lower(),
            why=after.why or "recovered",
            left_out=LEFT_OUT[after.degree],
        )
