"""Numbers and times as a person reads them; `-` is what is not known."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

UNKNOWN: Final = "-"
S_PER_HOUR: Final = 3_600


def amount(value: Decimal | None, places: int) -> str:
    """Return an amount with thousands separated."""
    return UNKNOWN if value is None else f"{value:,.{places}f}"


def price(value: Decimal | None) -> str:
    """Return a price with about six digits that matter."""
    if value is None:
        return UNKNOWN
    return amount(value, 0 if value >= 100_000 else 2 if value >= 100 else 4)


def bare(text: str) -> str:
    """Return a plain amount without the zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(text: str) -> str:
    """Return an exact quantity as a person reads it: whole if it is large, else with six places at most."""
    value = Decimal(text)
    return f"{value:,.0f}" if abs(value) >= 10_000 else bare(f"{value:,.6f}")


def signed(value: Decimal | None, places: int = 1) -> str:
    """Return a difference with its sign."""
    return UNKNOWN if value is None else f"{value:+,.{places}f}"


def age(value_ms: int | None) -> str:
    """Return an age: milliseconds while they matter, then seconds."""
    if value_ms is None:
        return UNKNOWN
    return f"{max(0, value_ms)} ms" if value_ms < 10_000 else f"{value_ms // 1000} s"


def duration(value_s: int) -> str:
    """Return a duration as a clock shows it."""
    hours, rest = divmod(max(0, value_s), S_PER_HOUR)
    text = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{text}" if hours else text


def count(value: int | None) -> str:
    """Return a count with thousands apart, a dash if it is not known."""
    return UNKNOWN if value is None else f"{value:,}"


def is_told_in_usdt(report: Mapping[str, Any]) -> bool:
    """Tell whether profit is told in USDT, too: not where that alone is unknown, as between two in KRW."""
    return report.get("pnl_usdt") is not None or report.get("pnl_krw") is None
