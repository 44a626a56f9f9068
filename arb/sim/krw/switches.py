"""What an operator may change about the simulated venue while it runs.

GET or PUT /sim/VENUE/switches, JSON. PUT replaces everything: what is left out goes back to its
default. Faults have their own switchboard (core/admin.py).
"""

from decimal import Decimal
from typing import Final

import msgspec
from aiohttp import web

from arb.sim.core.admin import reply
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.core.market_faults import rules_of
from arb.sim.krw.auth import PERMISSIONS
from arb.sim.krw.forms import coin_of
from arb.sim.krw.quotation import price_unit
from arb.sim.krw.variant import ProtocolVariant

MIN_TOTAL_KRW: Final = Decimal(5_000)


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
    """The simulator's settings that can be changed while it runs."""

    market_events: dict[str, MarketEvent] = {}  # market -> flags
    price_units: dict[str, Decimal] = {}  # market -> KRW, instead of the table
    permissions: list[str] = msgspec.field(default_factory=lambda: sorted(PERMISSIONS))
    addresses: list[str] = []  # allowed client IPs; empty allows all
    key_expires_ns: int | None = None  # Unix epoch
    idle_close_ms: int | None = None  # None: as the venue does
    rates: dict[str, int] = {}  # limit group -> requests per period


class Switchboard:
    """Holds the switches in force, beside the faults that change a market's rules."""

    def __init__(self, context: VenueContext, variant: ProtocolVariant) -> None:
        self.switches = Switches()
        self._faults, self._variant = context.faults, variant
        self._path = f"/sim/{context.venue}/switches"

    @property
    def idle_close_ms(self) -> int:
        """Return after how long a connection on which nothing moves is closed."""
        chosen = self.switches.idle_close_ms
        return self._variant.idle_close_ms if chosen is None else chosen

    def unit_at(self, market: str, price: Decimal) -> Decimal:
        """Return the price unit of a market at a price, KRW."""
        return price_unit(market, price, self.price_units(market), self._variant.tick)

    def price_units(self, market: str) -> dict[str, Decimal]:
        """Return the price unit of a market by its code, if it is not the table's."""
        units = {each: unit for each, unit in self.switches.price_units.items() if each == market}
        changed = rules_of(self._faults, coin_of(market)).get("tick")
        return units if changed is None else {market: changed}

    def min_total(self, market: str) -> Decimal:
        """Return the smallest order of a market, KRW."""
        return rules_of(self._faults, coin_of(market)).get("min_notional", MIN_TOTAL_KRW)

    def is_halted(self, market: str) -> bool:
        """Whether a market takes no orders."""
        return self._faults.standing(FaultKind.HALTED_COIN, coin_of(market)) is not None

    def replace(self, body: bytes) -> Switches:
        """Put the switches in `body` in force.

        Raises: msgspec.DecodeError if they make no sense.
        """
        self.switches = msgspec.json.decode(body, type=Switches)
        return self.switches

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [web.get(self._path, self._show), web.put(self._path, self._replace)]

    async def _show(self, _request: web.Request) -> web.Response:
        return reply(msgspec.to_builtins(self.switches))

    async def _replace(self, request: web.Request) -> web.Response:
        try:
            return reply(msgspec.to_builtins(self.replace(await request.read())))
        except msgspec.DecodeError as error:
            return reply({"error": str(error)}, status=400)
