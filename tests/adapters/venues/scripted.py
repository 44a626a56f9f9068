"""A transport that answers from a script, and clients on top of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.venues.binance import connect as binance_connect
from arb.adapters.venues.binance.client import BinanceClient
from arb.adapters.venues.binance.markets import Fees
from arb.adapters.venues.rate_limit import Limit, RateLimiter
from arb.adapters.venues.upbit import connect as upbit_connect
from arb.adapters.venues.upbit.client import UpbitClient
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Gateway
from arb.domain.market.ids import Venue
from arb.ports.trading import Before, at_once
from arb.venues.api_key import ApiKey
from arb.venues.request import HttpRequest, HttpResponse
from tests.venues.samples import NOW_NS, response

Answer = HttpResponse | Exception | Callable[[HttpRequest], HttpResponse]
KEY = ApiKey("key", "secret")
RECV_WINDOW_MS = 2_000
HTTP_TIMEOUT_MS = 2_000


@dataclass
class ScriptedTransport:
    """Gives, for each endpoint, its answers in turn; the last one again and again."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[HttpRequest] = field(default_factory=list)

    def on(self, endpoint: str, *answers: Answer) -> None:
        """Set what "POST /v1/orders" and the like answer from now on."""
        self.answers[endpoint] = list(answers)

    def send(self, request: HttpRequest, before: Before = at_once) -> HttpResponse:
        """Answer by the script."""
        before()
        self.requests.append(request)
        script = self.answers[f"{request.method} {request.path}"]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def count(self, endpoint: str) -> int:
        """Return how often an endpoint was called."""
        return sum(f"{request.method} {request.path}" == endpoint for request in self.requests)

    def last(self, endpoint: str) -> HttpRequest:
        """Return the newest request to an endpoint."""
        return next(r for r in reversed(self.requests) if f"{r.method} {r.path}" == endpoint)


@dataclass
class Bench:
    """A client with everything around it in our hands."""

    client: Any
    transport: ScriptedTransport
    clock: ManualClock


def binance_bench(*, key: ApiKey | None = KEY, offset_ms: int = 0, fees: Fees | None = None) -> Bench:
    """A Binance client whose venue clock is `offset_ms` ahead."""
    clock, transport = ManualClock(NOW_NS), ScriptedTransport()
    limits = {
        "weight": Limit(count=6_000, period_ms=60_000),
        "order": Limit(count=5, period_ms=10_000),
    }
    gateway = Gateway(
        binance_connect.DIALECT,
        transport,
        RateLimiter(Venue.BINANCE, limits, clock, pool="weight"),
        VenueBreaker(Venue.BINANCE, clock, SeededEntropy(1)),
    )
    client = BinanceClient(gateway, clock, api_key=key, recv_window_ms=RECV_WINDOW_MS, fees=fees)
    transport.on(
        "GET /api/v3/time",
        lambda _: response(200, {"serverTime": clock.now_ns() // 1_000_000 + offset_ms}),
    )
    return Bench(client, transport, clock)


def upbit_bench(*, key: ApiKey | None = KEY) -> Bench:
    """An Upbit client."""
    clock, transport = ManualClock(NOW_NS), ScriptedTransport()
    limits = {
        "order": Limit(count=5, period_ms=1_000),
        "default": Limit(count=30, period_ms=1_000),
    }
    breaker = VenueBreaker(Venue.UPBIT, clock, SeededEntropy(1))
    gateway = Gateway(upbit_connect.DIALECT, transport, RateLimiter(Venue.UPBIT, limits, clock), breaker)
    client = UpbitClient(gateway, clock, SeededEntropy(1), api_key=key, http_timeout_ms=HTTP_TIMEOUT_MS)
    return Bench(client, transport, clock)
