"""How late the frames of one connection are, by the venue's stamps and by its clock.

Pure. A book that carries a stamp is judged by its own. Books without one are believed by the stamped stream
beside them on the same connection: as late as that was last, and not at all while it says nothing. What is
quiet as a whole is not late: silence counts from the first book that came after the last stamp.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arb.domain.time import NS_PER_S

# A stamped stream that stops is replaced after a second by its codec, and the next one
# has begun a second and a half later.
SILENT_NS_MAX: Final = 3 * NS_PER_S


def _no_offset() -> int:
    """Return that the venue's clock is ours."""
    return 0


@dataclass(frozen=True, slots=True)
class FrameStamp:
    """When the venue sent a frame of which nothing else matters, by its clock."""

    ts_event_ns: int


class Lag:
    """What is known of one connection; every method is called by its thread but `at_ns`."""

    def __init__(self, offset_ns: Callable[[], int] = _no_offset) -> None:
        self._offset_ns = offset_ns  # the venue's clock minus ours
        self._last_ns: int | None = None
        self._unstamped_since_ns: int | None = None

    def reset(self) -> None:
        """Forget: what is known is known of one connection."""
        self._last_ns = self._unstamped_since_ns = None

    def stamped(self, ts_event_ns: int, ts_recv_ns: int) -> int:
        """Note the stamp of a frame; return how late it was."""
        self._last_ns, self._unstamped_since_ns = ts_recv_ns - ts_event_ns + self._offset_ns(), None
        return self._last_ns

    def unstamped(self, ts_recv_ns: int) -> int | None:
        """Note a book without a stamp; return how late it is, None if that cannot be told."""
        if self._unstamped_since_ns is None or ts_recv_ns < self._unstamped_since_ns:
            self._unstamped_since_ns = ts_recv_ns  # the first, or our clock was set back
        return None if self._is_silent(ts_recv_ns) else self._last_ns

    def at_ns(self, now_ns: int) -> int | None:
        """Return how late what comes now is, or for how long that is not known; None while all is quiet."""
        if not self._is_silent(now_ns):
            return self._last_ns
        return max(self._last_ns or 0, 0) + now_ns - (self._unstamped_since_ns or now_ns)

    def _is_silent(self, now_ns: int) -> bool:
        since_ns = self._unstamped_since_ns
        return since_ns is not None and now_ns - since_ns > SILENT_NS_MAX
