"""What a market traded at within a span of time, as venues tell of the past."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """Prices are quote per base, the volume is base. A span without a trade has none."""

    begins_s: int  # Unix seconds
    opening: Decimal
    high: Decimal
    low: Decimal
    closing: Decimal
    volume: Decimal
