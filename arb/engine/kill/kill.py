"""The kill: no new intents, no open orders, no leg alone; and how long each of them took.

The switch is on before any of this runs. Nothing here needs the broker or a worker; what needs the
database says so where it is away, and the rest is done all the same.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, ModeReason, reason_text
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.engine.kill.wind_down import Left, WindDown
from arb.engine.kill.withdraw import OpenNow, Withdraw
from arb.ports.market import Clock
from arb.ports.trading import SessionStore

PAUSE_MS: Final = 200
LOOK_NS: Final = 2_000_000_000  # at all open orders: a seventieth of the weight that a venue gives a minute
BLIND_NS: Final = 6_000_000_000  # a claim outlives its intent's lifetime and the HTTP timeout by nothing
DATABASE_AWAY: Final = "the database is away, so no order was resolved and no trade settled"


@dataclass(slots=True, kw_only=True)
class KillReport:
    """What was done, in milliseconds since the command began; None is what is not known or not done."""

    reason: str
    started_ns: int = 0
    switched_ms: int | None = None  # from here on no process sends an entry or an exit
    no_new_intents_ms: int | None = None
    no_open_orders_ms: int | None = None
    exposure_ms: int | None = None  # flat, or escalated
    cancelled: tuple[ListedOrder, ...] = ()
    foreign: tuple[ListedOrder, ...] = ()
    unresolved: tuple[str, ...] = ()  # orders whose fate the venue has not proved yet
    handed_over: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left for the operator."""
        return not (self.problems or self.handed_over or self.unresolved)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillRecords:
    """The part that needs the database."""

    session_id: SessionId
    sessions: SessionStore
    wind_down: WindDown


@dataclass(slots=True, kw_only=True)
class Kill:
    """The use case of `arb kill`; running it again changes nothing."""

    withdraw: Withdraw
    books: KillRecords | None  # None where the database was away from the start
    clock: Clock
    within_ns: int
    _store_problem: str = ""
    _left: Left | None = field(default=None)

    def run(self, reason: str, started_ns: int) -> KillReport:
        """Bring everything to rest within the ceiling, and escalate what is not."""
        report = KillReport(reason=reason, started_ns=started_ns)
        self._halt(reason)
        report.no_new_intents_ms = self._since_ms(started_ns)
        seen = self._until_rest(report, started_ns)
        if self._left is not None and not self._store_problem:
            self._finish(report, started_ns)
        report.cancelled = tuple(self.withdraw.cancelled.values())
        report.foreign = seen.foreign
        report.problems = (*seen.problems, *self._problems())
        return report

    def _until_rest(self, report: KillReport, started_ns: int) -> OpenNow:
        """Wind down all the time; look at the venues now and then, and before saying that nothing is left."""
        seen, looked_ns = self.withdraw.step(), self.clock.now_ns()
        while True:
            self._step()
            now_ns = self.clock.now_ns()
            quiet = self._no_order_out(now_ns - started_ns)
            at_rest = quiet and (self._left is None or self._left.at_rest)
            is_news = at_rest or (quiet and report.no_open_orders_ms is None)
            if now_ns - looked_ns >= LOOK_NS or (is_news and seen.none_of_ours):
                seen, looked_ns = self.withdraw.step(), self.clock.now_ns()
            if quiet and seen.none_of_ours and report.no_open_orders_ms is None:
                report.no_open_orders_ms = self._since_ms(started_ns)
            if (at_rest and seen.none_of_ours) or now_ns - started_ns > self.within_ns:
                return seen
            self.clock.sleep_ms(PAUSE_MS)

    def _halt(self, reason: str) -> None:
        """Set the mode in the database too: `open_trade` reads it under the session's lock."""
        if self.books is None:
            return
        killed = Mode.HALTED, ModeReason(Cause.KILLED, reason)
        try:
            session = self.books.sessions.get(self.books.session_id)
            if session is not None and (session.mode, session.reason) != killed:
                text = reason_text(Cause.KILLED, reason)
                self.books.sessions.set_mode(session.session_id, Mode.HALTED, text, self.clock.now_ns())
        except StoreUnavailable as error:
            self._store_problem = str(error)

    def _step(self) -> None:
        if self.books is None:
            return
        try:
            self._left = self.books.wind_down.step()
            self._store_problem = ""
        except StoreUnavailable as error:
            self._left, self._store_problem = None, str(error)

    def _no_order_out(self, waited_ns: int) -> bool:
        """Tell whether no row may execute; without rows, whether every claim of before must be over."""
        if self._left is None:
            return waited_ns > BLIND_NS
        return not self._left.orders

    def _finish(self, report: KillReport, started_ns: int) -> None:
        assert self.books is not None
        left = self._left or Left((), ())
        report.unresolved = tuple(order.client_order_id for order in left.orders)
        try:
            report.handed_over = self.books.wind_down.escalate_rest(left)
        except StoreUnavailable as error:
            self._store_problem = str(error)
            return
        report.exposure_ms = self._since_ms(started_ns)

    def _problems(self) -> tuple[str, ...]:
        if self.books is None:
            return ()
        if self._store_problem:
            return (f"{DATABASE_AWAY}: {self._store_problem}",)
        return tuple(f"{subject}: {text}" for subject, text in self.books.wind_down.problems.items())

    def _since_ms(self, started_ns: int) -> int:
        return (self.clock.now_ns() - started_ns) // NS_PER_MS
