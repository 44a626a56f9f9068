"""What stream faults do to frames: private events one by one, market frames before they go out."""

from collections.abc import Callable
from typing import Final, NamedTuple

from arb.domain.time import NS_PER_MS
from arb.sim.core.context import WallClock
from arb.sim.core.fault_kinds import FaultKind, FaultStage
from arb.sim.core.faults import Call, FaultPlan

LATE_MS: Final = 1_000


class DelayedFrame(NamedTuple):
    """A frame to send, after a delay."""

    delay_ms: int
    frame: bytes


class PrivateShaper:
    """Duplicates, loses, delays and reorders the events of one user stream connection."""

    def __init__(self, plan: FaultPlan, channel: str) -> None:
        self._plan = plan
        self._channel = channel
        self._held: bytes | None = None

    def lag_ms(self) -> int:
        """Return how late every event is to go out, whatever else befalls it."""
        return self._plan.lag_ms(self._channel)

    def push(self, frame: bytes, client_id: str = "") -> list[DelayedFrame]:
        """Return what to send now that `frame` is due. A reordered frame goes after the next one."""
        fault = self._plan.strike(FaultStage.PRIVATE, Call(endpoint=self._channel, client_id=client_id))
        kind = fault.kind if fault else None
        if kind is FaultKind.REORDERED_EVENT and self._held is None:
            self._held = frame
            return []
        out: list[DelayedFrame] = []
        if kind is FaultKind.LATE_EVENT and fault is not None:
            out.append(DelayedFrame(fault.delay_ms or LATE_MS, frame))
        elif kind is FaultKind.DUPLICATE_EVENT:
            out += [DelayedFrame(0, frame), DelayedFrame(0, frame)]
        elif kind is not FaultKind.MISSING_EVENT:
            out.append(DelayedFrame(0, frame))
        if self._held is not None:
            out.append(DelayedFrame(0, self._held))
            self._held = None
        return out


class PublicShaper:
    """Freezes, crosses and mangles market frames. `cross` is how the venue swaps bid and ask."""

    def __init__(self, plan: FaultPlan, clock: WallClock, cross: Callable[[bytes], bytes]) -> None:
        self._plan = plan
        self._clock = clock
        self._cross = cross
        self._frozen_until_ns: dict[str, int] = {}

    def lag_ms(self, stream: str) -> int:
        """Return how late frames of `stream` are to go out."""
        return self._plan.lag_ms(stream)

    def push(self, stream: str, frame: bytes) -> bytes | None:
        """Return the frame to send on `stream`, or None for silence."""
        if self._frozen_until_ns.get(stream, 0) > self._clock.now_ns():
            return None
        fault = self._plan.strike(FaultStage.PUBLIC, Call(endpoint=stream))
        if fault is None:
            return frame
        if fault.kind is FaultKind.FREEZE_STREAM:
            self._frozen_until_ns[stream] = self._clock.now_ns() + fault.delay_ms * NS_PER_MS
            return None
        return self._cross(frame) if fault.kind is FaultKind.CROSSED_BOOK else frame[: len(frame) // 2]
