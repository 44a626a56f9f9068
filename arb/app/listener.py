"""What a worker does with what it hears on the control channel: kills, modes, rules, assignments."""

from collections.abc import Mapping
from typing import Any

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.control import ControlListener, Hearing
from arb.app.control import ASSIGNMENT, KILL, MODE, RULES, UNKILL, outdated
from arb.app.wiring import Engine
from arb.domain.market.ids import Coin
from arb.engine.kill.follow_kill import FollowKill


def listener_of(engine: Engine) -> ControlListener:
    """Return what a worker hears by; it is not started yet."""
    follow = FollowKill(
        session_id=engine.session_id,
        switch=engine.kill_switch,
        sessions=engine.sessions,
        clock=engine.clock,
    )

    def look(_message: Mapping[str, Any]) -> None:
        follow.look()

    def learn(message: Mapping[str, Any]) -> None:
        engine.markets.fences.learn({Coin(coin): int(at) for coin, at in message["fences"].items()})

    def reread(message: Mapping[str, Any]) -> None:
        for venue in engine.venues:  # a process that trades another pair may tell of others
            if venue in message["venues"]:
                engine.instruments.expire(venue, message["at_ns"])

    def resync() -> None:
        reread(outdated(engine.venues, engine.clock.now_ns()))
        follow.look()

    handlers = {
        KILL: follow.kill,
        UNKILL: look,
        MODE: look,
        RULES: reread,
        ASSIGNMENT: learn,
    }
    hearing = Hearing(handlers=handlers, resync=resync)
    scope = engine.settings.scope
    return ControlListener(engine.stores.redis, scope, hearing, SystemClock(), SystemEntropy())
