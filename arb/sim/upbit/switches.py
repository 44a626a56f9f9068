"""What an operator may change about the simulated venue while it runs.

GET or PUT /sim/upbit/switches, JSON. PUT replaces everything: what is left out goes back to its
default. Faults have their own switchboard (core/admin.py).
"""

from decimal import Decimal
from typing import Final

import msgspec
from aiohttp import web

from arb.sim.core.admin import reply
from arb.sim.upbit.auth import PERMISSIONS

PATH: Final = "/sim/upbit/switches"
IDLE_CLOSE_MS: Final = 120_000


class Caution(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The flags of a market under observation, by the venue's names."""

    PRICE_FLUCTUATIONS: bool = False
    TRADING_VOLUME_SOARING: bool = False
    DEPOSIT_AMOUNT_SOARING: bool = False
    GLOBAL_PRICE_DIFFERENCES: bool = False
    CONCENTRATION_OF_SMALL_ACCOUNTS: bool = False


class MarketEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What /v1/market/all says about a market's state."""

    warning: bool = False
    caution: Caution = msgspec.field(default_factory=Caution)


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The switchboard."""

    market_events: dict[str, MarketEvent] = {}  # market -> flags
    price_units: dict[str, Decimal] = {}  # market -> KRW, instead of the table
    permissions: list[str] = msgspec.field(default_factory=lambda: sorted(PERMISSIONS))
    addresses: list[str] = []  # allowed client IPs; empty allows all
    key_expires_ns: int | None = None  # Unix epoch
    idle_close_ms: int = IDLE_CLOSE_MS
    rates: dict[str, int] = {}  # limit group -> requests per period


class Switchboard:
    """Holds the switches in force."""

    def __init__(self) -> None:
        self.switches = Switches()

    def replace(self, body: bytes) -> Switches:
        """Put the switches in `body` in force.

        Raises: msgspec.DecodeError if they make no sense.
        """
        self.switches = msgspec.json.decode(body, type=Switches)
        return self.switches

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [web.get(PATH, self._show), web.put(PATH, self._replace)]

    async def _show(self, _request: web.Request) -> web.Response:
        return reply(msgspec.to_builtins(self.switches))

    async def _replace(self, request: web.Request) -> web.Response:
        try:
            return reply(msgspec.to_builtins(self.replace(await request.read())))
        except msgspec.DecodeError as error:
            return reply({"error": str(error)}, status=400)
