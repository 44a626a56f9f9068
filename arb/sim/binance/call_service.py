"""Every call goes through here, whichever API it came in by.

Order: weight, key, signature, first time check, fault plan, second time check, the call itself.
Requests to place an order are journaled on arrival and again when rejected.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arb.sim.binance import errors
from arb.sim.binance.endpoints import Endpoint, Security
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.order_form import MADE_UP
from arb.sim.binance.signing import matches
from arb.sim.binance.symbols import QUOTE
from arb.sim.binance.timing import WINDOW_MS_DEFAULT, Validity, parse_validity
from arb.sim.core.config import Credential
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_effects import (
    CallFault,
    RejectedByPlan,
    ServerError,
    Throttled,
    UnderMaintenance,
    check_open,
    run_call,
)
from arb.sim.core.fault_kinds import FaultKind, Scope
from arb.sim.core.faults import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a request offers as proof of who sent it."""

    key: str | None
    payload: str  # what was signed


class CallService:
    """Checks a call's limits, signature and parameters, and runs it."""

    def __init__(
        self,
        context: VenueContext,
        exchange: Exchange,
        limits: WeightLimits,
        new_client_id: Callable[[], str],
    ) -> None:
        self._context = context
        self._exchange = exchange
        self._limits = limits
        self._new_client_id = new_client_id
        self._credential: Credential = context.config.credential(context.venue)

    async def call(self, endpoint: Endpoint, given: dict[str, str], signed: Signed) -> Any:
        """Return the answer of `endpoint`. Raises: BinanceError, or CallFault for a cut connection."""
        if endpoint.places:
            if "newClientOrderId" not in given:
                given["newClientOrderId"] = self._new_client_id()
                given[MADE_UP] = "newClientOrderId"
            self._exchange.receive(given["newClientOrderId"], endpoint.name)
        try:
            return await self._admit(endpoint, given, signed)
        except errors.BinanceError as error:
            if endpoint.places and not error.may_have_placed:
                self._exchange.reject(given["newClientOrderId"], f"{error.code} {error.text}")
            raise

    async def _admit(self, endpoint: Endpoint, given: dict[str, str], signed: Signed) -> Any:
        try:
            await check_open(self._context)
        except CallFault as fault:
            raise _shown(fault) from None
        self._limits.charge(endpoint.weight(given))
        validity = self.check(given, signed) if endpoint.security is Security.SIGNED else None

        async def act() -> Any:
            if validity is not None:
                validity.check_engine(self._context.now_ns())
            return endpoint.handle(given)

        call = Call(
            endpoint=endpoint.name,
            scope=Scope.ORDER if endpoint.places else Scope.ANY,
            client_id=given.get("newClientOrderId") or given.get("origClientOrderId") or "",
            coin=given.get("symbol", "").removesuffix(QUOTE),
            side=given.get("side", ""),
        )
        try:
            answer = await run_call(self._context, call, act, validity.fence_ns if validity else None)
            if endpoint.is_free_when_done:
                self._limits.charge_back(endpoint.weight(given))
            return answer
        except CallFault as fault:
            raise _shown(fault) from None

    def check(self, given: dict[str, str], signed: Signed) -> Validity:
        """Return when the request may run; raises for a wrong key, signature or time."""
        if not signed.key or len(signed.key) > 256:
            raise errors.bad_key_format()
        is_revoked = self._context.faults.standing(FaultKind.REVOKED_KEY) is not None
        if is_revoked or signed.key != self._credential.key:
            raise errors.unknown_key()
        if not given.get("timestamp"):
            raise errors.missing("timestamp")
        if not given.get("signature"):
            raise errors.missing("signature")
        if not matches(self._credential.secret, signed.payload, given["signature"]):
            raise errors.bad_signature()
        validity = parse_validity(given["timestamp"], given.get("recvWindow", WINDOW_MS_DEFAULT))
        validity.check_arrival(self._context.now_ns())
        return validity


def _shown(fault: CallFault) -> Exception:
    """Return the answer a planned fault shows, or the fault itself if it shows none."""
    match fault:
        case ServerError():
            return errors.backend_timeout()
        case UnderMaintenance():
            return errors.BinanceError(-1016, "This service is no longer available.", status=503)
        case RejectedByPlan():
            return errors.engine_rejection(
                "Order book liquidity is less than LOT_SIZE filter minimum quantity."
            )
        case Throttled(status=status, retry_after_s=seconds):
            text = "Too many requests." if status == 429 else "Way too many requests; IP banned."
            return errors.BinanceError(-1003, text, status=status, retry_after_s=seconds)
        case _:
            return fault
