"""Fills by user streams: one process, one socket a venue. `python -m workers.stream`

It listens where an account is traded on: in paper mode, or without credentials, it says so and idles.
"""

import sys
from collections.abc import Mapping
from functools import partial

import structlog

from arb.adapters.local.clock import SystemEntropy
from arb.adapters.venues.user_stream import StreamWork, UserStreams, venue_now_ms
from arb.app.engines import engine
from arb.app.venues import api_key
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError
from arb.domain.market.ids import TradeId, Venue
from arb.engine.trading.fills import CatchUp, RecordReport, UserStream
from arb.ports.market import Clock, Entropy
from arb.ports.trading import VenueClient
from arb.venues.binance.user_stream import BinanceUserStream
from arb.venues.upbit.auth import nonce_of
from arb.venues.upbit.user_stream import UpbitUserStream
from config.settings import RunMode, Settings
from workers import process

log = structlog.get_logger()


def streams(
    settings: Settings, venues: Mapping[Venue, VenueClient], clock: Clock, entropy: Entropy
) -> list[tuple[UserStream, str]]:
    """Return the stream of each account that is traded on, with its address."""
    if settings.mode is RunMode.PAPER:
        return []
    found: list[tuple[UserStream, str]] = []
    if key := api_key(settings.binance.credentials):
        now_ms = venue_now_ms(venues[Venue.BINANCE], clock)
        found.append((BinanceUserStream(key, now_ms), settings.binance.user_stream_url))
    if key := api_key(settings.upbit.credentials):
        stream = UpbitUserStream(key, nonce=lambda: nonce_of(entropy.bits(128)))
        found.append((stream, settings.upbit.user_stream_url))
    return found


def work_of(wired: Engine) -> StreamWork:
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
    found = streams(wired.settings, wired.venues, wired.clock, entropy)
    if not found:
        log.info("streams_idle", mode=wired.settings.mode.value, reason="no account is traded on")
    work = UserStreams(work_of(wired), entropy, found)
    return process.run_watched(work, wired.heartbeats, wired.clock)


if __name__ == "__main__":
    sys.exit(main())
