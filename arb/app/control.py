"""What is sent on the control channel, which every process of a stack hears."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import redis

from arb.adapters.local.clock import SystemEntropy
from arb.adapters.redis.client import connect
from arb.adapters.redis.control import ControlChannel, ControlListener, Hearing
from arb.domain.errors import ConfigError, StoreUnavailable
from arb.domain.health.assignment import Assignment
from arb.domain.market.ids import Venue
from arb.ports.market import Clock
from config import addresses
from config.settings import Settings

ASSIGNMENT: Final = "assignment"
KILL: Final = "kill"
UNKILL: Final = "unkill"
MODE: Final = "mode"
RULES: Final = "rules"


def announce(client: redis.Redis, scope: str, assignment: Assignment) -> None:
    """Tell that an assignment is in force; without Redis they all look for themselves."""
    fences = {coin: owner.fence for coin, owner in assignment.owners.items()}
    _told(client, scope, ASSIGNMENT, {"epoch": assignment.epoch, "fences": fences})


def assignments_of(
    client: redis.Redis, scope: str, hasten: Callable[[], None], clock: Clock
) -> ControlListener:
    """Return what hears of new assignments; `hasten` has the process look at them at once."""
    hearing = Hearing(handlers={ASSIGNMENT: lambda _message: hasten()}, resync=hasten)
    return ControlListener(client, scope, hearing, clock, SystemEntropy())


def announce_rules(client: redis.Redis, scope: str, venue: Venue, at_ns: int) -> None:
    """Tell that a venue's rules have changed; without Redis each learns it from its own rejections."""
    _told(client, scope, RULES, outdated((venue,), at_ns))


def outdated(venues: Iterable[Venue], at_ns: int) -> Mapping[str, Any]:
    """Return the message that the rules of some venues are too old if they were read before `at_ns`."""
    return {"venues": [venue.value for venue in venues], "at_ns": at_ns}


def broadcast(settings: Settings, topic: str, body: Mapping[str, Any]) -> bool:
    """Tell every process of a stack; False if Redis is away: what is persisted is heard of later."""
    try:
        with connect(addresses.redis_url(settings)) as client:
            return _told(client, settings.scope, topic, body)
    except ConfigError:
        return False


def _told(client: redis.Redis, scope: str, topic: str, body: Mapping[str, Any]) -> bool:
    try:
        ControlChannel(client, scope, SystemEntropy()).publish(topic, body)
    except StoreUnavailable:
        return False
    return True
