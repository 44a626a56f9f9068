"""The tasks of trading, each the call of a use case: evaluate, place or resolve an order, settle a trade."""

from contextlib import suppress
from typing import Any, Final

from arb.adapters.local.background import Background
from arb.adapters.local.journal import log_order
from arb.app.engines import engine, engine_of
from arb.app.wiring import Engine
from arb.celery import app
from arb.domain.errors import StoreUnavailable
from arb.domain.health.queues import QUEUES
from arb.domain.market.ids import ClientOrderId, TradeId, parse_client_order_id
from arb.engine.market.book_codec import decode_book
from arb.engine.trading.execute import ASK_ONCE
from arb.engine.trading.settle import LOOK_ONCE
from workers.outcome import own_sessions_only, retried

LOOK_AHEAD_S: Final = 0.1  # after an evaluation: the next one may come meanwhile, and is not held up


def _look_ahead() -> None:
    engine().trading.look_ahead.run()


def _read_exposure() -> None:
    with suppress(StoreUnavailable):  # then entries read it themselves
        engine().trading.evaluate.enter.exposure.read()


_looking_ahead = Background("look-ahead", _look_ahead, LOOK_AHEAD_S)
_reading_exposure = Background("exposure", _read_exposure, 0)


@app.task(name="arb.evaluate")
def evaluate(books: list[dict[str, Any]] | None = None) -> int:
    """Decide on every coin that changed; never retried, since the next quote brings the next evaluation."""
    evaluation = engine().trading.evaluate
    begun = evaluation.run([decode_book(book) for book in books or ()])
    _looking_ahead.ask()
    if evaluation.enter.exposure.is_due():
        _reading_exposure.ask()
    return begun


@app.task(name="arb.place_order", **retried(5))
def place_order(client_order_id: str) -> None:
    """Send one intent, unless it was sent, ended or expired."""
    with own_sessions_only("arb.place_order"):
        order = _engine(client_order_id).trading.execute.place(ClientOrderId(client_order_id))
        log_order("order_placed", order)


@app.task(name="arb.resolve_order", **retried(5))
def resolve_order(client_order_id: str, attempt: int = ASK_ONCE) -> None:
    """Ask the venue about one order, once or as an attempt of a chain that ends within seconds."""
    with own_sessions_only("arb.resolve_order"):
        order = _engine(client_order_id).trading.execute.resolve(ClientOrderId(client_order_id), attempt)
        log_order("order_asked", order)


@app.task(name="arb.settle_trade", **retried(5))
def settle_trade(trade_id: str, look: int = LOOK_ONCE) -> None:
    """Settle one trade; running it twice changes nothing. One that has ended is worth a snapshot."""
    with own_sessions_only("arb.settle_trade"):
        found = engine_of(TradeId(trade_id))
        found.shared.settled(found.trading.settle.run(TradeId(trade_id), look))


def _engine(client_order_id: str) -> Engine:
    """Return the engine of the order's session."""
    named = parse_client_order_id(client_order_id)
    return engine() if named is None else engine_of(named[0])


def answer(queue: str, sent_ns: int) -> None:
    """Leave the latency of a queue's canary where the watchdog looks."""
    wired = engine()
    now_ns = wired.clock.now_ns()
    wired.stores.canaries.beat(queue, {"latency_us": str((now_ns - sent_ns) // 1_000)}, now_ns)


def _define_canary(queue: str) -> None:
    """Define `arb.canary.<queue>`: a task that only says how long it waited in its queue."""

    @app.task(name=f"arb.canary.{queue}")
    def canary(sent_ns: int) -> None:
        answer(queue, sent_ns)


for _queue in QUEUES:
    _define_canary(_queue)
