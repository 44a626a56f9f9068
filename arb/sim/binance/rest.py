"""The REST API: HTTP requests in, JSON or a cut connection out."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import orjson
from aiohttp import web

from arb.sim.binance import errors, params
from arb.sim.binance.call_service import CallService, Signed
from arb.sim.binance.endpoints import Endpoint
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.micro import MICROSECOND, in_microseconds
from arb.sim.binance.signing import rest_payload
from arb.sim.core.fault_effects import CallFault
from arb.sim.core.sockets import cut

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VENUE_PATHS: Final = ("/api/", "/sapi/")


def rest_routes(
    endpoints: Iterable[Endpoint], service: CallService, limits: WeightLimits
) -> list[web.RouteDef]:
    """Return the routes of the REST API."""
    return [
        web.route(endpoint.method, endpoint.path, _handler(endpoint, service, limits))
        for endpoint in endpoints
    ]


def _handler(endpoint: Endpoint, service: CallService, limits: WeightLimits) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        raw_query = request.raw_path.partition("?")[2]
        raw_body = (await request.read()).decode(errors="replace")
        signed = Signed(key=request.headers.get("X-MBX-APIKEY"), payload=rest_payload(raw_query, raw_body))
        try:
            answer = await service.call(endpoint, params.merged(raw_query, raw_body), signed)
        except errors.BinanceError as error:
            return _rejection(error, limits)
        except CallFault:
            return cut(request)
        if request.headers.get("X-MBX-TIME-UNIT", "").upper() == MICROSECOND:
            answer = in_microseconds(answer)
        headers = limits.weight_headers()
        if endpoint.places:
            headers |= limits.order_headers()
        return _json(orjson.dumps(answer), 200, headers)

    return handle


@web.middleware
async def unknown_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is no call of the venue as its web server does: the status and an empty body.

    Source: sammchardy/python-binance issue 1614 shows the 404 of api.binance.com (2025-10) with its
    headers. What a wrong method is answered with is not documented; it is taken to be of the same form.
    """
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        if not request.path.startswith(VENUE_PATHS):
            raise
        return web.Response(status=error.status, headers={"Server": "nginx"})


def _rejection(error: errors.BinanceError, limits: WeightLimits) -> web.Response:
    headers = limits.weight_headers()
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return _json(orjson.dumps(error.body()), error.status, headers)


def _json(body: bytes, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
