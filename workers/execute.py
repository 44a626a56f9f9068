"""`arb.place_order` and `arb.resolve_order`: send one intent at most once, and ask what became of it."""

from arb.bootstrap import engine
from arb.celery import app
from arb.domain.ids import ClientOrderId
from workers.disposition import retried


@app.task(name="arb.place_order", **retried(5))
def place_order(client_order_id: str) -> None:
    """Send one intent, unless it was sent, ended or expired."""
    engine().execute.place(ClientOrderId(client_order_id))


@app.task(name="arb.resolve_order", **retried(5))
def resolve_order(client_order_id: str, attempt: int = 0) -> None:
    """Ask the venue about one order; asks again later until there is proof."""
    engine().execute.resolve(ClientOrderId(client_order_id), attempt)
