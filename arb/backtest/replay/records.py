"""What became of each trade of a replay, taken out of its tables once it is over and old.

The engine looks at trades of the last day at most, and a year's last day costs no more than its first.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.adapters.memory.tables import MemoryTables
from arb.backtest.replay.world import SESSION
from arb.domain.ledger.ledger import EntryKind, venue_account
from arb.domain.market.ids import Coin, TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction, Pair
from arb.domain.time import NS_PER_DAY
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.domain.trading.position import leg_position
from arb.domain.trading.trade import ENDED, Trade, TradeState

KEPT_NS: Final = 2 * NS_PER_DAY
AT_ONCE: Final = 200  # ended trades that are worth a look at the tables
CAME_TO_REST: Final = frozenset(
    {OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.DENIED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One trade that is over, or was open when its prices ended."""

    trade_id: TradeId
    coin: Coin
    direction: Direction
    opened_at_ns: int
    closed_at_ns: int
    state: TradeState
    reason: str
    quantity: Decimal
    notional_krw: Decimal
    entry_edge_bps: Decimal
    entry_premium_bps: Decimal
    pnl_krw: Decimal
    fees_krw: Decimal
    orders: int
    unfilled_legs: int  # of entries and exits, of which nothing was executed
    partial_legs: int
    repairs: int

    @property
    def earned_bps(self) -> Decimal:
        """Return what it earned of what its bought leg cost."""
        return self.pnl_krw / self.notional_krw * 10_000 if self.notional_krw else ZERO


class ReplayRecorder:
    """Collects trades that are over, so that the replay's memory stays small."""

    def __init__(self, tables: MemoryTables, pair: Pair) -> None:
        self._tables, self._pair = tables, pair
        self._why: dict[TradeId, str] = {}
        self._balances: dict[tuple[str, str], Decimal] = {}
        self._opened: set[str] = set()
        self.records: list[Record] = []
        self.least: dict[tuple[Venue, str], Decimal] = {}

    def ended_by(self, trade_id: TradeId, why: str) -> None:
        """Note that a trade was ended by the data and by no decision of its strategy."""
        self._why[trade_id] = why

    def retire(self, now_ns: int) -> None:
        """Take what ended long ago out of the tables, if there is much of it."""
        if len(self._tables.trades) >= AT_ONCE:
            self._collect(now_ns - KEPT_NS)

    def finish(self) -> None:
        """Collect what is left at the end, open trades too."""
        self._collect(None)
        self.records.sort(key=lambda each: (each.opened_at_ns, each.trade_id))

    def _collect(self, before_ns: int | None) -> None:
        tables = self._tables
        over = {
            trade.trade_id: trade
            for trade in tables.trades.values()
            if before_ns is None
            or (trade.state in ENDED and not trade.stands_alone and trade.closed_at_ns < before_ns)
        }
        orders: dict[TradeId, list[Order]] = {trade_id: [] for trade_id in over}
        for row in tables.orders.values():
            if row.order.trade_id in orders:
                orders[row.order.trade_id].append(row.order)
        for trade_id, trade in over.items():
            self.records.append(self._record(trade, orders[trade_id]))
        self._forget(over, orders)

    def _forget(self, over: dict[TradeId, Trade], orders: dict[TradeId, list[Order]]) -> None:
        tables = self._tables
        self._follow_balances()
        tables.ledger[:] = [row for row in tables.ledger if row.entry.kind is EntryKind.OPENING]
        for trade_id in over:
            del tables.trades[trade_id]
            tables.trials.pop(trade_id, None)
            tables.decided_later.pop(trade_id, None)
            for order in orders[trade_id]:
                del tables.orders[order.client_order_id]
        gone = {order.client_order_id for listed in orders.values() for order in listed}
        for key in [key for key, order_id in tables.fills.items() if order_id in gone]:
            del tables.fills[key]
            (_, _, venue), symbol, fill_id = key
            tables.keys.discard((SESSION, f"fill:{venue}:{symbol}:{fill_id}"))

    def _follow_balances(self) -> None:
        """Note the least that each venue held of each asset, entry by entry."""
        accounts = {venue_account(venue): venue for venue in self._pair.venues}
        for row in self._tables.ledger:
            if row.entry.kind is EntryKind.OPENING and row.entry.key in self._opened:
                continue
            self._opened.add(row.entry.key)
            for posting in row.entry.postings:
                venue = accounts.get(posting.account)
                if venue is None:
                    continue
                key = (posting.account, posting.asset)
                self._balances[key] = self._balances.get(key, ZERO) + posting.amount
                known = self.least.get((venue, posting.asset), self._balances[key])
                self.least[venue, posting.asset] = min(known, self._balances[key])

    def _record(self, trade: Trade, orders: list[Order]) -> Record:
        legs = [order for order in orders if order.purpose is not Purpose.REPAIR]
        rate = trade.valued_krw_per_usdt or trade.entry_krw_per_usdt
        return Record(
            trade_id=trade.trade_id,
            coin=trade.coin,
            direction=trade.direction,
            opened_at_ns=trade.opened_at_ns,
            closed_at_ns=trade.closed_at_ns or trade.updated_at_ns,
            state=trade.state,
            reason=self._why.get(trade.trade_id, trade.reason or trade.state.value),
            quantity=trade.quantity,
            notional_krw=trade.notional_krw,
            entry_edge_bps=trade.entry_edge_bps,
            entry_premium_bps=trade.entry_premium_bps,
            pnl_krw=trade.pnl_krw,
            fees_krw=self._fees_krw(orders, rate, trade),
            orders=len(orders),
            unfilled_legs=sum(not order.fills and order.state in CAME_TO_REST for order in legs),
            partial_legs=sum(ZERO < order.filled_quantity < order.quantity for order in legs),
            repairs=len(orders) - len(legs),
        )

    def _fees_krw(self, orders: list[Order], rate: Decimal, trade: Trade) -> Decimal:
        base_krw = trade.notional_krw / trade.quantity if trade.quantity else ZERO
        total = ZERO
        for venue in self._pair.venues:
            leg = leg_position(orders, venue)
            total += self._pair.krw(venue, leg.quote_fee + leg.third_fee, rate) + leg.base_fee * base_krw
        return total
