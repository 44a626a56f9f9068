"""The HTTP API: every request passes limit, authentication, permission and the fault plan here.

Replies carry `Remaining-Req`, rejections the venue's error body. A request's work is a handler that
returns what to write as JSON. Private groups are counted per account, quotation per IP address
(docs/protocols/upbit.md).
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from arb.domain.time import NS_PER_MS
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_effects import (
    RejectedByPlan,
    ReplyWithheld,
    ServerError,
    Throttled,
    UnderMaintenance,
    check_open,
    run_call,
)
from arb.sim.core.fault_kinds import FaultKind, Scope
from arb.sim.core.faults import Call
from arb.sim.core.sockets import cut
from arb.sim.krw.auth import MAKE_ORDERS, AccessKey, Authenticator, KeyPolicy, check_policy
from arb.sim.krw.errors import ErrorReply, KrwRejection, rejection
from arb.sim.krw.forms import ASK, BID, coin_of
from arb.sim.krw.limits import RequestLimiter
from arb.sim.krw.parameters import Parameters, from_json, from_query
from arb.sim.krw.rates import remaining_header
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import milliseconds, quoted, to_json
from arb.sim.krw.variant import ProtocolVariant

ACCOUNT: Final = "account"
JSON_TYPE: Final = "application/json"
SIDES: Final = {BID: "BUY", ASK: "SELL"}  # what faults call them
REMAINING: Final = "Remaining-Req"
DEFAULT: Final = "default"  # the group of what has no other
SLASHES: Final = re.compile("/+")

Entrance = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint. A permission makes it private; `scope` says whether it places an order."""

    method: str
    path: str
    group: str
    handler: Callable[[Parameters], Awaitable[Any]]
    permission: str | None = None
    status: int = 200
    scope: Scope = Scope.ANY

    @property
    def endpoint(self) -> str:
        """The name faults know it by."""
        return f"{self.method} {self.path}"


