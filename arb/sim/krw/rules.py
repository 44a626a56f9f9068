"""Which orders Upbit takes, judged by their form, price unit and size.

Pure. Funds, identifiers and the depth of the book are judged elsewhere. Source:
docs/protocols/upbit.md.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from arb.sim.krw.errors import KrwRejection, rejection
from arb.sim.krw.forms import ASK, BID, SELF_TRADES, OrderForm
from arb.sim.krw.parameters import Parameters

MAX_TOTAL_KRW: Final = Decimal(1_000_000_000)
VOLUME_UNIT: Final = Decimal("0.00000001")
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
SMP_DEFAULT: Final = "cancel_maker"
UnitAt = Callable[[str, Decimal], Decimal]  # the price unit of a market at a price

# (side, ord_type) -> (takes a price, takes a volume, accepted times in force)
SHAPES: Final[Mapping[tuple[str, str], tuple[bool, bool, frozenset[str | None]]]] = {
    (BID, "limit"): (True, True, frozenset({None, "ioc", "fok", "post_only"})),
    (ASK, "limit"): (True, True, frozenset({None, "ioc", "fok", "post_only"})),
    (BID, "price"): (True, False, frozenset({None})),
    (ASK, "market"): (False, True, frozenset({None})),
    (BID, "best"): (True, False, frozenset({"ioc", "fok"})),
    (ASK, "best"): (False, True, frozenset({"ioc", "fok"})),
}


def read_order(parameters: Parameters, markets: frozenset[str]) -> OrderForm:
    """Return the order a body asks for.

    Raises: KrwRejection (validation_error, create_bid_error, create_ask_error).
    """
    side = _one_of(parameters, "side", frozenset({BID, ASK}))
    form = OrderForm(
        market=_one_of(parameters, "market", markets),
        side=side,
        ord_type=_one_of(parameters, "ord_type", frozenset({"limit", "price", "market", "best"})),
        price=parameters.amount("price"),
        volume=parameters.amount("volume"),
        time_in_force=parameters.get("time_in_force"),
        identifier=read_identifier(parameters, "identifier"),
        smp_type=parameters.get("smp_type") or _smp_default(parameters),
    )
    _check_shape(form, parameters.get("smp_type"))
    return form


def check_size(form: OrderForm, best_bid: Decimal, unit_at: UnitAt, min_total: Decimal) -> None:
    """Check price unit, smallest and largest total (KRW).

    Raises: KrwRejection (invalid_price_*, under_min_total_*, invalid_parameter).
    """
    side, price = form.side, form.price
    if form.ord_type == "limit" and price is not None and price % unit_at(form.market, price):
        raise rejection(f"invalid_price_{side}")
    total = _order_total(form, best_bid)
    if total < min_total:
        raise rejection(f"under_min_total_{side}")
    if total > MAX_TOTAL_KRW:
        raise rejection("invalid_parameter", "최대주문금액을 초과했습니다.")


def _order_total(form: OrderForm, best_bid: Decimal) -> Decimal:
    """Return what the order is worth in KRW, a market ask at the best bid."""
    return form.funds or (form.volume or Decimal(0)) * best_bid


def read_identifier(parameters: Parameters, name: str) -> str | None:
    """Return a well-formed client id, or None when absent."""
    text = parameters.get(name)
    if text is not None and not IDENTIFIER.fullmatch(text):
        raise rejection("validation_error", f"{name} does not have a valid value")
    return text


def _smp_default(parameters: Parameters) -> str:
    """Return what is in force without a word: a post-only order never takes, so that nothing is prevented."""
    return "none" if parameters.get("time_in_force") == "post_only" else SMP_DEFAULT


def _check_shape(form: OrderForm, smp_sent: str | None) -> None:
    shape = SHAPES.get((form.side, form.ord_type))
    if shape is None:
        raise _misshapen(form)
    takes_price, takes_volume, times_in_force = shape
    if takes_price != (form.price is not None) or takes_volume != (form.volume is not None):
        raise _misshapen(form)
    if form.time_in_force not in times_in_force or form.smp_type not in SELF_TRADES:
        raise _misshapen(form)
    if form.time_in_force == "post_only" and smp_sent not in (None, "none"):
        raise _misshapen(form)
    if form.volume is not None and form.volume % VOLUME_UNIT:
        raise rejection("validation_error", "volume has more than 8 decimals")


def _misshapen(form: OrderForm) -> KrwRejection:
    return rejection(f"create_{form.side}_error")


def _one_of(parameters: Parameters, name: str, allowed: frozenset[str]) -> str:
    value = parameters.get(name)
    if value is None:
        raise rejection("validation_error", f"{name} is missing, {name} does not have a valid value")
    if value not in allowed:
        raise rejection("validation_error", f"{name} does not have a valid value")
    return value
