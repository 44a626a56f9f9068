"""What an order would do to the book and to the account, before anything happens. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from arb.sim.core.book import Level, Liquidity, quantity_of, take, take_quote, value_of
from arb.sim.core.orders import ZERO, Order, OrderRequest, Side, Status, TimeInForce
from arb.sim.core.rules import Fee, VenueRules
from arb.sim.core.ticks import floor_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The levels an order takes at once, whether that completes it, and what it must lock."""

    taken: list[Level]
    completes: bool
    hold: Decimal


def make_plan(
    request: OrderRequest,
    liquidity: Liquidity,
    rules: VenueRules,
    fill_cap: Decimal | None = None,
    executed: Decimal = ZERO,
) -> Plan:
    """Return what `request` does against `liquidity`, having `executed` that much base before."""
    taken, completes = _taken(request, liquidity, rules.lot(request.coin), fill_cap, executed)
    if request.time_in_force is TimeInForce.FOK and not completes:
        taken = []
    return Plan(taken=taken, completes=completes, hold=_hold(request, taken, rules))


def _taken(
    request: OrderRequest, liquidity: Liquidity, lot: Decimal, fill_cap: Decimal | None, executed: Decimal
) -> tuple[list[Level], bool]:
    levels = liquidity.against(request.side)
    share = Decimal(1) if fill_cap is None else fill_cap
    if request.quantity is not None:
        remaining = request.quantity - executed
        allowed = remaining if fill_cap is None else floor_to(remaining * share, lot)
        taken = take(levels, request.side, request.price, allowed)
        return taken, quantity_of(taken) == remaining
    quote = request.quote_quantity or ZERO
    taken = take_quote(levels, request.side, request.price, quote * share, lot)
    return taken, fill_cap is None and _is_spent(levels, taken, quote, lot)


def _is_spent(levels: list[Level], taken: list[Level], quote: Decimal, lot: Decimal) -> bool:
    """Whether what is left of `quote` is too little for one more lot at the last price."""
    return bool(taken) and len(levels) > 0 and quote - value_of(taken) < lot * taken[-1].price


def _hold(request: OrderRequest, taken: list[Level], rules: VenueRules) -> Decimal:
    """Return what must be locked: quote (with any fee on top) to buy, base to sell."""
    if request.side is Side.SELL:
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
    return rules.quote if request.side is Side.BUY else request.coin


def hold_after(order: Order, level: Level, fee: Fee, status: Status, rules: VenueRules) -> Decimal:
    """Return what stays locked once `level` has filled."""
    request = order.request
    if status is Status.FILLED:
        return ZERO
    if request.side is Side.BUY and request.price is not None and request.quantity is not None:
        value = request.price * (request.quantity - order.executed - level.quantity)
        return value + rules.fees.on_top(request.side, value)
    if request.side is Side.SELL:
        return order.held - level.quantity
    value = level.price * level.quantity
    return order.held - value - (fee.amount if fee.asset == rules.quote else ZERO)
