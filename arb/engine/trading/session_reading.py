"""How the session stands, read while the coins that changed are taken from another store.

Which coins those are is not known yet then: it is read of all coins, while few pairs are open.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S, is_within
from arb.engine.market.markets import ChangedMarkets
from arb.ports.market import Clock
from arb.ports.trading import SessionView, TradeStore

FEW: Final = 16  # pairs: to read more of them takes longer than to wait for the coins
MANY_NS: Final = NS_PER_S  # where there were more, it is looked at again after this
Result = TypeVar("Result")


@dataclass(slots=True)
class _Once(Generic[Result]):
    """Something that is done once, in between; what comes of it, or goes wrong, is for who asks for it."""

    call: Callable[[], Result]
    _results: list[Result] = field(default_factory=list)
    _error: Exception | None = None

    def __call__(self) -> None:
        if self._results or self._error is not None:
            return
        try:
            self._results.append(self.call())
        except Exception as error:  # noqa: BLE001 - whatever it is, who asks raises it
            self._error = error

    def result(self) -> Result:
        """Return what came of it. Raises: what it did."""
        self()
        if self._error is not None:
            raise self._error
        return self._results[0]


@dataclass(slots=True, kw_only=True)
class SessionReading:
    """What each evaluation of one process begins with."""

    session_id: SessionId
    trades: TradeStore
    clock: Clock
    _many_at_ns: int = 0

    def with_coins(self, take: Callable[[], ChangedMarkets]) -> tuple[ChangedMarkets, SessionView | None]:
        """Return the coins that changed, and how the session stands with at least its trades of these.

        None where no coin has a market, or there is no such session. Raises: StoreUnavailable.
        """
        now_ns = self.clock.now_ns()
        if is_within(self._many_at_ns, now_ns, MANY_NS):
            changed = take()
            coins = tuple(changed.markets)
            return changed, self.trades.session_view(self.session_id, coins) if coins else None
        taking = _Once(take)
        seen = self.trades.session_view(self.session_id, None, taking)
        if seen is not None and len(seen.trades) > FEW:
            self._many_at_ns = now_ns
        changed = taking.result()
        return changed, seen if changed.markets else None
