"""The signed calls that ask: orders, fills, balances, counts."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from arb.domain.time import NS_PER_MS
from arb.sim.binance import errors, params, render
from arb.sim.binance.order_form import symbol_of
from arb.sim.binance.params import Params
from arb.sim.binance.symbols import Symbol
from arb.sim.binance.wire import milliseconds
from arb.sim.core.context import VenueContext
from arb.sim.core.events import OrderAmended, OrderFilled, TradePrevented
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind, FaultStage, Scope
from arb.sim.core.faults import Call
from arb.sim.core.journal import Recorded
from arb.sim.core.order_archive import EVER_NS
from arb.sim.core.orders import SimulatedOrder

LIMIT_DEFAULT: Final = 500
LIMIT_MAX: Final = 1_000
SPAN_MS_MAX: Final = 24 * 3_600_000
T = TypeVar("T")
NEITHER_ID: Final = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"


class BinanceLookup:
    """Answers questions about orders, fills and balances."""

    def __init__(self, context: VenueContext, exchange: Exchange, symbols: Mapping[str, Symbol]) -> None:
        self._context = context
        self._exchange = exchange
        self._symbols = symbols

    def symbol(self, given: Params) -> Symbol:
        """Return the symbol that a request names."""
        return symbol_of(given, self._symbols)

    def find(
        self,
        given: Params,
        rejection: Callable[[], errors.BinanceError],
        mismatch: Callable[[], errors.BinanceError],
    ) -> SimulatedOrder:
        """Return the order a request means; with both ids given they must agree."""
        coin = self.symbol(given).coin.name
        number, client_id = params.integer(given, "orderId"), given.get("origClientOrderId")
        if number is None and not client_id:
            raise errors.BinanceError(-1102, NEITHER_ID)
        found: SimulatedOrder | None
        if number is not None:
            found = self._exchange.orders.get(str(number))
        else:
            found = next(reversed(self._exchange.with_client_id(client_id or "")), None)
        if found is None or found.request.coin != coin:
            raise rejection()
        if client_id and found.request.client_id != client_id:
            raise mismatch()
        return found

    def order(self, given: Params) -> dict[str, Any]:
        """Return one order. A planned fault can keep a young order from being seen."""
        found = self.find(given, errors.no_such_order, errors.wrong_client_id)
        call = Call(endpoint="GET /api/v3/order", scope=Scope.ANY, client_id=found.request.client_id)
        fault = self._context.strike(FaultStage.LOOKUP, call)
        if fault is not None:
            age_ns = self._context.clock.now_ns() - found.created_ns
            if age_ns < fault.delay_ms * NS_PER_MS:
                raise errors.no_such_order()
        return render.query(found)

    def open_orders(self, given: Params) -> list[dict[str, Any]]:
        """Return open orders, of one symbol or of all."""
        coin = self.symbol(given).coin.name if "symbol" in given else None
        return [render.query(order) for order in self._exchange.open_orders(coin)]

    def all_orders(self, given: Params) -> list[dict[str, Any]]:
        """Return orders of a symbol, oldest first."""
        coin, first = self.symbol(given).coin.name, params.integer(given, "orderId")
        orders = self._exchange.orders.select(coin, first or 0, *_span(given))
        return [render.query(order) for order in _page(given, orders, first is not None)]

    def my_trades(self, given: Params) -> list[dict[str, Any]]:
        """Return fills of a symbol, oldest first; `fromId` is inclusive."""
        first, number = params.integer(given, "fromId"), params.integer(given, "orderId")
        wanted = (self.symbol(given).name, first or 0, *_span(given))
        order_id = None if number is None else str(number)
        fills = _typed(self._exchange.records.archive.fills(*wanted, order_id=order_id))
        return [render.trade(recorded, fill) for recorded, fill in _page(given, fills, first is not None)]

    def prevented_of(self, order: SimulatedOrder) -> list[TradePrevented]:
        """Return the trades of an order with others of its account that did not happen."""
        matches = self._exchange.records.prevented
        return [match for _, match in _prevented(matches[number - 1] for number in order.prevented_ids)]

    def prevented_matches(self, given: Params) -> list[dict[str, Any]]:
        """Return prevented trades of a symbol, oldest first: one of them, or those of an order."""
        coin, first = self.symbol(given).coin.name, params.integer(given, "fromPreventedMatchId")
        number, order = params.integer(given, "preventedMatchId"), params.integer(given, "orderId")
        if number is None and order is None:
            raise errors.BinanceError(-1128, "Combination of optional parameters invalid.")
        found = (
            render.prevented_match(recorded, match, self._exchange.orders[match.taker.order_id])
            for recorded, match in _prevented(self._exchange.records.prevented)
            if match.coin == coin
            and match.number == (number or match.number)
            and match.number >= (first or 0)
            and (order is None or str(order) in (match.taker.order_id, match.maker.order_id))
        )
        return list(islice(found, _limit(given)))

    def amendments(self, given: Params) -> list[dict[str, Any]]:
        """Return the amendments of one order, oldest first."""
        symbol, first = self.symbol(given), params.integer(given, "fromExecutionId") or 0
        order_id = params.require(given, "orderId")
        found = self._exchange.records.amended.get(order_id, [])
        changes = [
            render.amendment(recorded, recorded.event, symbol.name)
            for recorded in found
            if isinstance(recorded.event, OrderAmended) and recorded.seq >= first
        ]
        return changes[: _limit(given)]

    def account(self, given: Params) -> dict[str, Any]:
        """Return balances and commission rates."""
        is_blocked = self._context.faults.standing(FaultKind.BLOCKED_ACCOUNT) is not None
        shape = render.account(
            self._exchange.records.accounts.balances,
            self._exchange.rules.fees.rate,
            milliseconds(self._context.journal.last_ts_ns),
            given.get("omitZeroBalances", "false"),
        )
        return shape | {"canTrade": not is_blocked, "uid": self._context.config.uid}

    def commission(self, given: Params) -> dict[str, Any]:
        """Return the commission rates of a symbol."""
        return render.commission(self.symbol(given).name, self._exchange.rules.fees.rate)

    def trade_fee(self, given: Params) -> list[dict[str, str]]:
        """Return the wallet's list of fees, of one symbol or of all."""
        names = [self.symbol(given).name] if "symbol" in given else list(self._symbols)
        rate = format(self._exchange.rules.fees.rate, "f")
        return [{"symbol": name, "makerCommission": rate, "takerCommission": rate} for name in names]

    def fills_of(self, order: SimulatedOrder) -> list[tuple[Recorded, OrderFilled]]:
        """Return the fills of one order."""
        return list(_typed(self._exchange.records.archive.fills_of(order.order_id)))


