"""The three WebSocket endpoints: who may connect, which stream serves them, and whom a fault cuts off."""

from typing import Protocol

from aiohttp import web

from arb.sim.core.fault_effects import ReplyLost, ServerError, turned_away
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.core.fault_kinds import Stage as FaultStage
from arb.sim.core.faults import Call
from arb.sim.core.stage import Stage
from arb.sim.upbit.auth import ANY_KEY, VIEW_ORDERS
from arb.sim.upbit.connection import Connection
from arb.sim.upbit.door import Door, Route
from arb.sim.upbit.errors import UpbitRefusal, refuse
from arb.sim.upbit.parameters import Parameters
from arb.sim.upbit.subscription import INFO_TYPES, PRIVATE_TYPES, PUBLIC_TYPES
from arb.sim.upbit.switches import Switchboard
from arb.sim.upbit.text import to_json

PUBLIC_PATH = "/websocket/v1"
PRIVATE_PATH = "/websocket/v1/private"
INFO_PATH = "/websocket/v1/info"


class Stream(Protocol):
    """What serves connections."""

    def join(self, connection: Connection) -> None: ...

    def leave(self, connection: Connection) -> None: ...

    def drop_all(self) -> None: ...


async def _nothing(_parameters: Parameters) -> None:
    return None


PUBLIC_ROUTE = Route(method="GET", path=PUBLIC_PATH, group="websocket-connect", handler=_nothing)
PRIVATE_ROUTE = Route(
    method="GET", path=PRIVATE_PATH, group="websocket-connect", handler=_nothing, permission=VIEW_ORDERS
)
INFO_ROUTE = Route(
    method="GET", path=INFO_PATH, group="websocket-connect", handler=_nothing, permission=ANY_KEY
)


class Sockets:
    """Accepts WebSocket connections."""

    def __init__(
        self, stage: Stage, board: Switchboard, door: Door, public: Stream, private: Stream, info: Stream
    ) -> None:
        self._stage = stage
        self._board = board
        self._door = door
        self._public = public
        self._private = private
        self._info = info

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get(PUBLIC_PATH, self.public),
            web.get(PRIVATE_PATH, self.private),
            web.get(INFO_PATH, self.info),
        ]

    def strike(self) -> None:
        """Cut the connections a fault names by path; a fault without one cuts them all."""
        faults = self._stage.faults
        streams = {PUBLIC_PATH: self._public, PRIVATE_PATH: self._private, INFO_PATH: self._info}
        if faults.cuts_sockets():
            self._public.drop_all()
        if faults.cuts_sockets() or faults.standing(FaultKind.REVOKED_KEY) is not None:
            self._private.drop_all()
            self._info.drop_all()
        for path, stream in streams.items():
            fault = faults.strike(FaultStage.SOCKET, Call(endpoint=path))
            if fault is not None and fault.endpoint is None:
                for each in streams.values():
                    each.drop_all()
                return
            if fault is not None:
                stream.drop_all()

    async def public(self, request: web.Request) -> web.StreamResponse:
        return await self._accept(PUBLIC_ROUTE, request, self._public, PUBLIC_TYPES)

    async def private(self, request: web.Request) -> web.StreamResponse:
        return await self._accept(PRIVATE_ROUTE, request, self._private, PRIVATE_TYPES)

    async def info(self, request: web.Request) -> web.StreamResponse:
        return await self._accept(INFO_ROUTE, request, self._info, INFO_TYPES)

    async def _accept(
        self, route: Route, request: web.Request, stream: Stream, types: frozenset[str]
    ) -> web.StreamResponse:
        nothing = Parameters((), "")
        turned = turned_away(self._stage, request)
        if turned is not None:
            return turned
        try:
            self._door.admit(route, request)
            self._door.authenticate(route, request, nothing)
            await self._door.pass_faults(route, "", lambda: route.handler(nothing))
        except UpbitRefusal as refusal:
            return _refused(refusal)
        except (ServerError, ReplyLost):
            return _refused(refuse("server_error"))
        connection = Connection(self._stage, self._board, types, stream.join)
        try:
            return await connection.serve(request)
        finally:
            stream.leave(connection)


def _refused(refusal: UpbitRefusal) -> web.Response:
    reply = refusal.reply
    return web.Response(body=to_json(reply.body()), status=reply.status, content_type="application/json")
