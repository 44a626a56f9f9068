"""What a waiting sender does with an order that it is handed: what `arb.place_order` does, as visibly.

Whatever goes wrong is left to the rows: a sweep comes back to what no task will.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from arb.adapters.local.journal import log_order
from arb.domain.errors import PASSING
from arb.domain.trading.order import Order
from arb.engine.trading.clearance import Clearance, NotCommitted
from arb.engine.trading.hand_off import PLACE
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Done, Tell, unheard

log = structlog.get_logger("arb.trading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Sends one order once its claim is committed; never raises."""

    send: Callable[[Order, Clearance], Order | None]
    counters: Counters
    clock: Clock
    tell: Tell = unheard

    def __call__(self, order: Order, clearance: Clearance) -> None:
        began_ns, error = self.clock.now_ns(), ""
        ids = {"task": PLACE, "trade": order.trade_id, "order": order.client_order_id}
        with structlog.contextvars.bound_contextvars(**ids):
            try:
                log_order("order_placed", self.send(order, clearance))
            except NotCommitted:
                return
            except PASSING as left:
                error = repr(left)
                log.warning("order_left_to_a_sweep", reason=str(left))
            except Exception as bug:
                error = repr(bug)
                self.counters.count("errors", PLACE)
                log.exception("sender_failed")
        took_ns = self.clock.now_ns() - began_ns
        self.tell(
            Done(task=PLACE, argument=order.client_order_id, began_ns=began_ns, took_ns=took_ns, error=error)
        )
