"""The order service: takes orders, remembers identifiers, and lets results be seen a moment later.

The engine decides at once; clients see `wait` until the result's delay has passed, in replies and
events alike, as the venue's own asynchronous engine looks from outside. Where identifiers are kept, one
belongs to the first order that used it, for ever, whatever became of it: also to one that was rejected,
unless the fault `identifier_free_after_refusal` stands; then only lack of funds uses it up.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.context import VenueContext
from arb.sim.core.events import OrderAccepted, OrderClosed, OrderFilled, OrderRejected, TradePrevented
from arb.sim.core.exchange import Exchange, OrderRejection
from arb.sim.core.fault_kinds import FaultKind, FaultStage
from arb.sim.core.faults import Call
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import SimulatedOrder
from arb.sim.krw.errors import rejection
from arb.sim.krw.forms import OrderForm, form_of
from arb.sim.krw.orders import WAIT, OrderTrade, OrderView
from arb.sim.krw.updates import Update, make_update, prevented, results, trade_of
from arb.sim.krw.variant import ProtocolVariant

RESULT_DELAY_MS: Final = (1, 5)  # until a match or a cancel shows, uniform
SHORTAGES: Final = frozenset({"insufficient_funds_bid", "insufficient_funds_ask"})

Later = Callable[[int, Callable[[], None]], None]  # (delay in ns, what to do then)
Listener = Callable[[Update], None]


def later(delay_ns: int, action: Callable[[], None]) -> None:
    """Do something after a while, beside the requests."""
    asyncio.get_running_loop().call_later(delay_ns / NS_PER_S, action)


class OrderService:
    """Orders of the one account, over the shared engine."""

    def __init__(
        self, context: VenueContext, variant: ProtocolVariant, exchange: Exchange, later: Later
    ) -> None:
        self._context = context
        self._variant = variant
        self._exchange = exchange
        self._later = later
        self._shown: dict[str, tuple[int, OrderView]] = {}  # order id -> (until ns, what clients see)
        self._fresh: OrderView | None = None
        self._pending: list[Update] | None = None
        self._listeners: list[Listener] = []
        for recorded in context.journal.replay():
            self._remember(recorded)
        exchange.subscribe(self._follow)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every update when it is due."""
        self._listeners.append(listener)

    def now_ns(self) -> int:
        """Return the venue's time."""
        return self._context.now_ns()

    def owns(self, identifier: str) -> bool:
        """Return whether `identifier` is taken."""
        if not self._variant.keeps_identifiers:
            return False
        used_up = self._exchange.records.archive.is_used_up(identifier)
        return used_up or bool(self._exchange.with_client_id(identifier))

    def place(self, form: OrderForm, best_opposite: Decimal) -> OrderView:
        """Take an order and return it as accepted; what became of it shows later.

        Raises: KrwRejection (insufficient_funds_*).
        """
        context = self._context
        request = form.request(context.clock.now_ns(), best_opposite)  # for checkers: real time
        cap = context.strike(FaultStage.MATCH, Call(endpoint="POST /v1/orders", client_id=request.client_id))
        fill_cap = None if cap is None else Decimal(int(context.faults.fraction() * 100)) / 100
        pending: list[Update] = []
        self._pending = pending
        try:
            order = self._exchange.place(request, fill_cap)
        except OrderRejection as error:
            raise rejection(f"insufficient_funds_{form.side}") from error
        finally:
            self._pending = None
        return self._hide(order, pending)

    def cancel(self, order: SimulatedOrder) -> OrderView:
        """Ask for an order's end and return it as it is now; it ends a moment later, if still open."""
        shown = self.view(order)
        due_ns = self._shown[order.order_id][0] if order.order_id in self._shown else 0
        wait_ns = max(due_ns - self._context.clock.now_ns() + NS_PER_MS, self._delay_ns())
        self._later(wait_ns, lambda: self.finish(order))
        return shown

    def finish(self, order: SimulatedOrder) -> None:
        """End an order now, unless it has ended."""
        if order.is_open:
            self._exchange.cancel(order)

    def view(self, order: SimulatedOrder) -> OrderView:
        """Return what clients may see of `order`."""
        _, shown = self._shown.get(order.order_id, (0, None))
        return self._current(order) if shown is None else shown

    def seen_open(self) -> list[SimulatedOrder]:
        """Return every order that is open, or still looks so."""
        unseen = [self._exchange.orders[order_id] for order_id in self._shown]
        return list({order.order_id: order for order in (*self._exchange.open_orders(), *unseen)}.values())

    def _hide(self, order: SimulatedOrder, pending: list[Update]) -> OrderView:
        if self._fresh is None or self._fresh.uuid != order.order_id:
            raise AssertionError("the engine placed an order without saying so")
        fresh, delay_ns = self._fresh, self._delay_ns()
        self._shown[order.order_id] = (self._context.clock.now_ns() + delay_ns, fresh)
        self._later(delay_ns, lambda: self._reveal(order, pending))
        return fresh

    def _reveal(self, order: SimulatedOrder, pending: list[Update]) -> None:
        self._shown.pop(order.order_id, None)
        self._tell(pending)

    def _delay_ns(self) -> int:
        return int(self._context.rng.uniform(*RESULT_DELAY_MS) * NS_PER_MS)

    def _current(self, order: SimulatedOrder) -> OrderView:
        return OrderView(
            uuid=order.order_id,
            form=form_of(order.request),
            state=self._variant.state_of(order),
            created_ns=order.created_ns,
            fee_rate=self._exchange.rules.fees.rate,
            locked=order.held,
            trades=self._trades_of(order),
            prevented_volume=order.prevented,
        )

    def _trades_of(self, order: SimulatedOrder) -> tuple[OrderTrade, ...]:
        if not order.fill_ids:
            return ()
        fills = self._exchange.records.archive.fills_of(order.order_id)
        return tuple(
            trade_of(each.event, each.ts_ns) for each in fills if isinstance(each.event, OrderFilled)
        )

    def _remember(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, OrderRejected):
            self._burn(recorded.event.client_id, recorded.event.reason)

    def _burn(self, identifier: str, rejection_name: str) -> None:
        """Keep the identifier of a rejected order from being used again."""
        burns_all = self._context.faults.standing(FaultKind.IDENTIFIER_FREE) is None
        if identifier and (burns_all or rejection_name in SHORTAGES):
            self._exchange.records.archive.use_up(identifier)

    def _follow(self, recorded: Recorded) -> None:
        self._remember(recorded)
        match recorded.event:
            case OrderAccepted() as event:
                self._fresh = view = self._current(self._exchange.orders[event.order_id])
                self._tell([make_update(view, WAIT, None, event.hold_asset)])
            case OrderFilled() | OrderClosed() as event:
                self._show(results(self._current(self._exchange.orders[event.order_id]), event))
            case TradePrevented() as event:
                for lost in (event.taker, event.maker):
                    if lost.quantity:
                        self._show(prevented(self._current(self._exchange.orders[lost.order_id])))
            case _:
                pass

    def _show(self, updates: list[Update]) -> None:
        """Tell now what became of an order, or when the reply to its request is due."""
        if self._pending is None:
            self._tell(updates)
        else:
            self._pending += updates

    def _tell(self, updates: list[Update]) -> None:
        for update in updates:
            for listener in self._listeners:
                listener(update)
