"""The premium and the edge of each coin over the last minutes, for a page that opens now."""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from threading import Lock
from typing import Final

from arb.app.facts.frame import QuoteLine
from arb.domain.market.ids import Coin

POINTS_MAX: Final = 600
Point = tuple[int, float | None, float | None]


class PremiumHistory:
    """A ring of points for each coin: (Unix milliseconds, premium bps, edge bps)."""

    def __init__(self) -> None:
        self._points: dict[Coin, deque[Point]] = {}
        self._lock = Lock()

    def add(self, at_ms: int, quotes: Iterable[QuoteLine]) -> None:
        """Remember one moment; a coin without a market leaves a gap."""
        with self._lock:
            for quote in quotes:
                ring = self._points.setdefault(quote.coin, deque(maxlen=POINTS_MAX))
                ring.append((at_ms, _bps(quote.premium_bps), _bps(quote.edge_bps)))

    def points(self) -> dict[str, list[Point]]:
        """Return all points, by coin."""
        with self._lock:
            return {str(coin): list(ring) for coin, ring in self._points.items()}


def _bps(value: Decimal | None) -> float | None:
    """Return what a chart needs: a tenth of a basis point is less than a pixel."""
    return None if value is None else round(float(value), 1)
