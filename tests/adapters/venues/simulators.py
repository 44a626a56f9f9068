"""The simulated exchanges as processes of their own, and what a test does to them and sees inside."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.venues.binance import connect as binance
from arb.adapters.venues.binance.client import BinanceClient
from arb.adapters.venues.bithumb import connect as bithumb
from arb.adapters.venues.bithumb.client import BithumbClient
from arb.adapters.venues.http import HttpTransport, NotSent
from arb.adapters.venues.upbit import connect as upbit
from arb.adapters.venues.upbit.client import UpbitClient
from arb.domain.market.ids import Symbol, Venue, client_order_id, trade_id
from arb.domain.market.instrument import Instrument, Side
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.ports.trading import VenueClient
from arb.venues.api_key import ApiKey
from arb.venues.reply import parse_json
from arb.venues.request import HttpRequest
from tests.free_port import free_port

KEYS = {venue: ApiKey(f"{venue.code}-key", f"{venue.code}-secret") for venue in Venue}
HTTP_TIMEOUT_MS = 400
RECV_WINDOW_MS = 1_000
CLOCK, ENTROPY = SystemClock(), SystemEntropy()
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Simulator:
    """One running simulator."""

    venue: Venue
    url: str

    def admin(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        """Call an endpoint of the simulator itself."""
        transport = HttpTransport(self.url, connect_timeout_ms=2_000, read_timeout_ms=5_000)
        raw = b"" if body is None else json.dumps(body).encode()
        reply = transport.send(HttpRequest(method=method, path=path, body=raw, query=query))
        transport.close()
        assert reply.status == 200, reply
        return parse_json(reply.body)

    def fault(self, kind: str, **facts: Any) -> None:
        """Switch a fault on."""
        self.admin("POST", "/sim/faults", {"kind": kind, **facts})

    def orders(self, client_id: str) -> list[dict[str, Any]]:
        """Return what the venue has under a client id: the truth."""
        return [row for row in self.admin("GET", "/sim/orders")["orders"] if row["client_id"] == client_id]

    def balances(self) -> dict[str, Decimal]:
        """Return the venue's balances, zeros left out."""
        rows = self.admin("GET", "/sim/balances")["current"]
        totals = {name: Decimal(row["free"]) + Decimal(row["locked"]) for name, row in rows.items()}
        return {name: total for name, total in totals.items() if total}

    def client(self) -> VenueClient:
        """Return a client of ours with fresh connections and limits."""
        if self.venue is Venue.BINANCE:
            gateway = binance.connect_gateway(
                self.url,
                CLOCK,
                ENTROPY,
                http_timeout_ms=HTTP_TIMEOUT_MS,
                weight_per_minute=5_000,
                orders_per_10s=50,
            )
            return BinanceClient(gateway, CLOCK, api_key=KEYS[self.venue], recv_window_ms=RECV_WINDOW_MS)
        if self.venue is Venue.BITHUMB:
            gateway = bithumb.connect_gateway(
                self.url, CLOCK, ENTROPY, http_timeout_ms=HTTP_TIMEOUT_MS, orders_per_s=20, requests_per_s=50
            )
            return BithumbClient(gateway, CLOCK, ENTROPY, api_key=KEYS[self.venue])
        gateway = upbit.connect_gateway(
            self.url, CLOCK, ENTROPY, http_timeout_ms=HTTP_TIMEOUT_MS, orders_per_s=8, requests_per_s=20
        )
        return UpbitClient(gateway, CLOCK, ENTROPY, api_key=KEYS[self.venue], http_timeout_ms=HTTP_TIMEOUT_MS)


@contextmanager
def running(
    folder: Path, venues: Iterable[Venue] = Venue, **changes: Any
) -> Iterator[dict[Venue, Simulator]]:
    """Start the simulators, or some of them, on one configuration; end them afterwards."""
    config = folder / "sim.json"
    config.write_text(json.dumps(_config() | changes))
    processes = {}
    try:
        for venue in venues:
            port = free_port()
            command = [sys.executable, "-m", "arb.sim", venue, "--config", str(config), "--port", str(port)]
            process = subprocess.Popen(command, cwd=ROOT)
            processes[venue] = (process, Simulator(venue, f"http://127.0.0.1:{port}"))
        for _, simulator in processes.values():
            _await_health(simulator)
        yield {venue: simulator for venue, (_, simulator) in processes.items()}
    finally:
        for process, _ in processes.values():
            process.terminate()
        for process, _ in processes.values():
            process.wait(timeout=10)


def make_order(
    instrument: Instrument, price: Decimal, side: Side = Side.BUY, quantity: str = "0.01", **changes: Any
) -> Order:
    """Return an order claimed just now; `price` is rounded to what the venue takes."""
    now_ns = CLOCK.now_ns()
    trade = trade_id(now_ns // 1_000_000, ENTROPY.bits(22))
    facts: dict[str, Any] = {
        "client_order_id": client_order_id(trade, instrument.venue, 1),
        "trade_id": trade,
        "venue": instrument.venue,
        "symbol": Symbol(instrument.symbol),
        "side": side,
        "purpose": Purpose.ENTRY,
        "quantity": Decimal(quantity),
        "limit_price": instrument.round_price(price, side),
        "expires_at_ns": now_ns + 3_000_000_000,
        "created_at_ns": now_ns,
        "claimed_at_ns": now_ns,
        "state": OrderState.SUBMITTED,
        "fence": 1,
        "attempts": 1,
    }
    return Order(**(facts | changes))


def _config() -> dict[str, Any]:
    keys = {venue: {"key": key.key, "secret": key.secret} for venue, key in KEYS.items()}
    return {
        "seed": 42,
        "epoch_ns": CLOCK.now_ns(),
        "step_ms": 100,
        "coins": {"BTC": {}},
        "credentials": keys,
        "balances": {
            "binance": {"USDT": "300000", "BTC": "10"},
            "upbit": {"KRW": "400000000", "BTC": "10"},
            "bithumb": {"KRW": "400000000", "BTC": "10"},
        },
    }


def _await_health(simulator: Simulator) -> None:
    for _ in range(600):
        try:
            simulator.admin("GET", "/sim/health")
        except NotSent:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{simulator.venue} does not start")
