"""WebSocket endpoints: who may connect, which stream serves them, and whom a fault cuts off."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from aiohttp import web

from arb.sim.core.context import VenueContext
from arb.sim.core.fault_effects import ReplyWithheld, ServerError, turned_away
from arb.sim.core.fault_kinds import FaultKind, FaultStage
from arb.sim.core.faults import Call
from arb.sim.krw.connection import KrwConnection
from arb.sim.krw.errors import KrwRejection, rejection
from arb.sim.krw.http_api import HttpApi, Route
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import to_json


class Stream(Protocol):
    """What serves the connections of one WebSocket endpoint."""

    def join(self, connection: KrwConnection) -> None: ...

    def leave(self, connection: KrwConnection) -> None: ...

    def drop_all(self) -> None: ...


async def _nothing(_parameters: Parameters) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketEndpoint:
    """One endpoint: what serves it, what may be asked for, and by whom."""

    path: str
    stream: Stream
    types: frozenset[str]
    permission: str | None = None  # None: by anybody

    @property
    def route(self) -> Route:
        """Return what the HTTP API knows of it."""
        return Route(
            method="GET",
            path=self.path,
            group="websocket-connect",
            handler=_nothing,
            permission=self.permission,
        )


class Sockets:
    """Accepts WebSocket connections."""

    def __init__(
        self, context: VenueContext, board: Switchboard, http_api: HttpApi, sockets: Sequence[SocketEndpoint]
    ) -> None:
        self._context = context
        self._board = board
        self._http_api = http_api
        self._sockets = sockets

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [web.get(each.path, partial(self._accept, each)) for each in self._sockets]

    def strike(self) -> None:
        """Cut the connections a fault names by path; a fault without one cuts them all."""
        faults = self._context.faults
        cuts_all, is_revoked = faults.cuts_sockets(), faults.standing(FaultKind.REVOKED_KEY) is not None
        for each in self._sockets:
            if cuts_all or (is_revoked and each.permission is not None):
                each.stream.drop_all()
        for each in self._sockets:
            fault = faults.strike(FaultStage.SOCKET, Call(endpoint=each.path))
            if fault is not None and fault.endpoint is None:
                for other in self._sockets:
                    other.stream.drop_all()
                return
            if fault is not None:
                each.stream.drop_all()

    async def _accept(self, socket: SocketEndpoint, request: web.Request) -> web.StreamResponse:
        route, nothing = socket.route, Parameters((), "")
        turned = turned_away(self._context, request)
        if turned is not None:
            return turned
        try:
            self._http_api.admit(route, request)
            self._http_api.authenticate(route, request, nothing)
            await self._http_api.pass_faults(route, "", lambda: route.handler(nothing))
        except KrwRejection as error:
            return _rejected(error)
        except (ServerError, ReplyWithheld):
            return _rejected(rejection("server_error"))
        connection = KrwConnection(self._context, self._board, socket.types, socket.stream.join)
        try:
            return await connection.serve(request)
        finally:
            socket.stream.leave(connection)


def _rejected(error: KrwRejection) -> web.Response:
    reply = error.reply
    return web.Response(body=to_json(reply.body()), status=reply.status, content_type="application/json")