class HttpApi:
    """Turns requests into handler calls and what they raise into replies."""

    def __init__(
        self,
        context: VenueContext,
        variant: ProtocolVariant,
        board: Switchboard,
        reject: Callable[[str, str], None],
        spend: Callable[[str], bool],
    ) -> None:
        self._context = context
        self._variant = variant
        self._board = board
        self._reject = reject  # records that an order was rejected, with its identifier and why
        self._limiter = RequestLimiter(rates=dict(variant.rates))
        credential = context.config.credential(context.venue)
        key = AccessKey(key=credential.key, secret=credential.secret)
        self._authenticator = Authenticator(key, spend, variant.token_life_ms)
        self._entrances: dict[tuple[str, str], Entrance] = {}

    def install(self, app: web.Application, routes: list[Route]) -> None:
        """Add `routes` to the application, and an answer to whoever asks for something else."""
        app.middlewares.append(self._unknown_paths)
        for route in routes:
            self._entrances[route.method, route.path] = self._entrance(route)
            app.router.add_route(route.method, route.path, self._entrances[route.method, route.path])

    def _entrance(self, route: Route) -> Entrance:
        async def enter(request: web.Request) -> web.StreamResponse:
            return await self.answer(route, request)

        return enter

    async def answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Return the reply to a request; a lost reply cuts the connection."""
        left = 0
        try:
            await check_open(self._context)
            left = self.admit(route, request)
            body = await self._work(route, request)
        except KrwRejection as error:
            return self._rejected(route, left, error)
        except ServerError:
            return self._rejected(route, left, rejection("server_error"))
        except UnderMaintenance:
            return self._rejected(route, left, rejection("service_unavailable"))
        except ReplyWithheld:
            return cut(request)
        return self._reply(route, left, route.status, quoted(body) if route.permission is None else body)

    def admit(self, route: Route, request: web.Request) -> int:
        """Count a request and return how many are left.

        Raises: KrwRejection 429 or 418.
        """
        now_ns = self._context.clock.now_ns()
        caller = ACCOUNT if route.permission is not None else request.remote or ""
        default = self._variant.rates[route.group]
        count = self._board.switches.rates.get(route.group, default.count)
        self._limiter.rates[route.group] = replace(default, count=count)
        if "Origin" in request.headers:
            self._limiter.take("origin", caller, now_ns)
        return self._limiter.take(route.group, caller, now_ns)

    def authenticate(self, route: Route, request: web.Request, parameters: Parameters) -> None:
        """Check token and permission of a private request.

        Raises: KrwRejection (401 or 403).
        """
        if route.permission is None:
            return
        if self._context.faults.standing(FaultKind.REVOKED_KEY) is not None:
            raise rejection("invalid_access_key")
        now_ms = milliseconds(self._context.now_ns())
        self._authenticator.check(request.headers.get("Authorization"), parameters, now_ms)
        switches = self._board.switches
        policy = KeyPolicy(
            permissions=frozenset(switches.permissions),
            addresses=frozenset(switches.addresses),
            expires_ns=switches.key_expires_ns,
        )
        check_policy(policy, route.permission, request.remote or "", self._context.clock.now_ns())
        if route.permission == MAKE_ORDERS and route.method != "GET":
            self._check_account()

    def _check_account(self) -> None:
        blocked = self._context.faults.standing(FaultKind.BLOCKED_ACCOUNT)
        if blocked is not None:
            self._context.faults.note(blocked)
            raise rejection("out_of_scope", "거래가 제한된 계정입니다.")

    def _fence_ns(self) -> int | None:
        """Return until when a request received now may be executed, where tokens age."""
        life_ms = self._authenticator.token_life_ms
        return None if life_ms is None else self._context.now_ns() + life_ms * NS_PER_MS

    async def pass_faults(
        self,
        route: Route,
        client_id: str,
        act: Callable[[], Awaitable[Any]],
        coin: str = "",
        side: str = "",
    ) -> Any:
        """Do a request's work under the fault plan.

        Raises: KrwRejection, ReplyWithheld, ServerError.
        """
        call = Call(endpoint=route.endpoint, scope=route.scope, client_id=client_id, coin=coin, side=side)
        try:
            return await run_call(self._context, call, act, self._fence_ns())
        except Throttled as throttled:
            raise rejection("blocked" if throttled.status == 418 else "too_many_requests") from throttled
        except RejectedByPlan as rejected:
            if route.scope is Scope.ORDER:
                self._reject(client_id, "validation_error")
            raise rejection("validation_error") from rejected

    async def _work(self, route: Route, request: web.Request) -> Any:
        parameters = await _read_parameters(request)
        self.authenticate(route, request, parameters)
        client_id = next(filter(None, map(parameters.get, self._variant.client_id)), "")
        coin = coin_of(parameters.get("market") or "")
        side = SIDES.get(parameters.get("side") or "", "")
        return await self.pass_faults(route, client_id, lambda: route.handler(parameters), coin, side)

    def _reply(self, route: Route, left: int, status: int, body: Any) -> web.Response:
        return self._written(body, status, route.group, left)

    def _rejected(self, route: Route, left: int, error: KrwRejection) -> web.Response:
        reply = self._named(route, error.reply)
        return self._reply(route, left, reply.status, reply.body())

    def _written(self, body: Any, status: int, group: str, left: int) -> web.Response:
        headers = {}
        if self._variant.tells_remaining:
            headers[REMAINING] = remaining_header(group, self._limiter.rates[group], left)
        return web.Response(body=to_json(body), status=status, headers=headers, content_type=JSON_TYPE)

    def _named(self, route: Route, reply: ErrorReply) -> ErrorReply:
        """Return the error as the venue names it; quotation uses the status."""
        name = self._variant.error_names.get(str(reply.name), reply.name)
        return replace(reply, name=reply.status if route.permission is None else name)

    @web.middleware
    async def _unknown_paths(self, request: web.Request, handler: Entrance) -> web.StreamResponse:
        """Answer a path or a method that does not exist as the venue does: with JSON and what is left.

        Slashes that follow each other are one, as most servers have it: pyupbit asks for `//v1/deposits`.
        """
        try:
            return await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
            meant = self._entrances.get((request.method, SLASHES.sub("/", request.path)))
            if meant is not None:
                return await meant(request)
            if request.path.startswith("/sim/"):
                raise
            body = {"error": {"name": "not_found", "message": "요청한 경로를 찾을 수 없습니다."}}
            return self._written(body, error.status, DEFAULT, self._variant.rates[DEFAULT].count - 1)


async def _read_parameters(request: web.Request) -> Parameters:
    """Return the parameters of a request: its query string, or else its body.

    Raises: KrwRejection (validation_error) for a POST whose body is not JSON.
    """
    body = await request.read()
    if request.method == "POST":
        return from_json(body) if body else Parameters((), "")
    if request.query_string or not body:
        return from_query(request.rel_url.raw_query_string)
    return from_json(body) if body.startswith(b"{") else from_query(body.decode("ascii", "replace"))
