"""Handlers of the exchange API that cancel orders. A cancel is a request: confirm it later."""

from typing import Any, Final

from arb.sim.core.orders import SimulatedOrder
from arb.sim.krw.auth import MAKE_ORDERS
from arb.sim.krw.errors import rejection
from arb.sim.krw.http_api import Route
from arb.sim.krw.lookup import KrwLookup
from arb.sim.krw.order_service import OrderService
from arb.sim.krw.orders import WAIT, OrderView
from arb.sim.krw.parameters import Parameters
from arb.sim.upbit.render import order_json, reference_json

BATCH_MAX: Final = 20
OPEN_DEFAULT: Final = 20
OPEN_MAX: Final = 300
SIDES: Final = {"all": ("bid", "ask"), "bid": ("bid",), "ask": ("ask",)}


class Canceling:
    """How the owner of the key ends orders."""

    def __init__(self, service: OrderService, lookup: KrwLookup) -> None:
        self._service = service
        self._lookup = lookup

    def routes(self) -> list[Route]:
        """Return the endpoints that cancel."""
        return [
            Route(method="DELETE", path=path, group=group, handler=handler, permission=MAKE_ORDERS)
            for path, group, handler in (
                ("/v1/order", "default", self.one),
                ("/v1/orders/uuids", "default", self.several),
                ("/v1/orders/open", "order-cancel-all", self.all_open),
            )
        ]

    async def one(self, parameters: Parameters) -> Any:
        uuid, identifier = parameters.get("uuid"), parameters.get("identifier")
        if uuid is None and identifier is None:
            raise rejection("validation_error", "uuid or identifier is missing")
        order = self._lookup.lookup(uuid, identifier)
        if order is None or self._service.view(order).state != WAIT:
            raise rejection("order_not_found")
        return order_json(self._service.cancel(order))

    async def several(self, parameters: Parameters) -> Any:
        uuids, identifiers = parameters.all("uuids"), parameters.all("identifiers")
        if not 1 <= len(uuids) + len(identifiers) <= BATCH_MAX:
            raise rejection("invalid_parameter", "uuids or identifiers, at most 20")
        found = [(self._lookup.lookup(uuid, None), {"uuid": uuid}) for uuid in uuids]
        found += [(self._lookup.lookup(None, name), {"identifier": name}) for name in identifiers]
        canceled: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for order, reference in found:
            if order is None:
                failed.append(reference)
            elif self._service.view(order).state == WAIT:
                canceled.append(reference_json(self._service.cancel(order)))
            else:
                failed.append(reference_json(self._service.view(order)))
        return _outcome(canceled, failed)

    async def all_open(self, parameters: Parameters) -> Any:
        side = parameters.get("cancel_side") or "all"
        count = parameters.integer("count", OPEN_DEFAULT, OPEN_MAX)
        if side not in SIDES or len(parameters.all("pairs")) > BATCH_MAX:
            raise rejection("invalid_parameter")
        orders = self._lookup.open_orders(parameters)
        chosen = [order for order in orders if self._is_chosen(order, side, parameters)][:count]
        return _outcome([reference_json(self._service.cancel(order)) for order in chosen], [])

    def _is_chosen(self, order: SimulatedOrder, side: str, parameters: Parameters) -> bool:
        view: OrderView = self._service.view(order)
        market = view.form.market
        pairs, quotes = parameters.all("pairs"), parameters.all("quote_currencies")
        return (
            view.state == WAIT
            and view.form.side in SIDES[side]
            and (not pairs or market in pairs)
            and (not quotes or market.partition("-")[0] in quotes)
            and market not in parameters.all("excluded_pairs")
        )


def _outcome(canceled: list[dict[str, Any]], failed: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "success": {"count": len(canceled), "orders": canceled},
        "failed": {"count": len(failed), "orders": failed},
    }
