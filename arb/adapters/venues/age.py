"""How long ago an order was claimed, as far as that is certain: a proof by time waits for it.

The claim's stamp is the wall clock's, and that can be set while the order is on its way. Set ahead, it makes
an order of a moment ago look old enough for the proof that it was never placed; set back, it makes the proof
wait for as long. So where it was set, and where a stamp lies ahead of it, the steady clock counts, from what
this process saw itself: too little at worst. Safe between threads.
"""

import threading
from typing import Final

from arb.domain.market.ids import ClientOrderId
from arb.domain.time import NS_PER_MS, STAMP_AHEAD_NS_MAX
from arb.domain.trading.order import Order
from arb.ports.market import Clock

KEPT_MAX: Final = 1_000  # orders whose claim lies ahead, at once


class ClaimAge:
    """How old claims are, by what one process has seen of its clocks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen_ns: dict[ClientOrderId, int] = {}  # steady, when an order ahead was first asked about
        self._offset_ns = clock.now_ns() - clock.steady_ns()
        self._set_ns: int | None = None  # steady, when it was noticed that the clock was set,
        self._by_ns = 0  # and by how much

    def ms(self, order: Order) -> int:
        """Return how old its claim is at least."""
        with self._lock:
            now_ns, steady_ns = self._look()
            return self._age_ns(order, now_ns, steady_ns) // NS_PER_MS

    def is_certain(self, order: Order) -> bool:
        """Tell whether nothing shows that the clock was set since the claim."""
        with self._lock:
            now_ns, steady_ns = self._look()
            age_ns = now_ns - order.claimed_at_ns
            is_since = self._set_ns is None or age_ns < steady_ns - self._set_ns - self._by_ns
            return is_since and age_ns >= -STAMP_AHEAD_NS_MAX

    def _look(self) -> tuple[int, int]:
        now_ns, steady_ns = self._clock.now_ns(), self._clock.steady_ns()
        by_ns = abs(now_ns - steady_ns - self._offset_ns)
        if by_ns > STAMP_AHEAD_NS_MAX:
            self._set_ns, self._by_ns = steady_ns, by_ns
        self._offset_ns = now_ns - steady_ns
        return now_ns, steady_ns

    def _age_ns(self, order: Order, now_ns: int, steady_ns: int) -> int:
        age_ns = now_ns - order.claimed_at_ns
        if age_ns < -STAMP_AHEAD_NS_MAX:
            if len(self._seen_ns) >= KEPT_MAX:
                del self._seen_ns[next(iter(self._seen_ns))]
            return steady_ns - self._seen_ns.setdefault(order.client_order_id, steady_ns)
        self._seen_ns.pop(order.client_order_id, None)
        return age_ns if self._set_ns is None else min(age_ns, steady_ns - self._set_ns)
