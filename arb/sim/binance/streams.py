"""The market stream endpoints: /ws, /ws/<stream>, /stream?streams=a/b, and the control messages."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web

from arb.sim.binance.connection import BinanceConnection, Keepalive, Malformed, accept
from arb.sim.binance.frames import combined, shutdown
from arb.sim.binance.hub import Listener, StreamHub
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_effects import turned_away

STREAMS_MAX: Final = 1_024


class MarketStreams:
    """Handlers of the market stream connections."""

    def __init__(self, hub: StreamHub, context: VenueContext, terms: Keepalive) -> None:
        self._hub = hub
        self._context = context
        self._terms = terms
        self._open: set[BinanceConnection] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the market streams."""
        return [
            web.get("/ws", self.raw),
            web.get("/ws/{streams:.+}", self.raw),
            web.get("/stream", self.wrapped),
        ]

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """Serve /ws: frames as they are."""
        return await self._serve(request, request.match_info.get("streams", ""), wrapped=False)

    async def wrapped(self, request: web.Request) -> web.StreamResponse:
        """Serve /stream: frames with the name of their stream."""
        return await self._serve(request, request.query.get("streams", ""), wrapped=True)

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in self._open:
            connection.outbox.abort()

    async def _serve(self, request: web.Request, names: str, *, wrapped: bool) -> web.StreamResponse:
        rejection = turned_away(self._context, request)
        if rejection is not None:
            return rejection
        socket = await accept(request)
        connection = BinanceConnection(socket, self._context.clock, self._terms, farewell_of(wrapped))
        listener = Listener(connection.outbox, wrapped, request.query.get("timeUnit", "").upper())
        self._hub.subscribe(listener, [name for name in names.split("/") if name][:STREAMS_MAX])
        self._open.add(connection)
        try:
            await connection.run(partial(self._control, listener))
        finally:
            self._open.discard(connection)
            self._hub.leave(listener)
        return socket

    def _control(self, listener: Listener, message: str) -> None:
        listener.outbox.put(orjson.dumps(self._answer(listener, message)))

    def _answer(self, listener: Listener, message: str) -> dict[str, Any]:
        """Carry out a control message and return its reply."""
        try:
            asked = orjson.loads(message)
        except orjson.JSONDecodeError:
            raise Malformed from None
        if not isinstance(asked, dict) or "method" not in asked:
            return _error(2, "Invalid request: missing field `method`", asked)
        identity, names = asked.get("id"), asked.get("params", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return _error(2, "Invalid request: invalid type, expected a list of strings", asked)
        match asked["method"]:
            case "SUBSCRIBE" if len(listener.streams) + len(names) > STREAMS_MAX:
                return _error(2, f"Too many streams; the limit is {STREAMS_MAX}", asked)
            case "SUBSCRIBE":
                self._hub.subscribe(listener, names)
            case "UNSUBSCRIBE":
                self._hub.unsubscribe(listener, names)
            case "LIST_SUBSCRIPTIONS":
                return {"result": list(listener.streams), "id": identity}
            case _:
                return _error(2, "Invalid request: unknown variant, expected SUBSCRIBE or UNSUBSCRIBE", asked)
        return {"result": None, "id": identity}


def farewell_of(wrapped: bool) -> Callable[[int], bytes]:
    """Return how this kind of connection is told that it ends."""
    return (lambda at_ms: combined("!serverShutdown", shutdown(at_ms))) if wrapped else shutdown


def _error(code: int, message: str, asked: Any = None) -> dict[str, Any]:
    """Return a rejection, with the id of the request if it had one."""
    named = {"id": asked["id"]} if isinstance(asked, dict) and "id" in asked else {}
    return {"error": {"code": code, "msg": message}} | named
