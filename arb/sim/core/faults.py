"""The fault plan: which faults are on, and the seeded dice that decide when one strikes.

Decisions come from one generator in the order requests arrive, so a seed and the same requests
give the same faults. A fault may begin later and end by itself (`after_s`, `for_s`); both count
from the moment it was switched on, by the real clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from random import Random

import msgspec

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.fault_kinds import (
    NOT_THE_RATE,
    RATE_COIN,
    TABLE,
    FaultKind,
    FaultStage,
    Scope,
    StreamsInOutage,
    WalletState,
)


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault that is switched on. Which kind takes which field is in fault_kinds.py."""

    kind: FaultKind
    probability: float = 1.0
    endpoint: str | None = None  # "POST /api/v3/order", "/v1/orders", "*@bookTicker"; * matches any
    client_id: str | None = None  # the same, for client order ids
    count: int | None = None  # strikes left; None is without limit
    delay_ms: int = 0  # delay, window, or signed skew, by kind
    after_s: float = 0.0  # seconds until it begins
    for_s: float | None = None  # seconds until it ends by itself; None is when it is switched off
    coins: list[str] = []  # whom it strikes; empty is all
    side: str | None = None  # of a book: bids, asks; of an order: BUY, SELL
    bps: Decimal | None = None  # how far a price moves; how far a hole reaches from the middle
    factor: Decimal | None = None  # of depth, of price
    ramp_s: float = 0.0  # seconds until a move is complete
    hold_s: float | None = None  # seconds that it stays; None is for good
    recover_s: float = 0.0  # seconds until it is undone
    tick: Decimal | None = None
    lot: Decimal | None = None
    min_notional: Decimal | None = None
    wallet: WalletState = WalletState.PAUSED
    streams: StreamsInOutage = StreamsInOutage.ALIVE
    announced: bool = False
    fault_id: int = 0
    strikes: int = 0
    since_ns: int = 0  # when it was switched on

    def begins_ns(self) -> int:
        """Return when the fault begins, ns."""
        return self.since_ns + int(self.after_s * NS_PER_S)

    def is_on(self, now_ns: int) -> bool:
        """Whether it strikes at that time."""
        elapsed_ns = now_ns - self.begins_ns()
        return elapsed_ns >= 0 and (self.for_s is None or elapsed_ns < self.for_s * NS_PER_S)

    def names(self, coin: str) -> bool:
        """Whether it strikes that coin."""
        if self.coins:
            return coin in self.coins
        return coin != RATE_COIN or self.kind not in NOT_THE_RATE

    def is_spent(self) -> bool:
        """Whether it has struck as often as it was to."""
        return self.count is not None and self.count <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a fault is matched against."""

    endpoint: str
    scope: Scope = Scope.ANY
    client_id: str = ""
    coin: str = ""
    side: str = ""


class FaultPlan:
    """The faults that are on at one venue."""

    def __init__(
        self, rng: Random, faults: Iterable[Fault] = (), now_ns: Callable[[], int] = lambda: 0
    ) -> None:
        self._rng = rng
        self._now_ns = now_ns
        self._faults: dict[int, Fault] = {}
        self._next_id = 1
        self.struck: Counter[FaultKind] = Counter()  # since the start, whatever was switched off meanwhile
        for fault in faults:
            self.add(fault)

    def now_ns(self) -> int:
        """Return the real time, by which faults begin and end."""
        return self._now_ns()

    def add(self, fault: Fault) -> Fault:
        """Switch `fault` on and return it with its id."""
        fault.fault_id, self._next_id = self._next_id, self._next_id + 1
        fault.since_ns, fault.strikes = self._now_ns(), 0
        self._faults[fault.fault_id] = fault
        if TABLE[fault.kind].stage is FaultStage.STANDING:
            self.struck[fault.kind] += 1
        return fault

    def seed(self, seed: int | str) -> None:
        """Seed the random draws again: the same requests meet the same faults."""
        self._rng.seed(seed)

    def remove(self, fault_id: int) -> None:
        """Switch one fault off; one that is already off is no error."""
        self._faults.pop(fault_id, None)

    def remove_kind(self, kind: FaultKind) -> None:
        """Switch every fault of a kind off."""
        self._faults = {each: fault for each, fault in self._faults.items() if fault.kind is not kind}

    def clear(self) -> None:
        """Switch every fault off."""
        self._faults.clear()

    def listing(self) -> list[Fault]:
        """Return the faults that are on, oldest first; those that ended by themselves are left out."""
        now_ns = self._now_ns()
        return [fault for fault in self._faults.values() if now_ns < fault.begins_ns() or fault.is_on(now_ns)]

    def strike(self, stage: FaultStage, call: Call) -> Fault | None:
        """Return the first fault of `stage` whose dice say it strikes `call`, and count the strike."""
        if not self._faults:
            return None
        now_ns = self._now_ns()
        for fault in self._faults.values():
            if not fault.is_on(now_ns) or not _applies(fault, stage, call):
                continue
            if self._rng.random() < fault.probability:
                self.note(fault)
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def note(self, fault: Fault) -> None:
        """Count that a fault had an effect."""
        fault.strikes += 1
        if TABLE[fault.kind].stage is not FaultStage.STANDING:
            self.struck[fault.kind] += 1

    def standing(self, kind: FaultKind, coin: str | None = None) -> Fault | None:
        """Return the newest condition of `kind` that is on (for a coin), if any; no dice."""
        return next(reversed(self.all_standing(kind, coin)), None) if self._faults else None

    def all_standing(self, kind: FaultKind, coin: str | None = None) -> list[Fault]:
        """Return the conditions of `kind` that are on (for a coin), oldest first."""
        now_ns = self._now_ns()
        return [
            fault
            for fault in self._faults.values()
            if fault.kind is kind and fault.is_on(now_ns) and (coin is None or fault.names(coin))
        ]

    def of_stage(self, stage: FaultStage, at_ns: int) -> list[Fault]:
        """Return the faults of a stage that are on at that time, oldest first."""
        return [
            fault
            for fault in self._faults.values()
            if TABLE[fault.kind].stage is stage and fault.is_on(at_ns)
        ]

    def announces_maintenance(self) -> bool:
        """Whether the venue says of itself that it is, or soon will be, under maintenance."""
        return any(fault.kind is FaultKind.MAINTENANCE and fault.announced for fault in self.listing())

    def cuts_sockets(self) -> bool:
        """Whether every connection of a stream is cut, and none is taken."""
        maintenance = self.standing(FaultKind.MAINTENANCE)
        is_cut = maintenance is not None and maintenance.streams is StreamsInOutage.CUT
        return is_cut or self.standing(FaultKind.GONE) is not None

    def lag_ms(self, stream: str) -> int:
        """Return how late the frames of a stream go out."""
        lags = self.all_standing(FaultKind.STREAM_LAG) if self._faults else []
        return max((fault.delay_ms for fault in lags if _names_endpoint(fault, stream)), default=0)

    def skew_ns(self) -> int:
        """Return how far the venue's clock is ahead of the real one, nanoseconds."""
        fault = self.standing(FaultKind.CLOCK_SKEW_MS)
        return fault.delay_ms * NS_PER_MS if fault else 0

    def fraction(self) -> float:
        """Return a random fraction in [0, 1) for a capped fill."""
        return self._rng.random()


def _applies(fault: Fault, stage: FaultStage, call: Call) -> bool:
    row = TABLE[fault.kind]
    if row.stage is not stage or fault.is_spent():
        return False
    if fault.client_id is not None and not fnmatchcase(call.client_id, fault.client_id):
        return False
    if (fault.coins and call.coin not in fault.coins) or (fault.side and call.side != fault.side):
        return False
    if fault.endpoint is None:
        return row.scope is Scope.ANY or call.scope is Scope.ORDER
    return _names_endpoint(fault, call.endpoint)


def _names_endpoint(fault: Fault, endpoint: str) -> bool:
    if fault.endpoint is None:
        return True
    path = endpoint.rpartition(" ")[2]
    return fnmatchcase(endpoint, fault.endpoint) or fnmatchcase(path, fault.endpoint)
