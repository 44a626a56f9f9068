"""How many requests each limit group takes, and the header that says how many are left.

Units: nanoseconds. Source: docs/protocols/upbit.md.
"""

from dataclasses import dataclass
from typing import Final

from arb.domain.time import NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRate:
    """`count` requests in each `period_ns`."""

    count: int
    period_ns: int = NS_PER_S


MESSAGE_RATES: Final = (RequestRate(count=5), RequestRate(count=100, period_ns=60 * NS_PER_S))


def remaining_header(group: str, rate: RequestRate, left: int) -> str:
    """Return the value of `Remaining-Req`; `min` is fixed, as the venue's is."""
    return f"group={group}; min={rate.count * 60}; sec={left}"
