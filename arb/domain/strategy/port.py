"""What a strategy is asked: is one of these edges to be taken, and is a pair that is held to be closed.

Pure. Risk, sizes, books that are stale or have holes, and how orders are sent are none of its business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from arb.domain.market.ids import Coin, Venue
from arb.domain.market.spread import Edge, Market
from arb.domain.strategy.economics import Costs, Outlook
from arb.domain.trading.order import Order
from arb.domain.trading.position import TradePosition
from arb.domain.trading.trade import Trade, TradeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What could be opened now: an edge for each direction that the books have the depth for."""

    market: Market
    edges: Sequence[Edge]
    now_ns: int
    stock: Mapping[Venue, Decimal] = field(default_factory=dict)  # free of the coin, where it is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPair:
    """A pair that is open, and how much of it could be closed now."""

    trade: Trade
    position: TradePosition
    orders: Sequence[Order]
    quantity: Decimal
    market: Market
    now_ns: int

    @property
    def held_ns(self) -> int:
        """Return for how long the pair has been held, ns."""
        return self.now_ns - self.trade.opened_at_ns


@dataclass(frozen=True, slots=True)
class Declined:
    """An edge that was worth a look, and is not taken; `reason` is counted."""

    reason: str


class Strategy(Protocol):
    """When pairs are opened and closed."""

    @property
    def kind(self) -> TradeKind:
        """Return what its trades are once both legs are filled."""

    @property
    def edge_bps_min(self) -> Decimal:
        """Return the least edge that anything is ever opened for: below it risk denies."""

    def observe(self, market: Market, now_ns: int) -> None:
        """Learn from a market, whatever may be opened or closed in it."""

    def is_far(self, market: Market) -> bool:
        """Tell, at little cost, whether nothing can be opened at this market."""

    def entry(self, chance: Chance) -> Edge | Declined | None:
        """Return the edge to take, or None."""

    def exit(self, held: OpenPair) -> str | None:
        """Return why a pair is to be closed now, or None to go on holding it."""

    def is_late(self, held_ns: int) -> bool:
        """Tell whether a pair should have been closed by now."""

    def outlook(self, costs: Costs) -> Outlook:
        """Return what its round trips earn at these costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategies:
    """The strategy of each coin: its own, or the usual one."""

    usual: Strategy
    by_coin: Mapping[Coin, Strategy] = field(default_factory=dict)

    def of(self, coin: Coin) -> Strategy:
        """Return a coin's own strategy, else the usual one."""
        return self.by_coin.get(coin, self.usual)
