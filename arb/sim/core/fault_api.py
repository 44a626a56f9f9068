"""HTTP for whoever breaks a venue: its faults listed, set and cleared, and money moved from outside.

GET /sim/faults, GET /sim/faults/kinds; POST adds one fault or a list; PUT replaces all of them, and
with a `seed` begins the dice anew; DELETE takes off `?id=N`, `?kind=NAME` or all. POST
/sim/balances: `{"asset": "BTC", "change": "-5"}`. What makes no sense changes nothing and is
answered with 400 and one line. docs/simulators.md has the kinds and examples.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
import orjson
from aiohttp import web

from arb.sim.core.accounts import Overdrawn
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_check import complaint
from arb.sim.core.fault_kinds import COMMON_FIELDS, SIDES, TABLE, FaultKind
from arb.sim.core.faults import Fault

ASSET_LENGTH_MAX: Final = 20


class _BadRequest(Exception):
    """What was asked for makes no sense; the message is one line."""


class _Replacement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of `PUT /sim/faults`."""

    faults: list[Fault] = []
    seed: int | None = None  # of the dice; None lets them roll on


class _Move(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Money that comes or goes without an order."""

    asset: str
    change: Decimal


class FaultApi:
    """The handlers, over one venue's context and engine."""

    def __init__(self, context: VenueContext, exchange: Exchange) -> None:
        self._context = context
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the venue's application."""
        return [
            web.get("/sim/faults", self.listing),
            web.get("/sim/faults/kinds", self.kinds),
            web.post("/sim/faults", self.add),
            web.put("/sim/faults", self.replace),
            web.delete("/sim/faults", self.remove),
            web.post("/sim/balances", self.move),
        ]

    async def listing(self, _request: web.Request) -> web.Response:
        plan = self._context.faults
        struck = {kind.value: count for kind, count in plan.struck.items()}
        return _reply({"faults": _shown(plan.listing()), "struck": struck})

    async def kinds(self, _request: web.Request) -> web.Response:
        rows = {
            kind.value: {
                "stage": row.stage,
                "scope": row.scope,
                "needs": sorted(row.needs),
                "takes": sorted(row.takes),
                "sides": list(SIDES.get(kind, ())),
            }
            for kind, row in TABLE.items()
        }
        return _reply({"kinds": rows, "common": list(COMMON_FIELDS)})

    async def add(self, request: web.Request) -> web.Response:
        try:
            wanted = _read(await request.read(), list[Fault] | Fault)
            faults = self._checked(wanted if isinstance(wanted, list) else [wanted])
        except _BadRequest as error:
            return _error(error)
        return _reply({"faults": _shown([self._context.faults.add(fault) for fault in faults])})

    async def replace(self, request: web.Request) -> web.Response:
        plan = self._context.faults
        try:
            wanted = _read(await request.read(), _Replacement)
            faults = self._checked(wanted.faults)
        except _BadRequest as error:
            return _error(error)
        plan.clear()
        if wanted.seed is not None:
            plan.seed(f"{wanted.seed}:{self._context.venue}:faults")
        return _reply({"faults": _shown([plan.add(fault) for fault in faults])})

    async def remove(self, request: web.Request) -> web.Response:
        plan, number, kind = self._context.faults, request.query.get("id"), request.query.get("kind")
        if number is not None and not number.isdecimal():
            return _error(_BadRequest("id is an integer"))
        if kind is not None and kind not in FaultKind.__members__.values():
            return _error(_BadRequest(f"kind: there is no {kind[:40]}"))
        if number is not None:
            plan.remove(int(number))
        elif kind is not None:
            plan.remove_kind(FaultKind(kind))
        else:
            plan.clear()
        return await self.listing(request)

    async def move(self, request: web.Request) -> web.Response:
        try:
            wanted = _read(await request.read(), _Move)
            if not wanted.asset.isalnum() or len(wanted.asset) > ASSET_LENGTH_MAX:
                raise _BadRequest("asset: letters and digits")
            if not wanted.change.is_finite() or not wanted.change:
                raise _BadRequest("change: an amount that is not 0")
            self._exchange.move(wanted.asset, wanted.change)
        except _BadRequest as error:
            return _error(error)
        except Overdrawn:
            free = self._exchange.balance(wanted.asset).free
            return _error(_BadRequest(f"change: {free:f} {wanted.asset} are free"))
        balance = self._exchange.balance(wanted.asset)
        return _reply({"asset": wanted.asset, "free": f"{balance.free:f}", "locked": f"{balance.locked:f}"})

    def _checked(self, faults: list[Fault]) -> list[Fault]:
        coins = self._context.market.coins(self._context.venue)
        for position, fault in enumerate(faults):
            wrong = complaint(fault, self._context.venue, coins)
            if wrong is not None:
                raise _BadRequest(f"{wrong} - at `$[{position}]`" if len(faults) > 1 else wrong)
        return faults


def _read(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _BadRequest(str(error).partition("\n")[0]) from None


def _shown(faults: list[Fault]) -> list[dict[str, Any]]:
    """Return faults with what was set, and what became of them."""
    always: Callable[[str], bool] = {"kind", "probability", "fault_id", "strikes", "count"}.__contains__
    unset = {name: getattr(Fault(kind=FaultKind.REJECT), name) for name in Fault.__struct_fields__}
    return [
        {
            name: value
            for name, value in msgspec.to_builtins(fault).items()
            if always(name) or getattr(fault, name) != unset[name]
        }
        for fault in faults
    ]


def _error(error: _BadRequest) -> web.Response:
    return _reply({"error": str(error)}, status=400)


def _reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
