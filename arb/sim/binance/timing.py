"""The two-step timestamp rule of signed requests. Pure; all times in nanoseconds.

timestamp < server + 1000 ms and server - timestamp <= recvWindow    on arrival
server' - timestamp <= recvWindow                                    before the matching engine
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.time import NS_PER_MS
from arb.sim.binance import errors

AHEAD_NS_MAX: Final = 1_000 * NS_PER_MS
WINDOW_MS_DEFAULT: Final = "5000"
WINDOW_MS_MAX: Final = Decimal(60_000)
MICROSECONDS_FROM: Final = 10**14  # a timestamp with that many digits is in microseconds
WINDOW_FORM: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From when and how long a signed request may be executed."""

    timestamp_ns: int
    window_ns: int

    @property
    def fence_ns(self) -> int:
        """The last server time at which the request may reach the engine."""
        return self.timestamp_ns + self.window_ns

    def check_arrival(self, server_ns: int) -> None:
        """Raise -1021 if the request is too early or too late on arrival."""
        if self.timestamp_ns >= server_ns + AHEAD_NS_MAX:
            raise errors.too_early()
        self.check_engine(server_ns)

    def check_engine(self, server_ns: int) -> None:
        """Raise -1021 if the request is too late for the engine."""
        if server_ns > self.fence_ns:
            raise errors.too_late()


def parse_validity(timestamp: str, window: str = WINDOW_MS_DEFAULT) -> Validity:
    """Return the validity that a request states in milliseconds or microseconds."""
    if not timestamp.isascii() or not timestamp.isdigit():
        raise (
            errors.illegal_characters("timestamp", "^[0-9]{1,20}$")
            if timestamp
            else errors.missing("timestamp")
        )
    if not WINDOW_FORM.fullmatch(window):
        raise errors.illegal_characters("recvWindow", r"^([0-9]{1,5})(\.[0-9]{1,3})?$")
    if Decimal(window) > WINDOW_MS_MAX:
        raise errors.bad_window()
    stamp = int(timestamp)
    unit_ns = 1_000 if stamp >= MICROSECONDS_FROM else NS_PER_MS
    return Validity(timestamp_ns=stamp * unit_ns, window_ns=int(Decimal(window) * NS_PER_MS))
