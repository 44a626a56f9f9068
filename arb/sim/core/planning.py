"""What an order would do to the book, to other orders of its account and to its money. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from typing import NamedTuple, assert_never

from arb.sim.core.book import Budget, Liquidity, SimulatedLevel, accepts, quantity_of, value_of
from arb.sim.core.events import Prevented
from arb.sim.core.orders import ZERO, OrderRequest, OrderSide, SelfTrade, SimulatedOrder, Status, TimeInForce
from arb.sim.core.rules import Fee, VenueRules
from arb.sim.core.ticks import floor_to


class Meeting(NamedTuple):
    """A taker meets a resting order of its own account: at its price, that much base."""

    maker: SimulatedOrder
    level: SimulatedLevel


Step = SimulatedLevel | Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """What an order meets at once, best price first, whether that completes it, and what it must lock."""

    steps: Sequence[Step]
    completes: bool
    hold: Decimal

    @property
    def taken(self) -> list[SimulatedLevel]:
        """Return the levels of others that the order takes."""
        return [step for step in self.steps if isinstance(step, SimulatedLevel)]


def make_plan(
    request: OrderRequest,
    liquidity: Liquidity,
    rules: VenueRules,
    *,
    makers: Iterable[SimulatedOrder] = (),
    fill_cap: Decimal | None = None,
    spent: Decimal = ZERO,
) -> OrderPlan:
    """Return what `request` does against `liquidity` and the resting `makers` of its own account.

    `spent` is the base that it is not to trade any more.
    """
    lot = rules.lot(request.coin)
    levels = liquidity.against(request.side)
    path = _in_order(request.side, levels, makers)
    steps = _walk(request, path, _budget(request, lot, fill_cap, spent))
    used = [
        step if isinstance(step, SimulatedLevel) else step.level for step in steps if _uses(step, request)
    ]
    completes = _completes(request, used, lot, fill_cap, spent)
    if request.time_in_force is TimeInForce.FOK and not completes:
        steps, used = [], []
    return OrderPlan(steps=steps, completes=completes, hold=_hold(request, used, rules))


def _in_order(
    taker: OrderSide, levels: Iterable[SimulatedLevel], makers: Iterable[SimulatedOrder]
) -> Iterator[SimulatedLevel | SimulatedOrder]:
    """Yield what a taker meets: best price first, at one price its own orders, the oldest first."""
    sign = 1 if taker is OrderSide.BUY else -1

    def place(met: SimulatedLevel | SimulatedOrder) -> tuple[Decimal, int, int]:
        if isinstance(met, SimulatedLevel):
            return sign * met.price, 1, 0
        return sign * (met.request.price or ZERO), 0, met.number

    return merge(sorted(makers, key=place), levels, key=place)


def _walk(request: OrderRequest, path: Iterator[SimulatedLevel | SimulatedOrder], left: Budget) -> list[Step]:
    """Return what is met until the order is done, or gives way to one of its own account."""
    steps: list[Step] = []
    for met in path:
        level = (
            met
            if isinstance(met, SimulatedLevel)
            else SimulatedLevel(met.request.price or ZERO, met.remaining)
        )
        amount = min(level.quantity, left.at(level.price))
        if amount <= ZERO or not accepts(request.side, request.price, level.price):
            break
        level = SimulatedLevel(level.price, amount)
        if isinstance(met, SimulatedLevel):
            steps.append(level)
            left.spend(*level)
            continue
        match request.self_trade:
            case SelfTrade.CANCEL_TAKER | SelfTrade.CANCEL_BOTH:
                return [*steps, Meeting(met, level)]
            case SelfTrade.CANCEL_MAKER:
                steps.append(Meeting(met, level))
            case SelfTrade.REDUCE | SelfTrade.ALLOW:
                steps.append(Meeting(met, level))
                left.spend(*level)
            case _ as unknown:
                assert_never(unknown)
    return steps


def _uses(step: Step, request: OrderRequest) -> bool:
    """Whether a step uses up some of what the order asked for: all or nothing must trade it all."""
    ways = (
        {SelfTrade.ALLOW} if request.time_in_force is TimeInForce.FOK else {SelfTrade.ALLOW, SelfTrade.REDUCE}
    )
    return isinstance(step, SimulatedLevel) or request.self_trade in ways


def _budget(request: OrderRequest, lot: Decimal, fill_cap: Decimal | None, spent: Decimal) -> Budget:
    share = Decimal(1) if fill_cap is None else fill_cap
    if request.quantity is None:
        return Budget(quote=(request.quote_quantity or ZERO) * share, lot=lot)
    remaining = request.quantity - spent
    return Budget(base=remaining if fill_cap is None else floor_to(remaining * share, lot))


def _completes(
    request: OrderRequest, used: list[SimulatedLevel], lot: Decimal, fill_cap: Decimal | None, spent: Decimal
) -> bool:
    if request.quantity is not None:
        return quantity_of(used) == request.quantity - spent
    left = (request.quote_quantity or ZERO) - value_of(used)
    return fill_cap is None and bool(used) and left < lot * used[-1].price


def _hold(request: OrderRequest, taken: list[SimulatedLevel], rules: VenueRules) -> Decimal:
    """Return what must be locked: quote (with any fee on top) to buy, base to sell."""
    if request.side is OrderSide.SELL:
        return quantity_of(taken) if request.quantity is None else request.quantity
    if request.quantity is None:
        value = request.quote_quantity or ZERO
    elif request.price is None:
        value = value_of(taken)
    else:
        value = request.price * request.quantity
    return value + rules.fees.on_top(request.side, value)


def hold_asset(request: OrderRequest, rules: VenueRules) -> str:
    """Return the asset an order locks."""
    return rules.quote if request.side is OrderSide.BUY else request.coin


def hold_after(
    order: SimulatedOrder, level: SimulatedLevel, fee: Fee, status: Status, rules: VenueRules
) -> Decimal:
    """Return what stays locked once `level` has filled."""
    request = order.request
    if status is Status.FILLED:
        return ZERO
    if request.price is not None and request.quantity is not None:
        return hold_of(request, request.quantity - order.spent - level.quantity, rules)
    if request.side is OrderSide.SELL:
        return order.held - level.quantity
    value = level.price * level.quantity
    return order.held - value - (fee.amount if fee.asset == rules.quote else ZERO)


def hold_of(request: OrderRequest, quantity: Decimal, rules: VenueRules) -> Decimal:
    """Return what a limit order locks for `quantity` base that is still to trade."""
    if request.side is OrderSide.SELL:
        return quantity
    value = (request.price or ZERO) * quantity
    return value + rules.fees.on_top(request.side, value)


def prevented(
    order: SimulatedOrder, level: SimulatedLevel, amount: Decimal | None, ends: bool, rules: VenueRules
) -> Prevented:
    """Return what an order loses when it is kept from trading `level`: `amount` base, or all if it ends."""
    quantity = order.remaining if ends else amount or ZERO
    is_over = ends or (amount is not None and quantity == order.remaining)
    held = order.held
    if amount is not None:
        held = hold_after(order, level, Fee(rules.quote, ZERO), Status.PARTIALLY_FILLED, rules)
    return Prevented(
        order_id=order.order_id,
        client_id=order.request.client_id,
        quantity=quantity,
        held_after=ZERO if is_over else held,
        status=Status.EXPIRED_IN_MATCH if is_over else order.status,
    )
