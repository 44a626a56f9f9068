"""What is out while a stack ends by itself, looked at until nobody can be asked any more."""

from dataclasses import dataclass, replace
from typing import Final

from arb.app.wiring import Engine
from arb.domain.errors import StoreError
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import MOVING
from arb.ports.trading import TradeView
from arb.stack.home import Home
from arb.stack.signals import marked_processes

PAUSE_MS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The last look; -1 is what nobody could tell."""

    orders_out: int = -1
    uneven: int = -1
    running: int = 0  # processes


def watch_end(engine: Engine, home: Home, ns_max: int) -> _Seen:
    """Look at what is out until no process of the stack runs, or the time is up."""
    seen, until_ns = _Seen(), engine.clock.steady_ns() + ns_max
    while (running := len(marked_processes(home))) and engine.clock.steady_ns() < until_ns:
        seen = _look(engine, seen)
        engine.clock.sleep_ms(PAUSE_MS)
    return replace(seen, running=running)


def _look(engine: Engine, seen: _Seen) -> _Seen:
    try:
        orders = engine.trades.working(engine.session_id)
        active = engine.trades.active(engine.session_id)
    except StoreError:
        return seen  # it ends
    return _Seen(orders_out=orders, uneven=sum(_is_uneven(view) for view in active))


def _is_uneven(view: TradeView) -> bool:
    return view.trade.state in MOVING or bool(trade_position(view.orders).imbalance)
