"""One venue's engine: takes orders, matches them with the current book, and records what happened.

External liquidity is the current step's book. A taker eats it until the next book replaces it. Our
resting orders have price-time priority among themselves and fill at their own price when a book
reaches it. What becomes of two orders of the one account that meet is for the taker to say (`SelfTrade`).
All decisions become journal events first; state follows from events (records.py).
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from arb.sim.core.accounts import Balance, Overdrawn
from arb.sim.core.book import Liquidity, SimulatedBook, SimulatedLevel
from arb.sim.core.context import WallClock
from arb.sim.core.events import (
    BalancesOpened,
    Event,
    MovedOutside,
    OrderAccepted,
    OrderAmended,
    OrderClosed,
    OrderFilled,
    OrderReceived,
    OrderRejected,
    TradePrevented,
)
from arb.sim.core.journal import Recorded, VenueJournal
from arb.sim.core.orders import ZERO, OrderRequest, OrderSide, SelfTrade, SimulatedOrder, Status, TimeInForce
from arb.sim.core.planning import Meeting, OrderPlan, hold_after, hold_asset, hold_of, make_plan, prevented
from arb.sim.core.records import AcceptedOrders, VenueRecords
from arb.sim.core.rules import VenueRules


class RejectReason(StrEnum):
    """Why the engine rejected an order."""

    INSUFFICIENT_BALANCE = "insufficient_balance"
    WOULD_TAKE = "would_take"


class EndReason(StrEnum):
    """Why an order ended without filling completely."""

    CLIENT = "client"
    IOC_REMAINDER = "ioc_remainder"
    FOK_UNFILLED = "fok_unfilled"
    NO_LIQUIDITY = "no_liquidity"
    RESTART = "restart"
    WOULD_TAKE = "would_take"


class OrderRejection(Exception):
    """The engine did not take the order."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason)
        self.reason = reason


Listener = Callable[[Recorded], None]


