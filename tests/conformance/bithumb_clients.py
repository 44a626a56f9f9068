"""ccxt's client of Bithumb, told by its own configuration where the venue is.

Its unified functions speak the API of before (v1.2.0, HMAC), which the simulator does not have; its raw calls
sign the one of today.
"""

from typing import Any

import ccxt

from tests.conformance.binance_clients import said_by
from tests.conformance.bithumb_calls import Speak
from tests.conformance.judge import Refused
from tests.conformance.simulated_venues import KEY, SECRET, SimulatedVenues

PUBLIC = ("/v1/market", "/v1/ticker", "/v1/orderbook")


def by_ccxt(venues: SimulatedVenues) -> Speak:
    """Speak through ccxt's raw calls."""
    exchange = ccxt.bithumb({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    exchange.urls["api"] = dict.fromkeys(("public", "private"), venues.bithumb)

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        method, path = endpoint.split()
        try:
            return exchange.request(
                path[1:], ["public" if path.startswith(PUBLIC) else "private"], method, params
            )
        except ccxt.BaseError as error:
            raise Refused(0, said_by(exchange, "name") or str(error)) from error

    return speak
