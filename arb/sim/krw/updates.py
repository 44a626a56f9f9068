"""What clients are told about an order, one step of its life at a time."""

from dataclasses import dataclass

from arb.sim.core.events import OrderClosed, OrderFilled
from arb.sim.krw.forms import BID, QUOTE
from arb.sim.krw.orders import PREVENTED, WAIT, OrderTrade, OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something clients are told about one order: its state in the stream's words, and any fill."""

    view: OrderView
    state: str  # wait | trade | prevented | done | cancel
    trade: OrderTrade | None
    currencies: tuple[str, ...]  # whose balances changed


def trade_of(fill: OrderFilled, ts_ns: int) -> OrderTrade:
    """Return a fill in Upbit's words."""
    return OrderTrade(
        uuid=fill.fill_id, price=fill.price, volume=fill.quantity, fee=fill.fee, ts_ns=ts_ns, maker=fill.maker
    )


def results(view: OrderView, event: OrderFilled | OrderClosed) -> list[Update]:
    """Return the updates that follow from a fill or an end."""
    base = view.form.coin
    if isinstance(event, OrderClosed):
        return [make_update(view, view.state, None, _locked(view))]
    updates = [make_update(view, "trade", view.trades[-1], QUOTE, base)]
    return updates if view.state == WAIT else [*updates, make_update(view, view.state, None)]


def prevented(view: OrderView) -> list[Update]:
    """Return the updates of an order that was kept from trading with one of the same account."""
    kept = make_update(view, PREVENTED, None, _locked(view))
    return [kept] if view.state == WAIT else [kept, make_update(view, view.state, None)]


def _locked(view: OrderView) -> str:
    return QUOTE if view.form.side == BID else view.form.coin


def make_update(view: OrderView, state: str, trade: OrderTrade | None, *currencies: str) -> Update:
    return Update(view=view, state=state, trade=trade, currencies=currencies)
