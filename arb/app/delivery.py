"""What a waiting sender does with an order that it is handed: what `arb.place_order` does, as visibly.

Whatever goes wrong is left to the rows: a sweep comes back to what no task will.
"""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from arb.adapters.local.journal import log_order
from arb.domain.errors import PASSING
from arb.domain.trading.order import Order
from arb.engine.trading.clearance import Clearance, NotCommitted
from arb.engine.trading.hand_off import PLACE, SendReady
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Done, Tell, unheard
from arb.ports.trading import Meanwhile, Ready, nothing_else

log = structlog.get_logger("arb.trading")


class Sends(Protocol):
    """What sends an order under a claim of the caller's."""

    def ready(self, order: Order) -> Ready | None:
        """Return what sends an order that is being claimed, None where that takes time."""

    def send(
        self,
        order: Order,
        clearance: Clearance,
        ready: Ready | None = None,
        leaving: Meanwhile = nothing_else,
    ) -> Order | None:
        """Send an order once its claim is committed, and follow it. Raises: NotCommitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Sends one order once its claim is committed; never raises."""

    execute: Sends
    counters: Counters
    clock: Clock
    tell: Tell = unheard

    def __call__(
        self,
        order: Order,
        clearance: Clearance,
        ready: Ready | None = None,
        leaving: Meanwhile = nothing_else,
    ) -> None:
        began_ns, error = self.clock.now_ns(), ""
        ids = {"task": PLACE, "trade": order.trade_id, "order": order.client_order_id}
        with structlog.contextvars.bound_contextvars(**ids):
            try:
                log_order("order_placed", self.execute.send(order, clearance, ready, leaving))
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

    def get_ready(self, order: Order) -> SendReady | None:
        """Return what does the same with an order that was got ready at once, None where it was not."""
        try:
            ready = self.execute.ready(order)
        except Exception:
            self.counters.count("errors", PLACE)
            log.exception("order_not_ready", order=order.client_order_id)
            return None
        return None if ready is None else partial(self, order, ready=ready)
