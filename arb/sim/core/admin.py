"""HTTP for checkers: the truth of the simulated venue.

GET /sim/health, /sim/journal?since=SEQ&limit=N, /sim/orders, /sim/fills and /sim/balances. Amounts
are strings; times are Unix nanoseconds. Faults are set in fault_door.py.
"""

from collections.abc import Iterable
from typing import Any, Final

import orjson
from aiohttp import web

from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.orders import SimulatedOrder

JOURNAL_LIMIT: Final = 1_000
JOURNAL_LIMIT_MAX: Final = 100_000


class Admin:
    """The handlers, over one venue's context and engine."""

    def __init__(self, context: VenueContext, exchange: Exchange) -> None:
        self._context = context
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the venue's application."""
        return [
            web.get("/sim/health", self.health),
            web.get("/sim/journal", self.journal),
            web.get("/sim/orders", self.orders),
            web.get("/sim/fills", self.fills),
            web.get("/sim/balances", self.balances),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        now_ns = self._context.clock.now_ns()
        return reply(
            {
                "ok": True,
                "venue": self._context.venue,
                "now_ns": now_ns,
                "step": self._context.market.step_at(now_ns),
                "seq": self._context.journal.last_seq,
            }
        )

    async def journal(self, request: web.Request) -> web.Response:
        try:
            since = max(int(request.query.get("since", 0)), 0)
            limit = min(max(int(request.query.get("limit", JOURNAL_LIMIT)), 0), JOURNAL_LIMIT_MAX)
        except ValueError:
            return reply({"error": "since and limit are integers"}, status=400)
        events = self._context.journal.since(since, limit)
        return reply({"events": [event.as_json() for event in events]})

    async def orders(self, _request: web.Request) -> web.Response:
        symbol_of = self._exchange.rules.symbol
        return _listing("orders", (_order_row(order, symbol_of) for order in self._exchange.orders.select()))

    async def fills(self, _request: web.Request) -> web.Response:
        return _listing("fills", (fill.as_json() for fill in self._exchange.records.archive.fills()))

    async def balances(self, _request: web.Request) -> web.Response:
        accounts = self._exchange.records.accounts
        (opened,) = self._context.journal.since(0, 1)
        current = {
            asset: {"free": format(balance.free, "f"), "locked": format(balance.locked, "f")}
            for asset, balance in accounts.balances.items()
        }
        fees = {asset: format(amount, "f") for asset, amount in accounts.fees.items()}
        outside = {asset: format(-amount, "f") for asset, amount in accounts.outside.items()}
        opening = opened.as_json()["balances"]
        return reply({"initial": opening, "current": current, "fees": fees, "outside": outside})


def _order_row(order: SimulatedOrder, symbol_of: Any) -> dict[str, Any]:
    """Return one order for a checker."""
    request = order.request
    return {
        "order_id": order.order_id,
        "client_id": request.client_id,
        "symbol": symbol_of(request.coin),
        "coin": request.coin,
        "side": request.side,
        "time_in_force": request.time_in_force,
        "price": _text(request.price),
        "quantity": _text(request.quantity),
        "quote_quantity": _text(request.quote_quantity),
        "status": order.status,
        "reason": order.reason,
        "executed_quantity": _text(order.executed),
        "executed_quote": _text(order.executed_quote),
        "fees": {asset: _text(amount) for asset, amount in order.fees.items()},
        "fill_ids": order.fill_ids,
        "received_ns": request.received_ns,
        "created_ns": order.created_ns,
        "updated_ns": order.updated_ns,
    }


def _text(amount: Any) -> str | None:
    return None if amount is None else format(amount, "f")


def _listing(name: str, rows: Iterable[Any]) -> web.Response:
    """Return a long list as JSON, without holding more of it than its text."""
    body = b'{"%b":[%b]}' % (name.encode(), b",".join(map(orjson.dumps, rows)))
    return web.Response(body=body, content_type="application/json")


def reply(body: Any, status: int = 200) -> web.Response:
    """Return `body` as a JSON response."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
