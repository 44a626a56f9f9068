"""The broker's queues: their names in the order of urgency, and when each of them is long enough."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from arb.domain.health.breaker import Watermark

ORDERS: Final = "orders"
EVALUATE: Final = "evaluate"
HOUSEKEEPING: Final = "housekeeping"

# A burst of quotes never delays an order.
QUEUES: Final = (ORDERS, EVALUATE, HOUSEKEEPING)

# Above the high mark a queue's messages go to the fallback until it is down to the low one. An
# evaluation is worth nothing after a second; orders overflow last.
MARKS: Final[Mapping[str, Watermark]] = MappingProxyType(
    {
        ORDERS: Watermark(high=2_000, low=500),
        EVALUATE: Watermark(high=200, low=50),
        HOUSEKEEPING: Watermark(high=500, low=100),
    }
)
