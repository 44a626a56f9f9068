"""Where a drift comes from: the orders at the venue whose fills the ledger does not have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.domain.errors import VenueError
from arb.domain.ledger.reconcile import Drift
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, Symbol, Venue
from arb.domain.market.money import ZERO
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.ports.state import MemoryBudget
from arb.ports.trading import TradeStore, VenueClient

LOOK_BACK_NS: Final = 600 * 1_000_000_000
ORDER_BYTES: Final = 8_000
ORDERS_AT_ONCE_MAX: Final = 1_000
SOURCES_MAX: Final = 5  # named in one alarm
NO_ORDER: Final = "no order of the last 10 minutes explains it: a transfer, a fee, or an older order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """Compares a market's recent orders at the venue with ours."""

    session_id: SessionId
    trades: TradeStore
    venues: Mapping[Venue, VenueClient]
    coins: tuple[Coin, ...]
    clock: Clock
    budget: MemoryBudget

    def run(self, drift: Drift) -> tuple[str, ...]:
        """Return what the drift may come from, named; one line if nothing was found."""
        since_ns = self.clock.now_ns() - LOOK_BACK_NS
        found: list[str] = []
        for symbol in self._symbols(drift):
            executed = [each for each in self._recent(drift.venue, symbol, since_ns) if each.executed != ZERO]
            found += self._all_unbooked(executed)
        return tuple(found[:SOURCES_MAX]) or (NO_ORDER,)

    def _all_unbooked(self, executed: Sequence[ListedOrder]) -> Iterator[str]:
        """Yield a line for each that the ledger does not have; ours are looked up a chunk at a time."""
        with self.budget.items(ORDER_BYTES, ORDERS_AT_ONCE_MAX) as at_once:
            for start in range(0, len(executed), at_once):
                chunk = executed[start : start + at_once]
                known = self.trades.orders([each.client_order_id for each in chunk if each.is_ours])
                ours = {order.client_order_id: order for order in known}
                lines = (self._unbooked(listed, ours) for listed in chunk)
                yield from (line for line in lines if line is not None)

    def _symbols(self, drift: Drift) -> list[Symbol]:
        """Return the markets whose fills move this asset; every one for a currency or a fee asset."""
        coins = {*self.coins}
        if drift.asset != drift.venue.quote and drift.asset not in coins:
            coins.add(Coin(drift.asset))
        elif drift.asset in coins:
            coins = {Coin(drift.asset)}
        return [symbol_on(drift.venue, coin) for coin in sorted(coins)]

    def _recent(self, venue: Venue, symbol: Symbol, since_ns: int) -> Iterator[ListedOrder]:
        try:
            yield from self.venues[venue].recent_orders(symbol, since_ns)
        except VenueError:  # no such market there, or it cannot be asked now
            return

    def _unbooked(self, listed: ListedOrder, ours: Mapping[ClientOrderId, Order]) -> str | None:
        """Return a line if the venue executed more of this order than the ledger has."""
        known = ours.get(listed.client_order_id)
        booked = ZERO if known is None else known.filled_quantity
        if booked == listed.executed:
            return None
        owner = "is not ours" if not listed.is_ours else "has no intent here" if known is None else "is ours"
        return f"{listed} {owner}: {listed.executed:f} executed, {booked:f} in the ledger"
