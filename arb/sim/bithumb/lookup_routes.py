"""Handlers that look orders up: one, and pages of those that are open or ended."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from arb.sim.bithumb.render import listed_json, order_json
from arb.sim.core.orders import SimulatedOrder
from arb.sim.krw.auth import VIEW_ORDERS
from arb.sim.krw.errors import rejection
from arb.sim.krw.http_api import Route
from arb.sim.krw.lookup import KrwLookup
from arb.sim.krw.orders import CANCEL, DONE, WAIT
from arb.sim.krw.parameters import Parameters

PENDING_MAX: Final = 100
HISTORY_MAX: Final = 1_000


class BithumbLookup(KrwLookup):
    """What the owner of the key may ask about orders."""

    def routes(self) -> list[Route]:
        """Return the endpoints that change nothing."""
        return [
            Route(method="GET", path=path, group="default", handler=handler, permission=VIEW_ORDERS)
            for path, handler in (
                ("/v1/order", self.order),
                ("/v2/orders/pending", self.pending),
                ("/v2/orders/history", self.history),
            )
        ]

    async def order(self, parameters: Parameters) -> Any:
        found = self.find(parameters, "uuid", "client_order_id")
        view = self._service.view(found)
        if view.state == WAIT and view.form.time_in_force in ("ioc", "fok"):
            raise rejection("order_not_ready")  # such an order is never seen waiting
        return self.told(view, order_json(view))

    async def pending(self, parameters: Parameters) -> Any:
        return self._page(parameters, self.open_orders(parameters), (WAIT,), PENDING_MAX)

    async def history(self, parameters: Parameters) -> Any:
        start_ns, end_ns = self.window(parameters)
        created = self.created(parameters, start_ns, end_ns)
        return self._page(parameters, created, (DONE, CANCEL), HISTORY_MAX)

    def _page(
        self,
        parameters: Parameters,
        orders: Iterable[SimulatedOrder],
        states: tuple[str, ...],
        limit_max: int,
    ) -> dict[str, Any]:
        """Return a page, and the key of the next one: how many orders came before it."""
        limit = parameters.integer("limit", limit_max, limit_max)
        begin = int(parameters.get("next_key") or 0)
        views = [view for view in map(self._service.view, orders) if view.state in states]
        rows = [listed_json(view) for view in islice(views, begin, begin + limit)]
        return {"data": rows, "next_key": str(begin + limit) if len(views) > begin + limit else None}
