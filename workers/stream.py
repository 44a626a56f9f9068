"""Fills by user streams: one process, one socket a venue. `python -m workers.stream`

It listens where an account is traded on: in paper mode, or without credentials, it says so and idles.
"""

import sys
from functools import partial

import structlog

from arb.adapters.local.clock import SystemEntropy
from arb.adapters.venues.user_stream import StreamWork, UserStreams
from arb.app.engines import engine
from arb.app.streams import user_streams
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError
from arb.domain.market.ids import TradeId
from arb.engine.trading.fills import CatchUp, RecordReport
from workers import process

log = structlog.get_logger()


def _work_of(wired: Engine) -> StreamWork:
    """Return what the streams need of an engine."""
    trades, dispatcher = wired.trades, wired.dispatcher
    counters, alerts, clock = wired.counters, wired.alerts, wired.clock
    return StreamWork(
        record=RecordReport(
            trades=trades,
            dispatcher=dispatcher,
            counters=counters,
            alerts=alerts,
            clock=clock,
            ended=wired.trading.at_end,
            is_mine=partial(_is_mine, wired),
        ),
        catch_up=CatchUp(
            session_id=wired.session_id, trades=trades, dispatcher=dispatcher, counters=counters
        ),
        counters=counters,
        alerts=alerts,
        clock=clock,
    )


def _is_mine(wired: Engine, trade_id: TradeId) -> bool:
    """Tell whether no other group looks after a trade: its own stream tells it of the same account."""
    owner = wired.trades.session_of(trade_id)
    if owner is None or owner == wired.session_id:
        return True
    session = wired.sessions.get(owner)
    return session is None or session.group_name == wired.settings.group


def main() -> int:
    """Listen for the accounts of this process's settings."""
    try:
        process.prepare()
        wired = engine()
    except ConfigError as error:
        raise SystemExit(f"arb: {error}") from None
    entropy = SystemEntropy()
    found = user_streams(wired.settings, wired.venues, wired.clock, entropy)
    if not found:
        log.info("streams_idle", mode=wired.settings.mode.value, reason="no account is traded on")
    work = UserStreams(_work_of(wired), entropy, found)
    return process.run_watched(work, wired.heartbeats, wired.clock)


if __name__ == "__main__":
    sys.exit(main())
