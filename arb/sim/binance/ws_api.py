"""The WebSocket API, /ws-api/v3: requests with ids, and the user data subscription."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from arb.sim.binance import errors
from arb.sim.binance.call_service import CallService, Signed
from arb.sim.binance.connection import BinanceConnection, Keepalive, accept
from arb.sim.binance.endpoints import Endpoint
from arb.sim.binance.frames import shutdown
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.micro import MICROSECOND, in_microseconds
from arb.sim.binance.signing import api_payload
from arb.sim.binance.user_stream import UserEventStream, UserSubscription
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_effects import CallFault, turned_away

# What changes or asks about orders shows the counts of orders beside the weight.
COUNTS_ORDERS = frozenset({"order.place", "order.cancelReplace", "account.rateLimits.orders"})
TERMS = Keepalive(messages_per_s=100)  # requests count by weight here, not by message


class WebSocketApi:
    """Accepts WebSocket API connections."""

    def __init__(
        self,
        service: CallService,
        endpoints: list[Endpoint],
        limits: WeightLimits,
        users: UserEventStream,
        context: VenueContext,
    ) -> None:
        self._service = service
        self._endpoints = {one.api_method: one for one in endpoints if one.api_method}
        self._limits = limits
        self._users = users
        self._context = context
        self._open: set[BinanceConnection] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the one route of the WebSocket API."""
        return [web.get("/ws-api/v3", self.serve)]

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in self._open:
            connection.outbox.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends; connecting has a weight too."""
        rejection = turned_away(self._context, request)
        if rejection is not None:
            return rejection
        try:
            self._limits.charge(2)
        except errors.BinanceError as error:
            return web.json_response(error.body(), status=error.status)
        socket = await accept(request)
        connection = BinanceConnection(socket, self._context.clock, TERMS, _shutdown)
        session = _Session(
            connection, self._service, self._endpoints, self._limits, self._users, request.query
        )
        self._open.add(connection)
        try:
            await connection.run(session.on_text)
        finally:
            self._open.discard(connection)
            session.close()
        return socket


class _Session:
    """One connection's requests and its subscription."""

    def __init__(
        self,
        connection: BinanceConnection,
        service: CallService,
        endpoints: Mapping[str, Endpoint],
        limits: WeightLimits,
        users: UserEventStream,
        terms: Mapping[str, str],  # what the address says of the whole connection
    ) -> None:
        self._shows_limits = terms.get("returnRateLimits") != "false"
        self._unit = terms.get("timeUnit", "").upper()
        self._connection = connection
        self._service = service
        self._endpoints = endpoints
        self._limits = limits
        self._users = users
        self._subscription: UserSubscription | None = None
        self._subscriptions_made = 0
        self._running: set[asyncio.Task[None]] = set()

    def on_text(self, message: str) -> None:
        """Start a request; requests of one connection may overtake each other."""
        task = asyncio.get_running_loop().create_task(self._serve(message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def close(self) -> None:
        """End the subscription; requests on their way run to their end, as the venue's do."""
        if self._subscription is not None:
            self._users.remove(self._subscription)

    async def _serve(self, message: str) -> None:
        identity: Any = None
        method = ""
        given: dict[str, str] = {}
        try:
            identity, method, given = _parse(message)
            answer: dict[str, Any] = {"status": 200, "result": await self._call(method, given)}
        except errors.BinanceError as error:
            answer = {"status": error.status, "error": error.body()}
        except CallFault:
            return
        if self._unit == MICROSECOND and "result" in answer:
            answer["result"] = in_microseconds(answer["result"])
        shows_limits = given.get("returnRateLimits", "true" if self._shows_limits else "false") == "true"
        if shows_limits:
            orders = self._limits.order_counts() if method in COUNTS_ORDERS else []
            answer["rateLimits"] = [*orders, self._limits.weight_row()]
        self._connection.outbox.put(orjson.dumps({"id": identity} | answer))

    async def _call(self, method: str, given: dict[str, str]) -> Any:
        signed = Signed(key=given.get("apiKey"), payload=api_payload(given))
        match method:
            case "userDataStream.subscribe.signature":
                self._limits.charge(2)
                self._service.check(given, signed)
                return self._subscribe()
            case "userDataStream.unsubscribe":
                return self._unsubscribe()
            case "session.subscriptions":
                current = self._subscription
                return [{"subscriptionId": current.number}] if current else []
            case _ if method in self._endpoints:
                return await self._service.call(self._endpoints[method], given, signed)
            case _:
                raise errors.BinanceError(-1000, f"Unknown method: {method}")

    def _subscribe(self) -> dict[str, int]:
        if self._subscription is not None:
            raise errors.BinanceError(-2035, "User Data Stream subscription already active.")
        self._subscription = self._users.add(self._connection.outbox, self._subscriptions_made, self._unit)
        self._subscriptions_made += 1
        return {"subscriptionId": self._subscription.number}

    def _unsubscribe(self) -> dict[str, int]:
        if self._subscription is None:
            raise errors.BinanceError(-2036, "User Data Stream subscription not active.")
        self._users.remove(self._subscription)
        self._subscription = None
        return {}


def _shutdown(at_ms: int) -> bytes:
    return b'{"event":' + shutdown(at_ms) + b"}"


def _parse(message: str) -> tuple[Any, str, dict[str, str]]:
    """Return id, method and parameters; numbers keep the digits they were sent with."""
    try:
        asked = json.loads(message, parse_float=str)
    except ValueError:
        raise errors.BinanceError(-1135, "Invalid JSON Request") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
        raise errors.missing("method")
    given = asked.get("params") or {}
    if not isinstance(given, dict):
        raise errors.missing("params")
    return asked.get("id"), asked["method"], {name: _text(value) for name, value in given.items()}


def _text(value: Any) -> str:
    """Return a parameter as it is signed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
