"""Both ends of the control channel, wired."""

from collections.abc import Mapping
from typing import Any, Final

import redis

from arb.adapters.clock import SystemClock, SystemEntropy
from arb.adapters.control import ControlChannel, ControlListener, Hearing
from arb.adapters.redis_store import connect
from arb.bootstrap.parts import Engine
from arb.domain.assignment import Assignment
from arb.domain.errors import ConfigError, StoreUnavailable
from arb.domain.ids import Coin
from arb.engine.follow_kill import FollowKill
from config import addresses
from config.settings import Settings

ASSIGNMENT: Final = "assignment"
KILL: Final = "kill"
UNKILL: Final = "unkill"
MODE: Final = "mode"
RULES: Final = "rules"


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

    def resync() -> None:
        engine.instruments.expire()
        follow.look()

    handlers = {
        KILL: follow.kill,
        UNKILL: look,
        MODE: look,
        RULES: lambda _message: engine.instruments.expire(),
        ASSIGNMENT: learn,
    }
    hearing = Hearing(handlers=handlers, resync=resync)
    scope = engine.settings.scope
    return ControlListener(engine.stores.redis, scope, hearing, SystemClock(), SystemEntropy())


def announce(client: redis.Redis, scope: str, assignment: Assignment) -> None:
    """Tell that an assignment is in force; without Redis they all look for themselves."""
    fences = {coin: owner.fence for coin, owner in assignment.owners.items()}
    body = {"epoch": assignment.epoch, "fences": fences}
    try:
        ControlChannel(client, scope, SystemEntropy()).publish(ASSIGNMENT, body)
    except StoreUnavailable:
        return


def broadcast(settings: Settings, topic: str, body: Mapping[str, Any]) -> bool:
    """Tell every process of a stack; False if Redis is away: what is persisted is heard of later."""
    try:
        with connect(addresses.redis_url(settings)) as client:
            ControlChannel(client, settings.scope, SystemEntropy()).publish(topic, body)
    except (ConfigError, StoreUnavailable):
        return False
    return True
