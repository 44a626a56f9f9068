"""The filters an order must pass before it reaches the engine (-1013). Pure.

NOTIONAL (of orders without a price) and PERCENT_PRICE_BY_SIDE refer to the average price of five
minutes, as on the venue where a symbol has no reference price; none has one here.
"""

from decimal import Decimal

from arb.sim.binance import errors
from arb.sim.binance.symbols import (
    MAX_NOTIONAL,
    MAX_OPEN_ORDERS,
    MAX_PRICE,
    PRICE_DOWN,
    PRICE_UP,
    Symbol,
)
from arb.sim.core.orders import OrderRequest
from arb.sim.core.ticks import is_multiple


def check_filters(request: OrderRequest, symbol: Symbol, average: Decimal, open_orders: int) -> None:
    """Raise the first filter that `request` fails."""
    if request.price is not None:
        _check_price(request.price, symbol, average)
    if request.quantity is not None:
        check_quantity(request, request.quantity, symbol)
    _check_notional(request, average, symbol.min_notional)
    if open_orders >= MAX_OPEN_ORDERS:
        raise errors.filter_failure("MAX_NUM_ORDERS")


def _check_price(price: Decimal, symbol: Symbol, average: Decimal) -> None:
    tick = symbol.coin.tick_usdt
    if not tick <= price <= MAX_PRICE or not is_multiple(price, tick):
        raise errors.filter_failure("PRICE_FILTER")
    if not average * PRICE_DOWN <= price <= average * PRICE_UP:
        raise errors.filter_failure("PERCENT_PRICE_BY_SIDE")


def check_quantity(request: OrderRequest, quantity: Decimal, symbol: Symbol) -> None:
    """Raise the first filter of sizes that `quantity` fails."""
    lot = symbol.coin.lot
    if quantity == 0:
        raise errors.BinanceError(-1013, "Invalid quantity.")
    if not lot <= quantity <= symbol.max_quantity or not is_multiple(quantity, lot):
        raise errors.filter_failure("LOT_SIZE")
    if request.price is None and quantity > symbol.market_max_quantity:
        raise errors.filter_failure("MARKET_LOT_SIZE")


def _check_notional(request: OrderRequest, average: Decimal, minimum: Decimal) -> None:
    if request.quantity is None:
        notional = request.quote_quantity or Decimal(0)
    else:
        notional = request.quantity * (request.price or average)
    too_large = request.price is not None and notional > MAX_NOTIONAL
    if notional < minimum or too_large:
        raise errors.filter_failure("NOTIONAL")
