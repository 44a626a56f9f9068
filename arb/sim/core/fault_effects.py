"""What request faults do to a call. Both venues run every call through `run_call`.

The outcome a client sees is an exception here; the venue's HTTP and WebSocket endpoints turn it into
bytes, a closed connection, or silence. `act` is the venue doing what was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web

from arb.domain.time import NS_PER_MS
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_kinds import FaultKind, FaultStage, Scope
from arb.sim.core.faults import Call, Fault
from arb.sim.core.sockets import cut

T = TypeVar("T")
SWALLOW_MS: Final = 30_000
RETRY_AFTER_S: Final = 1
BAN_S: Final = 120
FENCE_MARGIN_NS: Final = 200 * NS_PER_MS  # a busy machine wakes late, and past the fence nothing happens


class CallFault(Exception):
    """A planned fault decided what the client gets to see."""


class ReplyWithheld(CallFault):
    """No answer: the connection must be cut without one."""


class ServerError(CallFault):
    """A 5xx answer, whatever became of the request."""


class UnderMaintenance(CallFault):
    """The venue is closed: a 5xx answer, and nothing was executed."""


class RejectedByPlan(CallFault):
    """The venue rejects the order for a reason of its own."""


class Throttled(CallFault):
    """429 or 418, not executed, come back after that many seconds."""

    def __init__(self, status: int, retry_after_s: int) -> None:
        super().__init__(status, retry_after_s)
        self.status, self.retry_after_s = status, retry_after_s


async def check_open(context: VenueContext) -> None:
    """Let a request pass unless the venue is gone or under maintenance.

    Raises: ReplyWithheld after the delay of the fault, UnderMaintenance.
    """
    gone = context.faults.standing(FaultKind.GONE)
    if gone is not None:
        context.faults.note(gone)
        await asyncio.sleep(gone.delay_ms / 1000)
        raise ReplyWithheld
    maintenance = context.faults.standing(FaultKind.MAINTENANCE)
    if maintenance is not None:
        context.faults.note(maintenance)
        raise UnderMaintenance


def turned_away(context: VenueContext, request: web.Request) -> web.Response | None:
    """Return the answer to a WebSocket handshake while no connection is taken, else None."""
    if not context.faults.cuts_sockets():
        return None
    if context.faults.standing(FaultKind.GONE) is not None:
        return cut(request)
    return web.Response(status=503, text="Service Unavailable")


async def run_call(
    context: VenueContext, call: Call, act: Callable[[], Awaitable[T]], fence_ns: int | None = None
) -> T:
    """Do what was asked, as the fault plan allows it.

    `fence_ns` is the venue time after which `act` would reject; a late execution lands before it.
    Raises: CallFault, and whatever `act` raises.
    """
    fault = context.strike(FaultStage.REQUEST, call)
    if fault is not None:
        await _before(context, fault, act, fence_ns)
    if call.scope is Scope.ORDER:
        await asyncio.sleep(context.rng.uniform(*context.config.latency_ms.order) / 1000)
    lost = context.strike(FaultStage.REPLY, call)
    result = await act()
    if lost is not None:
        raise ServerError if lost.kind is FaultKind.ERROR_5XX_ACCEPTED else ReplyWithheld
    return result


async def _before(
    context: VenueContext, fault: Fault, act: Callable[[], Awaitable[T]], fence_ns: int | None
) -> None:
    """Apply a fault of the request stage; returning means that the call goes on."""
    match fault.kind:
        case FaultKind.RATE_LIMIT_429:
            raise Throttled(429, max(fault.delay_ms // 1000, RETRY_AFTER_S))
        case FaultKind.BAN_418:
            raise Throttled(418, fault.delay_ms // 1000 or BAN_S)
        case FaultKind.ERROR_5XX_NOT_ACCEPTED:
            raise ServerError
        case FaultKind.REJECT:
            raise RejectedByPlan
        case FaultKind.DROP_THEN_TIMEOUT:
            await asyncio.sleep((fault.delay_ms or SWALLOW_MS) / 1000)
            raise ReplyWithheld
        case FaultKind.LATE_EXECUTION:
            context.spawn(_later(_late_ns(context, fault, fence_ns), act))
            raise ReplyWithheld
        case FaultKind.SLOW_ACCEPT:
            await asyncio.sleep(fault.delay_ms / 1000)
        case _:
            raise AssertionError(fault.kind)


def _late_ns(context: VenueContext, fault: Fault, fence_ns: int | None) -> int:
    """Return how long a late execution waits: its delay, but never past the fence."""
    delay_ns = fault.delay_ms * NS_PER_MS
    if fence_ns is None:
        return delay_ns
    latest_ns = max(fence_ns - FENCE_MARGIN_NS - context.now_ns(), 0)
    return min(delay_ns, latest_ns) if delay_ns else latest_ns


async def _later(delay_ns: int, act: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(delay_ns / 1_000_000_000)
    try:
        await act()
    except VenueRejection:
        return  # rejected with nobody left to tell; the journal has it


class VenueRejection(Exception):
    """Base of the venues' own error answers, so that a late execution can end quietly."""
