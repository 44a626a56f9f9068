"""One session over connected stores: its engine, chapter by chapter."""

from dataclasses import dataclass

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.redis.counters import BufferedRedisCounters
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.emergency import KillUseCases, wire_kill
from arb.app.health import HealthUseCases, wire_health
from arb.app.ledger import LedgerUseCases, wire_ledger
from arb.app.recording import Recording, wire_recording
from arb.app.shared import Shared, relisted, reshare, share
from arb.app.state import StateUseCases, mirror, wire_state
from arb.app.stores import Stores
from arb.app.trading import TradingUseCases, wire_trading
from arb.domain.market.ids import SessionId, Venue
from arb.engine.market.markets import Markets
from arb.engine.state.hot_state import KeepHotState
from arb.ports.messaging import AlertSink, Dispatcher, Tell, unheard
from arb.ports.trading import KillSwitch, VenueClient
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The use cases of one session, a chapter each, and what they share."""

    settings: Settings
    session_id: SessionId
    shared: Shared
    stores: Stores
    unmirrored: Stores
    dispatcher: Dispatcher
    clock: SystemClock
    alerts: AlertSink
    venues: dict[Venue, VenueClient]
    instruments: LiveInstruments
    markets: Markets
    kill_switch: KillSwitch
    trading: TradingUseCases
    ledger: LedgerUseCases
    state: StateUseCases
    health: HealthUseCases
    kill: KillUseCases
    recording: Recording

    @property
    def trades(self) -> SqlTradeStore:
        """Return the store of trades."""
        return self.stores.trades

    @property
    def sessions(self) -> SqlSessionStore:
        """Return the store of sessions."""
        return self.stores.sessions

    @property
    def quotes(self) -> RedisQuoteStore:
        """Return the store of the newest books."""
        return self.stores.quotes

    @property
    def counters(self) -> BufferedRedisCounters:
        """Return the counters."""
        return self.stores.counters

    @property
    def heartbeats(self) -> RedisHeartbeats:
        """Return the signs of life."""
        return self.stores.heartbeats


def wire(
    settings: Settings,
    session_id: SessionId,
    stores: Stores,
    dispatcher: Dispatcher,
    tell: Tell = unheard,
) -> Engine:
    """Return the engine of one session over connected stores; `tell` is told what needed no message."""
    clock = SystemClock()
    mirrored, hot_state = mirror(session_id, stores, clock)
    return _engine(share(settings, session_id, mirrored, dispatcher, clock, tell), hot_state, stores)


def rewire(engine: Engine, settings: Settings) -> Engine:
    """Return the engine with other settings, over the same stores and venues."""
    return _engine(reshare(engine.shared, settings), engine.state.hot_state, engine.unmirrored)


def relist(engine: Engine, settings: Settings) -> Engine:
    """Return the engine for other coins by the same settings."""
    return _engine(relisted(engine.shared, settings), engine.state.hot_state, engine.unmirrored)


def _engine(shared: Shared, hot_state: KeepHotState, unmirrored: Stores) -> Engine:
    trading, state = wire_trading(shared), wire_state(shared, hot_state, unmirrored)
    return Engine(
        settings=shared.settings,
        session_id=shared.session_id,
        shared=shared,
        stores=shared.stores,
        unmirrored=unmirrored,
        dispatcher=shared.dispatcher,
        clock=shared.clock,
        alerts=shared.alerts,
        venues=shared.venues,
        instruments=shared.instruments,
        markets=shared.markets,
        kill_switch=shared.kill_switch,
        trading=trading,
        ledger=wire_ledger(shared),
        state=state,
        health=wire_health(shared),
        kill=wire_kill(shared, trading, state.take_snapshot),
        recording=wire_recording(shared),
    )
