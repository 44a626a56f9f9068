"""How far KRW per USDT moved within the last minute, as far as this process saw it."""

from collections import deque
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ZERO, bps
from arb.domain.market.rates import Rate

WINDOW_NS: Final = 60_000_000_000
SPACING_NS: Final = 500_000_000  # rates closer together than this are not all kept


class RateWatch:
    """Remembers rates, each with the moment it was learnt."""

    def __init__(self) -> None:
        self._seen: deque[Rate] = deque()

    def moved_bps(self, rate: Rate) -> Decimal:
        """Return the largest distance of `rate` from what was seen in the minute before it; remember it."""
        while self._seen and not 0 <= rate.ts_recv_ns - self._seen[0].ts_recv_ns <= WINDOW_NS:
            self._seen.popleft()
        moves = [abs(bps(rate.krw_per_usdt - seen.krw_per_usdt, seen.krw_per_usdt)) for seen in self._seen]
        if not self._seen or rate.ts_recv_ns - self._seen[-1].ts_recv_ns >= SPACING_NS:
            self._seen.append(rate)
        return max(moves, default=ZERO)
