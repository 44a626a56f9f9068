"""Handlers that place and cancel orders, and the form that an order has to have."""

import re
from dataclasses import replace
from typing import Any, Final

from arb.sim.bithumb.render import STP_TYPE, ack_json
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import Scope
from arb.sim.krw.auth import MAKE_ORDERS
from arb.sim.krw.errors import KrwRejection, rejection
from arb.sim.krw.forms import BID, ZERO, OrderForm
from arb.sim.krw.http_api import Route
from arb.sim.krw.lookup import KrwLookup
from arb.sim.krw.order_service import OrderService
from arb.sim.krw.orders import WAIT, OrderView
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.rules import check_size, read_order
from arb.sim.krw.switches import Switchboard

CREATED: Final = 201
PLACE: Final = "POST /v2/orders"
CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
OTHER_NAMES: Final = {"order_type": "ord_type", "client_order_id": "identifier"}


class BithumbOrdering:
    """How the owner of the key makes and ends orders."""

    def __init__(
        self,
        exchange: Exchange,
        service: OrderService,
        lookup: KrwLookup,
        board: Switchboard,
        markets: frozenset[str],
    ) -> None:
        self._exchange = exchange
        self._service = service
        self._lookup = lookup
        self._board = board
        self._markets = markets

    def routes(self) -> list[Route]:
        """Return the endpoints that place and cancel."""
        return [
            Route(
                method="POST",
                path="/v2/orders",
                group="order",
                handler=self.create,
                permission=MAKE_ORDERS,
                status=CREATED,
                scope=Scope.ORDER,
            ),
            *(
                Route(method="DELETE", path=path, group="order", handler=self.cancel, permission=MAKE_ORDERS)
                for path in ("/v2/order", "/v1/order")
            ),
        ]

    async def create(self, parameters: Parameters) -> Any:
        return ack_json(self._submit(parameters))

    async def cancel(self, parameters: Parameters) -> Any:
        order = self._lookup.lookup(
            parameters.get("order_id") or parameters.get("uuid"), parameters.get("client_order_id")
        )
        if order is None or self._service.view(order).state != WAIT:
            raise rejection("order_not_found")
        return ack_json(self._service.cancel(order))

    def _submit(self, parameters: Parameters) -> OrderView:
        """Place the order a body asks for; a rejection is journalled, with its id."""
        client_order_id = parameters.get("client_order_id") or ""
        self._exchange.receive(client_order_id, PLACE)
        try:
            form = self._checked(parameters)
            book = self._exchange.book(form.coin)
            levels = book.asks if form.side == BID else book.bids
            return self._service.place(form, levels[0].price if levels else ZERO)
        except KrwRejection as error:
            self._exchange.reject(client_order_id, str(error.reply.name))
            raise

    def _checked(self, parameters: Parameters) -> OrderForm:
        client_order_id = parameters.get("client_order_id")
        if client_order_id is not None and not CLIENT_ORDER_ID.fullmatch(client_order_id):
            raise rejection("invalid_parameter", "client_order_id")
        pairs = tuple((OTHER_NAMES.get(name, name), text) for name, text in parameters.pairs)
        form = replace(read_order(Parameters(pairs, ""), self._markets), smp_type=STP_TYPE)
        if self._board.is_halted(form.market):
            raise rejection("market_offline")
        book = self._exchange.book(form.coin)
        best_bid = book.bids[0].price if book.bids else ZERO
        check_size(form, best_bid, self._board.unit_at, self._board.min_total(form.market))
        return form
