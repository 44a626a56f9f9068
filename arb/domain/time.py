"""Time is integer nanoseconds since the Unix epoch: its units, and how far clocks may disagree.

Units come last in names (`timeout_ms`, `age_ns`). Clocks of machines and venues differ, and a clock can be
set while something waits. So a stamp may lie ahead of now; how far ahead it is still believed is said here.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

NS_PER_US: Final = 1_000
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
NS_PER_MINUTE: Final = 60 * NS_PER_S
NS_PER_HOUR: Final = 60 * NS_PER_MINUTE
NS_PER_DAY: Final = 24 * NS_PER_HOUR
NS_MAX: Final = 2**63 - 1  # what a column of the database holds

# A stamp of one of our own processes: machines differ by less, and beyond it a clock was set.
STAMP_AHEAD_NS_MAX: Final = 500 * NS_PER_MS
# A venue's stamp: clocks of venues and machines have been seen 1.2 s apart.
VENUE_AHEAD_NS_MAX: Final = 5 * NS_PER_S


def is_current(ts_recv_ns: int, now_ns: int, age_ns_max: int) -> bool:
    """Tell whether what was received then is young; what lies ahead of now is not, whatever its age."""
    return -STAMP_AHEAD_NS_MAX <= now_ns - ts_recv_ns <= age_ns_max


def is_within(since_ns: int, now_ns: int, span_ns: int) -> bool:
    """Tell whether a span that began then still lasts; one that lies ahead began before a step back."""
    return -STAMP_AHEAD_NS_MAX <= now_ns - since_ns < span_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What lies from one moment to another, both included; without bounds it is all that ever was."""

    from_ns: int = 0
    to_ns: int = NS_MAX

    @property
    def is_whole(self) -> bool:
        """Tell whether the span has no bounds."""
        return self == ALWAYS


ALWAYS: Final = Span()


def day_of(at_ns: int, zone: tzinfo) -> Span:
    """Return the day of a zone that a moment lies in, from its first nanosecond to its last."""
    day = datetime.fromtimestamp(at_ns // NS_PER_S, zone).date()
    first, following = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return Span(from_ns=int(first.timestamp()) * NS_PER_S, to_ns=int(following.timestamp()) * NS_PER_S - 1)


def date_of(at_ns: int, zone: tzinfo | None) -> str:
    """Return the date of a moment, as 2026-11-30; without a zone, in the machine's own."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, zone).date().isoformat()