def _typed(fills: Iterable[Recorded]) -> Iterator[tuple[Recorded, OrderFilled]]:
    for recorded in fills:
        if isinstance(recorded.event, OrderFilled):
            yield recorded, recorded.event


def _prevented(recorded: Iterable[Recorded]) -> Iterator[tuple[Recorded, TradePrevented]]:
    for each in recorded:
        if isinstance(each.event, TradePrevented):
            yield each, each.event


def _limit(given: Params) -> int:
    limit = params.integer(given, "limit", LIMIT_DEFAULT) or LIMIT_DEFAULT
    return min(limit, LIMIT_MAX)


def _page(given: Params, found: Iterator[T], from_id: bool) -> list[T]:
    """Return as many as are asked for: the oldest from an id or a time on, else the newest."""
    limit = _limit(given)
    is_oldest = from_id or "startTime" in given
    return list(islice(found, limit) if is_oldest else deque(found, maxlen=limit))


def _span(given: Params) -> tuple[int, int]:
    """Return startTime and endTime in nanoseconds, to the end of that millisecond."""
    start, end = params.integer(given, "startTime"), params.integer(given, "endTime")
    if start is not None and end is not None and end - start > SPAN_MS_MAX:
        raise errors.BinanceError(-1127, "More than 24 hours between startTime and endTime.")
    return (start or 0) * NS_PER_MS, EVER_NS if end is None else (end + 1) * NS_PER_MS - 1
