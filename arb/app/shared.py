"""What the use cases of one session share: its stores, venues and markets, the alerts, the kill switch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.local.crew import Crew
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.adapters.local.memory_budget import ProcessBudget
from arb.adapters.redis.bars import RedisBars
from arb.adapters.redis.levels import RedisLevels
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.alerts import alerts_of
from arb.app.control import announce_rules
from arb.app.degradation import budget_of
from arb.app.rules import belief_of, levels_of
from arb.app.settled import Settled
from arb.app.stores import Stores
from arb.app.venues import venue_clients
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_S
from arb.engine.market.levels import KeptLevels
from arb.engine.market.markets import Markets
from arb.engine.market.rules import WatchRules
from arb.engine.trading.hand_off import Reserve
from arb.ports.messaging import Dispatcher, Tell
from arb.ports.trading import VenueClient
from arb.stack.home import Home
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The parts of one session that several chapters need."""

    settings: Settings
    session_id: SessionId
    coins: tuple[Coin, ...]
    stores: Stores
    dispatcher: Dispatcher
    clock: SystemClock
    entropy: SystemEntropy
    alerts: RecordedAlerts
    venues: dict[Venue, VenueClient]
    instruments: LiveInstruments
    bars: RedisBars
    levels: KeptLevels
    markets: Markets
    kill_switch: FileKillSwitch
    crew: Crew
    tell: Tell
    settled: Settled
    budget: ProcessBudget

    @property
    def reserve(self) -> Reserve:
        """Return what reserves senders that wait, for orders that must not wait for a queue."""
        return self.crew.reserve

    @property
    def announce(self) -> Callable[[Venue, int], None]:
        """Return what tells every process that a venue's rules are old."""
        return partial(announce_rules, self.stores.redis, self.settings.scope)


def reshare(shared: Shared, settings: Settings) -> Shared:
    """Return the same with other settings: clients, and what is known of the venues, stay."""
    markets = replace(shared.markets, belief=belief_of(settings))
    return replace(
        shared,
        settings=settings,
        markets=markets,
        levels=_levels(settings, shared.stores),
        settled=_settled(settings, shared.dispatcher, shared.clock),
    )


def relisted(shared: Shared, settings: Settings) -> Shared:
    """Return the same with other coins in the settings: what is known of rate and premiums stays."""
    coins = tuple(Coin(coin) for coin in settings.traded)
    shared.instruments.trade(coins)
    return replace(shared, settings=settings, coins=coins)


def _levels(settings: Settings, stores: Stores) -> KeptLevels:
    return KeptLevels(seen=levels_of(settings), store=RedisLevels(stores.redis, settings.scope))


def _settled(settings: Settings, dispatcher: Dispatcher, clock: SystemClock) -> Settled:
    interval_ns = settings.snapshot.on_trade_interval_s * NS_PER_S
    return Settled(dispatcher=dispatcher, clock=clock, interval_ns=interval_ns)


def share(
    settings: Settings,
    session_id: SessionId,
    stores: Stores,
    dispatcher: Dispatcher,
    clock: SystemClock,
    tell: Tell,
) -> Shared:
    """Return what a session's use cases share, over connected stores."""
    entropy, coins = SystemEntropy(), tuple(Coin(coin) for coin in settings.traded)
    alerts = alerts_of(settings, stores.alerts.engine, session_id, stores.counters, clock)
    venues = venue_clients(settings, session_id, stores, clock, entropy)
    watch_rules = WatchRules(coins=coins, alerts=alerts, counters=stores.counters)
    bars = RedisBars(stores.redis, settings.scope)
    instruments = LiveInstruments(venues, coins, clock, watch_rules, bars)
    return Shared(
        settings=settings,
        session_id=session_id,
        coins=coins,
        stores=stores,
        dispatcher=dispatcher,
        clock=clock,
        entropy=entropy,
        alerts=alerts,
        venues=venues,
        instruments=instruments,
        bars=bars,
        levels=_levels(settings, stores),
        markets=Markets(
            pair=Pair(*settings.pair),
            quotes=stores.quotes,
            instruments=instruments,
            belief=belief_of(settings),
        ),
        kill_switch=FileKillSwitch(Home.default().kill_file),
        crew=Crew("sender"),
        tell=tell,
        settled=_settled(settings, dispatcher, clock),
        budget=budget_of(settings, stores.board),
    )
