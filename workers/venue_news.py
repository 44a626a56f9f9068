"""What a feed worker tells of its venues, once each: coins that they reject, frames that come late."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from arb.domain.market.ids import Coin, Venue
from arb.engine.market.membership import AssignmentLog

LOOKS: Final = 2  # in a row, half a second apart: a single frame that was held up is none


class VenueNews:
    """Remembers what has been told; one thread uses it."""

    def __init__(self, assignment_log: AssignmentLog, lag_ns_max: int) -> None:
        self._assignment_log, self._lag_ns_max = assignment_log, lag_ns_max
        self._rejected: dict[tuple[Venue, Coin], str] = {}
        self._late: set[Venue] = set()
        self._looks: Counter[Venue] = Counter()  # that found it otherwise than was told, in a row

    def rejected(self, found: Mapping[tuple[Venue, Coin], str]) -> None:
        """Name each coin that a venue does not take, until it takes it."""
        for venue, coin in found.keys() - self._rejected.keys():
            self._assignment_log.rejected(venue, coin, found[venue, coin])
        self._rejected = dict(found)

    def lag(self, venue: Venue, lag_ns: int | None) -> None:
        """Tell that a venue's frames come too late to be believed, and that they are in time again."""
        is_late = lag_ns is not None and lag_ns > self._lag_ns_max
        if lag_ns is None or is_late == (venue in self._late):
            self._looks[venue] = 0
            return
        self._looks[venue] += 1
        if self._looks[venue] < LOOKS:
            return
        self._looks[venue] = 0
        self._late ^= {venue}
        if is_late:
            self._assignment_log.late(venue, lag_ns)
        else:
            self._assignment_log.in_time(venue)
