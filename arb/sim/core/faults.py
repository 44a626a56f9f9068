"""The fault plan: which faults are on, and the seeded dice that decide when one strikes.

Decisions come from one generator in the order requests arrive, so a seed and the same requests
give the same faults. What a fault does is in fault_effects.py (requests) and fault_stream.py
(frames); what kinds there are, and when each is looked at, is the table here.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from types import MappingProxyType
from typing import Final

import msgspec


class FaultKind(StrEnum):
    """Every fault a venue can be told to show."""

    ACCEPT_THEN_DROP_REPLY = "accept_then_drop_reply"
    DROP_THEN_TIMEOUT = "drop_then_timeout"
    ERROR_5XX_ACCEPTED = "error_5xx_accepted"
    ERROR_5XX_NOT_ACCEPTED = "error_5xx_not_accepted"
    SLOW_ACCEPT = "slow_accept"
    LATE_EXECUTION = "late_execution"
    REJECT = "reject"
    RATE_LIMIT_429 = "rate_limit_429"
    BAN_418 = "ban_418"
    PARTIAL_FILL = "partial_fill"
    GET_NOT_YET_VISIBLE = "get_not_yet_visible"
    DUPLICATE_EVENT = "duplicate_event"
    MISSING_EVENT = "missing_event"
    LATE_EVENT = "late_event"
    REORDERED_EVENT = "reordered_event"
    FREEZE_STREAM = "freeze_stream"
    DROP_SOCKETS = "drop_sockets"
    CROSSED_BOOK = "crossed_book"
    MALFORMED_FRAME = "malformed_frame"
    CLOCK_SKEW_MS = "clock_skew_ms"
    IDENTIFIER_BURNT = "identifier_burnt_on_validation_failure"


class Stage(StrEnum):
    """The moment at which a kind of fault is looked at."""

    REQUEST = "request"  # before the venue acts
    REPLY = "reply"  # after it acted, before it answers
    MATCH = "match"  # while an order meets the book
    LOOKUP = "lookup"  # when an order is asked for
    PRIVATE = "private"  # per frame of a user stream
    PUBLIC = "public"  # per frame of a market stream
    SOCKET = "socket"  # once per market step
    STANDING = "standing"  # a condition, no dice


class Scope(StrEnum):
    """What a fault without an endpoint applies to."""

    ORDER = "order"
    ANY = "any"


TABLE: Final = MappingProxyType(
    {
        FaultKind.RATE_LIMIT_429: (Stage.REQUEST, Scope.ANY),
        FaultKind.BAN_418: (Stage.REQUEST, Scope.ANY),
        FaultKind.DROP_THEN_TIMEOUT: (Stage.REQUEST, Scope.ORDER),
        FaultKind.ERROR_5XX_NOT_ACCEPTED: (Stage.REQUEST, Scope.ORDER),
        FaultKind.REJECT: (Stage.REQUEST, Scope.ORDER),
        FaultKind.SLOW_ACCEPT: (Stage.REQUEST, Scope.ORDER),
        FaultKind.LATE_EXECUTION: (Stage.REQUEST, Scope.ORDER),
        FaultKind.ACCEPT_THEN_DROP_REPLY: (Stage.REPLY, Scope.ORDER),
        FaultKind.ERROR_5XX_ACCEPTED: (Stage.REPLY, Scope.ORDER),
        FaultKind.PARTIAL_FILL: (Stage.MATCH, Scope.ANY),
        FaultKind.GET_NOT_YET_VISIBLE: (Stage.LOOKUP, Scope.ANY),
        FaultKind.DUPLICATE_EVENT: (Stage.PRIVATE, Scope.ANY),
        FaultKind.MISSING_EVENT: (Stage.PRIVATE, Scope.ANY),
        FaultKind.LATE_EVENT: (Stage.PRIVATE, Scope.ANY),
        FaultKind.REORDERED_EVENT: (Stage.PRIVATE, Scope.ANY),
        FaultKind.FREEZE_STREAM: (Stage.PUBLIC, Scope.ANY),
        FaultKind.CROSSED_BOOK: (Stage.PUBLIC, Scope.ANY),
        FaultKind.MALFORMED_FRAME: (Stage.PUBLIC, Scope.ANY),
        FaultKind.DROP_SOCKETS: (Stage.SOCKET, Scope.ANY),
        FaultKind.CLOCK_SKEW_MS: (Stage.STANDING, Scope.ANY),
        FaultKind.IDENTIFIER_BURNT: (Stage.STANDING, Scope.ANY),
    }
)


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault that is switched on."""

    kind: FaultKind
    probability: float = 1.0
    endpoint: str | None = None  # "POST /api/v3/order", "/v1/orders", "*@bookTicker"; * matches any
    client_id: str | None = None  # the same, for client order ids
    count: int | None = None  # strikes left; None is without limit
    delay_ms: int = 0  # delay, window, or signed skew, by kind
    fault_id: int = 0
    strikes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a fault is matched against."""

    endpoint: str
    scope: Scope = Scope.ANY
    client_id: str = ""


class FaultPlan:
    """The faults that are on at one venue."""

    def __init__(self, rng: Random, faults: Iterable[Fault] = ()) -> None:
        self._rng = rng
        self._faults: dict[int, Fault] = {}
        self._next_id = 1
        self.struck: Counter[FaultKind] = Counter()  # since the start, whatever was switched off meanwhile
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Switch `fault` on and return it with its id."""
        fault.fault_id, self._next_id = self._next_id, self._next_id + 1
        self._faults[fault.fault_id] = fault
        if TABLE[fault.kind][0] is Stage.STANDING:
            self.struck[fault.kind] += 1
        return fault

    def remove(self, fault_id: int) -> None:
        """Switch one fault off; one that is already off is no error."""
        self._faults.pop(fault_id, None)

    def clear(self) -> None:
        """Switch every fault off."""
        self._faults.clear()

    def listing(self) -> list[Fault]:
        """Return the faults that are on, oldest first."""
        return list(self._faults.values())

    def strike(self, stage: Stage, call: Call) -> Fault | None:
        """Return the first fault of `stage` whose dice say it strikes `call`, and count the strike."""
        for fault in self._faults.values():
            if _applies(fault, stage, call) and self._rng.random() < fault.probability:
                fault.strikes += 1
                self.struck[fault.kind] += 1
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def standing(self, kind: FaultKind) -> Fault | None:
        """Return the newest standing condition of `kind`, if any; no dice."""
        return next((fault for fault in reversed(self.listing()) if fault.kind is kind), None)

    def skew_ns(self) -> int:
        """Return how far the venue's clock is ahead of the real one, nanoseconds."""
        fault = self.standing(FaultKind.CLOCK_SKEW_MS)
        return fault.delay_ms * 1_000_000 if fault else 0

    def fraction(self) -> float:
        """Return a random fraction in [0, 1) for a capped fill."""
        return self._rng.random()


def _applies(fault: Fault, stage: Stage, call: Call) -> bool:
    fault_stage, scope = TABLE[fault.kind]
    if fault_stage is not stage or fault.count == 0:
        return False
    if fault.client_id is not None and not fnmatchcase(call.client_id, fault.client_id):
        return False
    if fault.endpoint is None:
        return scope is Scope.ANY or call.scope is Scope.ORDER
    path = call.endpoint.rpartition(" ")[2]
    return fnmatchcase(call.endpoint, fault.endpoint) or fnmatchcase(path, fault.endpoint)
