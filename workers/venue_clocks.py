"""How far the venues' clocks are from ours, kept by a thread that asks them."""

import threading
from collections.abc import Mapping
from typing import Final

from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.ports.market import Clock
from arb.ports.trading import VenueClient

LOOK_S: Final = 1.0
EVERY_NS: Final = 30 * NS_PER_S  # clocks that nobody sets part by a millisecond in that time at most
AGAIN_NS: Final = 5 * NS_PER_S  # after no answer
SET_NS: Final = 100 * NS_PER_MS  # our clock was set if it parted from the steady one by this much
# An answer is taken for half its round trip old: with a longer one that may be wrong by more than is late.
ROUND_TRIP_NS_MAX: Final = 500 * NS_PER_MS


class VenueClocks:
    """Asks twice a minute, and at once when our clock was set; a venue that was never heard is in step."""

    def __init__(self, venues: Mapping[Venue, VenueClient], clock: Clock) -> None:
        self._venues, self._clock = venues, clock
        self._offsets_ns = dict.fromkeys(venues, 0)
        self._due_ns = 0  # steady
        self._apart_ns = 0  # our clock and the steady one, when it was asked
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="venue-clocks", daemon=True)

    def start(self) -> None:
        """Begin to ask the venues for their clocks, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; an answer that is on its way is not waited for."""
        self._stopping.set()

    def offset_ns(self, venue: Venue) -> int:
        """Return the venue's clock minus ours, as far as is known."""
        return self._offsets_ns.get(venue, 0)

    def look(self) -> None:
        """Ask the venues for their clocks, if it is time to or our clock was set."""
        steady_ns = self._clock.steady_ns()
        apart_ns = self._clock.now_ns() - steady_ns
        is_set = abs(apart_ns - self._apart_ns) > SET_NS
        if not is_set and steady_ns < self._due_ns:
            return
        self._apart_ns = apart_ns
        known = [self._ask(venue, client) for venue, client in self._venues.items()]
        self._due_ns = steady_ns + (EVERY_NS if all(known) else AGAIN_NS)

    def _ask(self, venue: Venue, client: VenueClient) -> bool:
        """Ask one venue; return whether it is known now."""
        began_ns = self._clock.steady_ns()
        try:
            offset_ms = client.time_offset_ms()
        except VenueError:
            return False
        if self._clock.steady_ns() - began_ns > ROUND_TRIP_NS_MAX:
            return False
        self._offsets_ns[venue] = (offset_ms or 0) * NS_PER_MS
        return True

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(LOOK_S):
                return
