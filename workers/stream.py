"""Fills by user streams: one process, one socket a venue. `python -m workers.stream`

It listens where an account is traded on: in paper mode, or without credentials, it says so and idles.
"""

import sys
from typing import Final

import structlog

from arb.adapters.local.background import Background
from arb.adapters.local.clock import SystemEntropy
from arb.adapters.venues.user_stream import StreamWork, UserStreams
from arb.app.engines import engine
from arb.app.streams import user_streams
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId, TradeId
from arb.engine.trading.fills import CatchUp, HeldBack, RecordReport
from workers import process

HELD_S: Final = 0.02  # an acceptance; on a venue's stream its fills follow within a few ms
TRADES_MAX: Final = 1_000
log = structlog.get_logger()


def _work_of(wired: Engine) -> StreamWork:
    """Return what the streams need of an engine."""
    trades, dispatcher = wired.trades, wired.dispatcher
    counters, alerts, clock = wired.counters, wired.alerts, wired.clock
    later = Background("acceptances", lambda: record.flush(), HELD_S)
    record = RecordReport(
        trades=trades,
        dispatcher=dispatcher,
        counters=counters,
        alerts=alerts,
        clock=clock,
        ended=wired.trading.at_end,
        is_mine=Mine(wired),
        held=HeldBack(later.ask),
    )
    return StreamWork(
        record=record,
        catch_up=CatchUp(
            session_id=wired.session_id, trades=trades, dispatcher=dispatcher, counters=counters
        ),
        counters=counters,
        alerts=alerts,
        clock=clock,
    )


class Mine:
    """Tells whether no other group looks after a trade: its own stream tells it of the same account."""

    def __init__(self, wired: Engine) -> None:
        self._wired = wired
        self._known: dict[TradeId, bool] = {}  # a trade has one session for good

    def __call__(self, trade_id: TradeId) -> bool:
        if trade_id in self._known:
            return self._known[trade_id]
        owner = self._wired.trades.session_of(trade_id)
        if owner is None:
            return True
        if len(self._known) >= TRADES_MAX:
            self._known.clear()
        self._known[trade_id] = owner == self._wired.session_id or self._is_of_group(owner)
        return self._known[trade_id]

    def _is_of_group(self, owner: SessionId) -> bool:
        session = self._wired.sessions.get(owner)
        return session is None or session.group_name == self._wired.settings.group


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
