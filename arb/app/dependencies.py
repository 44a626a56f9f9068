"""What the trading chapter needs of a session, wherever it is kept: in servers, or in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from arb.domain.health.degradation import Degree
from arb.domain.market.ids import Coin, SessionId, Symbol, Venue
from arb.domain.strategy.levels import Levels
from arb.domain.trading.trade import Trade
from arb.engine.market.bars import Bars
from arb.engine.market.markets import Markets
from arb.engine.trading.chances import ChanceLog
from arb.engine.trading.hand_off import Reserve
from arb.engine.trading.stability import VenueHealthStore
from arb.engine.trading.sweep import RepeatingAlertSink
from arb.ports.market import Clock, Entropy, QuoteStore
from arb.ports.messaging import Counters, Dispatcher, Tell
from arb.ports.trading import HandStore, KillSwitch, SessionStore, TradeStore, VenueClient
from config.settings import Settings


class _Board(Protocol):
    """How much is done while the machine is short of something."""

    def degree(self) -> Degree:
        """Return the degree of degradation in force."""


class _Holding(Protocol):
    """Has coins fed of which something is open."""

    def hold(self, coins: Sequence[Coin]) -> None:
        """Have these fed besides those of the list. Raises: StoreUnavailable."""


class TradingStores(Protocol):
    """Where rows, quotes and counts are kept."""

    @property
    def trades(self) -> TradeStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def health(self) -> VenueHealthStore: ...
    @property
    def by_hand(self) -> HandStore: ...
    @property
    def quotes(self) -> QuoteStore: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def chances(self) -> ChanceLog: ...
    @property
    def feeds(self) -> _Holding: ...
    @property
    def board(self) -> _Board: ...

    def lags_ns(self) -> Mapping[Venue, int]:
        """Return how late the frames of each venue are, as far as that is known."""


class _Rules(Protocol):
    """The venues' rules, which may be found to be old."""

    def expire(self, venue: Venue, at_ns: int) -> None:
        """Have a venue's rules read anew when they are next asked for."""

    def bar(self, venue: Venue, symbol: Symbol, reason: str) -> None:
        """Have nothing sent to a market from now on."""


class TradingDependencies(Protocol):
    """What the trading chapter needs of one session."""

    @property
    def settings(self) -> Settings: ...
    @property
    def session_id(self) -> SessionId: ...
    @property
    def coins(self) -> tuple[Coin, ...]: ...
    @property
    def stores(self) -> TradingStores: ...
    @property
    def dispatcher(self) -> Dispatcher: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...
    @property
    def alerts(self) -> RepeatingAlertSink: ...
    @property
    def venues(self) -> dict[Venue, VenueClient]: ...
    @property
    def instruments(self) -> _Rules: ...
    @property
    def bars(self) -> Bars: ...
    @property
    def levels(self) -> Levels: ...
    @property
    def markets(self) -> Markets: ...
    @property
    def kill_switch(self) -> KillSwitch: ...
    @property
    def reserve(self) -> Reserve: ...
    @property
    def tell(self) -> Tell: ...
    @property
    def settled(self) -> Callable[[Trade], object]: ...
    @property
    def announce(self) -> Callable[[Venue, int], None]: ...
