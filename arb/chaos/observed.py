"""What is seen of a stack that things are done to: that it trades, and that it lost nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.tables import trades
from arb.app.judge import check_of
from arb.app.wiring import Engine
from arb.chaos.scenario_result import Failed, expect
from arb.domain.errors import StoreUnavailable
from arb.stack.shutdown import Progress

PATIENCE_MS: Final = 90_000
PAUSE_MS: Final = 200


@dataclass(frozen=True, slots=True)
class Observed:
    """One running stack, from the outside."""

    engine: Engine
    progress: Progress

    def image(self) -> Mapping[str, Any]:
        """Return the state of the session as SQL has it. Raises: StoreUnavailable."""
        return self.engine.stores.snapshots.image(self.engine.session_id)[1]

    def opened(self, since_ns: int, until_ns: int) -> int:
        """Return how many trades were opened in a time. Raises: StoreUnavailable."""
        counted = select(func.count()).where(
            trades.c.session_id == self.engine.session_id,
            trades.c.opened_at_ns > since_ns,
            trades.c.opened_at_ns <= until_ns,
        )
        with reading(self.engine.stores.trades.engine) as connection:
            return int(connection.execute(counted).scalar_one())

    def first_trade_ns(self, since_ns: int) -> int:
        """Return when the first trade after that was opened, 0 if none was. Raises: StoreUnavailable."""
        first = select(func.min(trades.c.opened_at_ns)).where(
            trades.c.session_id == self.engine.session_id, trades.c.opened_at_ns > since_ns
        )
        with reading(self.engine.stores.trades.engine) as connection:
            return connection.execute(first).scalar_one() or 0

    def trades_since(self, since_ns: int) -> Callable[[], bool]:
        """Return a question: was a trade opened since then?"""
        return lambda: bool(self.first_trade_ns(since_ns))

    def wait(self, what: str, there: Callable[[], bool], patience_ms: int = PATIENCE_MS) -> None:
        """Wait until something is so; a database that is away is waited for. Raises: Failed."""
        clock = self.engine.clock
        until_ns = clock.now_ns() + patience_ms * 1_000_000
        while clock.now_ns() < until_ns:
            try:
                if there():
                    return
            except StoreUnavailable:
                self.progress(f"waiting for {what}: the database is still away")
            clock.sleep_ms(PAUSE_MS)
        raise Failed(f"no sign of {what} within {patience_ms // 1000} s")

    def expect_nothing_lost(self, before: Mapping[str, Any]) -> None:
        """Everything of before is there, and the venues' own record agrees with all. Raises: Failed."""
        after = self.image()
        expect(after["metrics"]["fills"] >= before["metrics"]["fills"], "fills were lost")
        versions = {
            view["trade"]["trade_id"]: view["trade"]["version"] for view in after["positions"]["trades"]
        }
        for view in before["positions"]["trades"]:
            trade_id, version = view["trade"]["trade_id"], view["trade"]["version"]
            expect(versions.get(trade_id, version) >= version, f"trade {trade_id} went back")
        days = after["risk_guard"]["realised_krw_by_day"]
        expect(days.keys() >= before["risk_guard"]["realised_krw_by_day"].keys(), "a day's result was lost")
        findings = check_of(self.engine).run()
        first = findings.violations[0].message if findings.violations else ""
        expect(findings.all_hold, f"an invariant is broken: {first}")
