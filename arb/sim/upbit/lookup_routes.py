"""Handlers of the exchange API that look orders up."""

from itertools import islice
from typing import Any, Final

from arb.sim.krw.auth import VIEW_ORDERS
from arb.sim.krw.errors import rejection
from arb.sim.krw.http_api import Route
from arb.sim.krw.lookup import KrwLookup, chosen
from arb.sim.krw.orders import CANCEL, DONE, WAIT
from arb.sim.krw.parameters import Parameters
from arb.sim.upbit.render import order_json, order_with_trades_json

LIST_MAX: Final = 100
CLOSED_MAX: Final = 1_000


class UpbitLookup(KrwLookup):
    """What the owner of the key may ask about orders."""

    def routes(self) -> list[Route]:
        """Return the endpoints that change nothing."""
        return [
            Route(method="GET", path=path, group="default", handler=handler, permission=VIEW_ORDERS)
            for path, handler in (
                ("/v1/order", self.order),
                ("/v1/orders/uuids", self.by_ids),
                ("/v1/orders/open", self.open),
                ("/v1/orders/closed", self.closed),
                ("/v1/orders", self.listed),
            )
        ]

    async def order(self, parameters: Parameters) -> Any:
        view = self._service.view(self.find(parameters, "uuid", "identifier"))
        return self.told(view, order_with_trades_json(view))

    async def by_ids(self, parameters: Parameters) -> Any:
        uuids, identifiers = parameters.all("uuids"), parameters.all("identifiers")
        if not (uuids or identifiers) or len(uuids) + len(identifiers) > LIST_MAX:
            raise rejection("invalid_parameter", "uuids or identifiers, at most 100")
        found = [self.lookup(uuid, None) for uuid in uuids]
        found += [self.lookup(None, identifier) for identifier in identifiers]
        orders = {order.order_id: order for order in found if order is not None}
        return [order_json(view) for view in map(self._service.view, chosen(parameters, orders.values()))]

    async def open(self, parameters: Parameters) -> Any:
        states = parameters.all("states") or parameters.all("state") or [WAIT]
        limit = parameters.integer("limit", LIST_MAX, LIST_MAX)
        page = parameters.integer("page", 1, 1_000_000)
        orders = self.open_orders(parameters)
        views = (view for view in map(self._service.view, orders) if view.state in states)
        return [order_json(view) for view in islice(views, (page - 1) * limit, page * limit)]

    async def closed(self, parameters: Parameters) -> Any:
        states = parameters.all("states") or parameters.all("state") or [DONE, CANCEL]
        limit = parameters.integer("limit", LIST_MAX, CLOSED_MAX)
        start_ns, end_ns = self.window(parameters)
        views = (
            view
            for view in map(self._service.view, self.created(parameters, start_ns, end_ns))
            if view.state in states and view.state != WAIT
        )
        return [order_json(view) for view in islice(views, limit)]

    async def listed(self, parameters: Parameters) -> Any:
        """The list of before /open and /closed; pyupbit still asks for it."""
        states = parameters.all("states") or parameters.all("state") or [WAIT]
        return await (self.open if states == [WAIT] else self.closed)(parameters)
