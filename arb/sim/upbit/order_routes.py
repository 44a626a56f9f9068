"""Handlers of the exchange API that place orders: create, test, cancel and new."""

from decimal import Decimal
from typing import Any, Final

from arb.sim.core.book import SimulatedBook, quantity_of, value_of
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
from arb.sim.krw.rules import check_size, read_identifier, read_order
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import seeded_uuid
from arb.sim.upbit.render import order_json

CREATED: Final = 201
DEPTH_LEVELS: Final = 30  # a market order larger than these together is rejected
REMAIN_ONLY: Final = "remain_only"
PLACE: Final = "POST /v1/orders"
CANCEL_AND_NEW: Final = "POST /v1/orders/cancel_and_new"


class Ordering:
    """How the owner of the key makes orders."""

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
        """Return the endpoints that place orders."""
        return [
            Route(
                method="POST",
                path=path,
                group=group,
                handler=handler,
                permission=MAKE_ORDERS,
                status=CREATED,
                scope=scope,
            )
            for path, group, handler, scope in (
                ("/v1/orders", "order", self.create, Scope.ORDER),
                ("/v1/orders/test", "order-test", self.test, Scope.ANY),
                ("/v1/orders/cancel_and_new", "order", self.cancel_and_new, Scope.ORDER),
            )
        ]

    async def create(self, parameters: Parameters) -> Any:
        return order_json(self._submit(parameters, PLACE))

    async def test(self, parameters: Parameters) -> Any:
        form = self._checked(parameters)
        self._check_identifier(form.identifier)
        rate = self._exchange.rules.fees.rate
        asset, needed = (
            ("KRW", form.funds * (1 + rate)) if form.side == BID else (form.coin, form.volume or ZERO)
        )
        if needed > self._exchange.balance(asset).free:
            raise rejection(f"insufficient_funds_{form.side}")
        view = OrderView(
            uuid=seeded_uuid(parameters.hashed_text),
            form=form,
            state=WAIT,
            created_ns=self._service.now_ns(),
            fee_rate=rate,
            locked=needed,
        )
        return order_json(view)

    async def cancel_and_new(self, parameters: Parameters) -> Any:
        order = self._lookup.lookup(
            parameters.get("prev_order_uuid"), parameters.get("prev_order_identifier")
        )
        if order is None or not order.is_open:
            raise rejection("order_not_found")
        shown = self._service.view(order)
        identifier = read_identifier(parameters, "new_identifier")
        replacement = _replacement(parameters, shown)
        self._check_identifier(identifier)
        self._checked(replacement)
        self._service.finish(order)
        new = self._submit(replacement, CANCEL_AND_NEW)
        named = {} if identifier is None else {"new_order_identifier": identifier}
        return order_json(shown) | {"new_order_uuid": new.uuid} | named

    def _submit(self, parameters: Parameters, endpoint: str) -> OrderView:
        """Place the order a body asks for; a rejection is journalled, with its identifier."""
        identifier = read_identifier(parameters, "identifier")
        self._exchange.receive(identifier or "", endpoint)
        try:
            self._check_identifier(identifier)
            form = self._checked(parameters)
            return self._service.place(form, _best_opposite(form, self._exchange.book(form.coin)))
        except KrwRejection as error:
            self._exchange.reject(identifier or "", str(error.reply.name))
            raise

    def _check_identifier(self, identifier: str | None) -> None:
        if identifier is not None and self._service.owns(identifier):
            raise rejection("invalid_parameter", "identifier is already used")

    def _checked(self, parameters: Parameters) -> OrderForm:
        form = read_order(parameters, self._markets)
        if self._board.is_halted(form.market):
            raise rejection("market_offline")
        book = self._exchange.book(form.coin)
        _check_depth(form, book)
        best_bid = book.bids[0].price if book.bids else ZERO
        check_size(form, best_bid, self._board.unit_at, self._board.min_total(form.market))
        return form


def _best_opposite(form: OrderForm, book: SimulatedBook) -> Decimal:
    levels = book.asks if form.side == BID else book.bids
    return levels[0].price if levels else ZERO


def _check_depth(form: OrderForm, book: SimulatedBook) -> None:
    """Refuse a market order that is larger than the opposite levels together."""
    too_much = (form.ord_type == "price" and form.funds > value_of(book.asks[:DEPTH_LEVELS])) or (
        form.ord_type == "market" and (form.volume or ZERO) > quantity_of(book.bids[:DEPTH_LEVELS])
    )
    if too_much:
        raise rejection(f"create_{form.side}_error", "주문 가능한 수량을 초과했습니다.")


def _replacement(parameters: Parameters, old: OrderView) -> Parameters:
    """Return the body of the order that takes the place of `old`."""
    volume = parameters.get("new_volume")
    if volume == REMAIN_ONLY:
        volume = format(old.remaining_volume or ZERO, "f")
    sent = {
        "market": old.form.market,
        "side": old.form.side,
        "ord_type": parameters.get("new_ord_type"),
        "volume": volume,
        "price": parameters.get("new_price"),
        "time_in_force": parameters.get("new_time_in_force"),
        "smp_type": parameters.get("new_smp_type"),
        "identifier": parameters.get("new_identifier"),
    }
    return Parameters(tuple((name, text) for name, text in sent.items() if text is not None), "")