class Exchange:
    """Orders, fills and balances of one venue against a book that changes by step."""

    def __init__(
        self, rules: VenueRules, journal: VenueJournal, clock: WallClock, balances: Mapping[str, Decimal]
    ) -> None:
        self.rules = rules
        self.journal = journal
        self.records = VenueRecords(rules.quote, journal.directory)
        self._clock = clock
        self._listeners: list[Listener] = []
        self._liquidity: dict[str, Liquidity] = {}
        for recorded in journal.replay():
            self.records.apply(recorded)
        if not journal.last_seq:
            self._emit(BalancesOpened(balances=dict(balances)))
        self._expire_interrupted()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every event from now on, right after it took effect."""
        self._listeners.append(listener)

    @property
    def orders(self) -> AcceptedOrders:
        """Every order ever accepted, by order id."""
        return self.records.orders

    def balance(self, asset: str) -> Balance:
        """Return free and locked of `asset`."""
        return self.records.accounts.balances.get(asset, Balance())

    def open_orders(self, coin: str | None = None) -> list[SimulatedOrder]:
        """Return open orders, oldest first, of one coin or of all."""
        if coin is not None:
            return list(self.records.open.get(coin, {}).values())
        return [order for orders in self.records.open.values() for order in orders.values()]

    def with_client_id(self, client_id: str) -> list[SimulatedOrder]:
        """Return every order that was ever accepted with `client_id`, oldest first."""
        return self.records.orders.with_client_id(client_id)

    def book(self, coin: str) -> SimulatedBook:
        """Return what is left of the current book."""
        return self._liquidity[coin].book()

    def put_books(self, books: Mapping[str, SimulatedBook]) -> None:
        """Replace the books of these coins."""
        for coin, book in books.items():
            self._liquidity[coin] = Liquidity(book)

    def match_resting(self, coins: Iterable[str]) -> None:
        """Fill the resting orders that the current books of `coins` reach."""
        for coin in coins:
            if self.records.open.get(coin):
                self._fill_resting(coin)

    def receive(self, client_id: str, endpoint: str) -> None:
        """Record that a request to place an order arrived."""
        self._emit(OrderReceived(client_id=client_id, endpoint=endpoint))

    def reject(self, client_id: str, reason: str) -> None:
        """Record that a request to place an order was rejected."""
        self._emit(OrderRejected(client_id=client_id, reason=reason))

    def move(self, asset: str, change: Decimal) -> None:
        """Let money come or go without an order. Raises: Overdrawn; then nothing has happened."""
        if self.balance(asset).free + change < ZERO:
            raise Overdrawn(asset, -change, self.balance(asset).free)
        self._emit(MovedOutside(asset=asset, change=change))

    def place(self, request: OrderRequest, fill_cap: Decimal | None = None) -> SimulatedOrder:
        """Take an order and match it at once.

        `fill_cap` (0 to 1) is a fault: at most that share of the quantity may fill now.
        Raises: OrderRejection; then nothing has happened.
        """
        makers = [one for one in self.open_orders(request.coin) if one.request.side is not request.side]
        liquidity = self._liquidity[request.coin]
        plan = make_plan(request, liquidity, self.rules, makers=makers, fill_cap=fill_cap)
        would_take = request.time_in_force is TimeInForce.POST_ONLY and bool(plan.steps)
        if would_take and not self.rules.cancels_post_only:
            raise OrderRejection(RejectReason.WOULD_TAKE)
        if plan.hold > self.balance(hold_asset(request, self.rules)).free:
            raise OrderRejection(RejectReason.INSUFFICIENT_BALANCE)
        order = self._accept(request, plan)
        if would_take:
            self._close(order, Status.CANCELED, EndReason.WOULD_TAKE)
            return order
        liquidity.consume(request.side, plan.taken)
        for step in plan.steps:
            is_last = plan.completes and step is plan.steps[-1]
            status = Status.FILLED if is_last else Status.PARTIALLY_FILLED
            if isinstance(step, SimulatedLevel):
                self._fill(order, step, status, maker=False)
            else:
                self._meet(order, step, status)
        if order.is_open and not _may_rest(request):
            self._close(order, Status.EXPIRED, _ending(request))
        return order

    def cancel(self, order: SimulatedOrder) -> None:
        """End an open order at the client's wish."""
        self._close(order, Status.CANCELED, EndReason.CLIENT)

    def amend(self, order: SimulatedOrder, quantity: Decimal, client_id: str) -> None:
        """Let an open limit order ask for less, under another client id; it keeps its place."""
        request = order.request
        self._emit(
            OrderAmended(
                order_id=order.order_id,
                former_client_id=request.client_id,
                client_id=client_id,
                former_quantity=request.quantity or ZERO,
                quantity=quantity,
                held_after=hold_of(request, quantity - order.spent, self.rules),
            )
        )

    def _accept(self, request: OrderRequest, plan: OrderPlan) -> SimulatedOrder:
        number = len(self.records.orders) + 1
        order_id = self.rules.order_id(number)
        self._emit(
            OrderAccepted(
                number=number,
                order_id=order_id,
                client_id=request.client_id,
                symbol=self.rules.symbol(request.coin),
                request=request,
                hold_asset=hold_asset(request, self.rules),
                held=plan.hold,
            )
        )
        return self.records.orders[order_id]

    def _fill(self, order: SimulatedOrder, level: SimulatedLevel, status: Status, maker: bool) -> None:
        number = self.records.archive.fill_count + 1
        request = order.request
        coin = request.coin
        fee = self.rules.fees.charge(request.side, coin, self.rules.quote, level.price, level.quantity)
        self._emit(
            OrderFilled(
                number=number,
                fill_id=self.rules.fill_id(number),
                order_id=order.order_id,
                client_id=request.client_id,
                coin=coin,
                symbol=self.rules.symbol(coin),
                side=request.side,
                price=level.price,
                quantity=level.quantity,
                fee=fee.amount,
                fee_asset=fee.asset,
                maker=maker,
                held_after=hold_after(order, level, fee, status, self.rules),
                status=status,
            )
        )

    def _meet(self, taker: SimulatedOrder, meeting: Meeting, status: Status) -> None:
        """Do to two orders of the account what the taker asked for; `status` is its own if they trade."""
        maker, level = meeting
        mode = taker.request.self_trade
        if mode is SelfTrade.ALLOW:
            is_last = maker.remaining == level.quantity
            self._fill(maker, level, Status.FILLED if is_last else Status.PARTIALLY_FILLED, maker=True)
            self._fill(taker, level, status, maker=False)
            return
        ends_taker = mode in (SelfTrade.CANCEL_TAKER, SelfTrade.CANCEL_BOTH)
        ends_maker = mode in (SelfTrade.CANCEL_MAKER, SelfTrade.CANCEL_BOTH)
        amount = level.quantity if mode is SelfTrade.REDUCE else None
        self._emit(
            TradePrevented(
                number=len(self.records.prevented) + 1,
                coin=taker.request.coin,
                price=level.price,
                taker=prevented(taker, level, amount, ends_taker, self.rules),
                maker=prevented(maker, level, amount, ends_maker, self.rules),
            )
        )

    def _fill_resting(self, coin: str) -> None:
        liquidity = self._liquidity[coin]
        for side in OrderSide:
            resting = [order for order in self.open_orders(coin) if order.request.side is side]
            for order in sorted(resting, key=_priority):
                request = order.request
                plan = make_plan(request, liquidity, self.rules, spent=order.spent)
                if not plan.taken or request.price is None:
                    break
                filled = SimulatedLevel(request.price, sum((level.quantity for level in plan.taken), ZERO))
                status = Status.FILLED if plan.completes else Status.PARTIALLY_FILLED
                liquidity.consume(side, plan.taken)
                self._fill(order, filled, status, maker=True)

    def _close(self, order: SimulatedOrder, status: Status, reason: str) -> None:
        client_id = order.request.client_id
        self._emit(OrderClosed(order_id=order.order_id, client_id=client_id, status=status, reason=reason))

    def _expire_interrupted(self) -> None:
        """End orders that a killed simulator left open although they must not rest."""
        for order in self.open_orders():
            if not _may_rest(order.request):
                self._close(order, Status.EXPIRED, EndReason.RESTART)

    def _emit(self, event: Event) -> None:
        recorded = self.journal.append(self._clock.now_ns(), event)
        self.records.apply(recorded)
        for listener in self._listeners:
            listener(recorded)


def _may_rest(request: OrderRequest) -> bool:
    rests = request.time_in_force in (TimeInForce.GTC, TimeInForce.POST_ONLY)
    return rests and request.price is not None and request.quantity is not None


def _ending(request: OrderRequest) -> EndReason:
    if request.time_in_force is TimeInForce.FOK:
        return EndReason.FOK_UNFILLED
    return EndReason.NO_LIQUIDITY if request.price is None else EndReason.IOC_REMAINDER


def _priority(order: SimulatedOrder) -> tuple[Decimal, int]:
    """Best price first, then oldest."""
    price = order.request.price or ZERO
    return (-price if order.request.side is OrderSide.BUY else price, order.number)
