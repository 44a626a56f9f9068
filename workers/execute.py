"""`arb.place_order` and `arb.resolve_order`: send one intent at most once, and ask what became of it."""

from arb.app.engines import Engine, engine, engine_of
from arb.celery import app
from arb.domain.market.ids import ClientOrderId, parse_client_order_id
from arb.engine.trading.execute import ASK_ONCE
from workers import facts
from workers.disposition import retried


@app.task(name="arb.place_order", **retried(5))
def place_order(client_order_id: str) -> None:
    """Send one intent, unless it was sent, ended or expired."""
    order = _engine(client_order_id).execute.place(ClientOrderId(client_order_id))
    facts.of_order("order_placed", order)


@app.task(name="arb.resolve_order", **retried(5))
def resolve_order(client_order_id: str, attempt: int = ASK_ONCE) -> None:
    """Ask the venue about one order, once or as an attempt of a chain that ends within seconds."""
    order = _engine(client_order_id).execute.resolve(ClientOrderId(client_order_id), attempt)
    facts.of_order("order_asked", order)


def _engine(client_order_id: str) -> Engine:
    """Return the engine of the order's session."""
    named = parse_client_order_id(client_order_id)
    return engine() if named is None else engine_of(named[0])
