"""Closing a pair by hand, wired."""

from arb.app.rules import appetite_of, limits_of, stability_of
from arb.app.wiring import Engine
from arb.engine.trading.close_by_hand import CloseByHand
from arb.engine.trading.stability import Stability


def close_by_hand(engine: Engine) -> CloseByHand:
    """Return the use case over an engine."""
    rules = stability_of(engine.settings)
    health = engine.stores.health
    return CloseByHand(
        session_id=engine.session_id,
        trades=engine.trades,
        sessions=engine.sessions,
        markets=engine.markets,
        kill_switch=engine.kill_switch,
        store=engine.stores.by_hand,
        stability=Stability(engine.session_id, health, engine.clock, window_ns=rules.window_ns),
        stability_rules=rules,
        limits=limits_of(engine.settings),
        slip_bps=appetite_of(engine.settings).slip_bps,
        clock=engine.clock,
    )
