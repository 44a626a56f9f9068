"""Requests of one account at Binance, signed by the venue's clock."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from arb.adapters.venues.venue_client import READ_WAIT_MS_MAX, Gateway, require_key
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.ports.market import Clock
from arb.ports.trading import Before, at_once
from arb.venues.api_key import ApiKey
from arb.venues.binance import orders, replies
from arb.venues.binance.auth import RequestStamp
from arb.venues.errors import ClockRejected
from arb.venues.request import HttpRequest

OFFSET_AGE_NS_MAX: Final = 600 * 1_000_000_000

Parsed = TypeVar("Parsed")


class BinanceSession:
    """Asks, stamps, and knows how far the venue's clock is from ours; public endpoints only without a key."""

    def __init__(self, gateway: Gateway, clock: Clock, api_key: ApiKey | None, recv_window_ms: int) -> None:
        self._gateway, self._clock = gateway, clock
        self._api_key, self._recv_window_ms = api_key, recv_window_ms
        self._offset_ms, self._offset_at_ns = 0, -OFFSET_AGE_NS_MAX

    @property
    def has_key(self) -> bool:
        """Tell whether private endpoints can be asked."""
        return self._api_key is not None

    def ask(
        self,
        request: HttpRequest,
        parser: Callable[[Any], Parsed],
        wait_ms_max: int = READ_WAIT_MS_MAX,
        before: Before = at_once,
    ) -> Parsed:
        """Send one request and return what `parser` makes of the reply. Raises: VenueError."""
        return self._heeding(lambda: self._gateway.ask(request, parser, wait_ms_max, before))

    def ready(self, request: HttpRequest, parser: Callable[[Any], Parsed]) -> Callable[[Before], Parsed]:
        """Take room for a request and return what sends it. Raises: VenueError where that had to wait."""
        send = self._gateway.ready(request, parser)
        return lambda before: self._heeding(lambda: send(before))

    def _heeding(self, ask: Callable[[], Parsed]) -> Parsed:
        """Ask, and measure the venue's clock again before the next signature if that says that it is off."""
        try:
            return ask()
        except ClockRejected:
            self._offset_at_ns = -OFFSET_AGE_NS_MAX
            raise

    def now(self) -> RequestStamp:
        """Return the stamp of a request that is signed now."""
        return self.stamp(self._clock.now_ns())

    def stamp(self, at_ns: int) -> RequestStamp:
        """Return the stamp of a request that is signed with a moment of our clock."""
        return RequestStamp(
            api_key=require_key(Venue.BINANCE, self._api_key),
            timestamp_ms=at_ns // NS_PER_MS + self.offset_ms(),
            recv_window_ms=self._recv_window_ms,
        )

    def offset_ms(self) -> int:
        """Return the venue's clock minus ours, measured anew every ten minutes."""
        return self._offset_ms if self.has_offset() else self.measured_offset_ms()

    def has_offset(self) -> bool:
        """Tell whether it needs not be measured now."""
        return abs(self._clock.now_ns() - self._offset_at_ns) < OFFSET_AGE_NS_MAX

    def measured_offset_ms(self) -> int:
        """Measure the venue's clock minus ours, taking the reply for half a round trip old."""
        start_ns = self._clock.now_ns()
        server_ms = self._gateway.ask(orders.server_time(), replies.server_time_ms)
        end_ns = self._clock.now_ns()
        self._offset_ms = server_ms - (start_ns + end_ns) // (2 * NS_PER_MS)
        self._offset_at_ns = end_ns
        return self._offset_ms
