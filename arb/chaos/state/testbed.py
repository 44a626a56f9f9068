"""What scenarios stand on: a database, a Redis, and the use cases of one session over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis
from sqlalchemy import Engine

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.local.memory_budget import UnlimitedBudget
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.state import RedisStateStore
from arb.chaos.scenario_result import expect, timed
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.review import Mode
from arb.domain.state.owner import Owner
from arb.domain.state.snapshot import SnapshotKind, canonical
from arb.domain.time import NS_PER_S
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume, ResumeReport
from arb.engine.state.snapshot import TakeSnapshot
from arb.ports.trading import Session

ENVIRONMENT = "mock"
OWNER = Owner(environment=ENVIRONMENT)


@dataclass(frozen=True, kw_only=True)
class StateTestbed:
    """Servers that a scenario may use as it likes."""

    database: Engine
    client: redis.Redis
    clock: SystemClock = field(default_factory=SystemClock)
    entropy: SystemEntropy = field(default_factory=SystemEntropy)

    @property
    def trades(self) -> SqlTradeStore:
        """Return the store of trades."""
        return SqlTradeStore(self.database)

    @property
    def sessions(self) -> SqlSessionStore:
        """Return the store of sessions."""
        return SqlSessionStore(self.database)

    @property
    def snapshots(self) -> SqlSnapshotStore:
        """Return the store of snapshots."""
        return SqlSnapshotStore(self.database)

    @property
    def states(self) -> RedisStateStore:
        """Return the store of the hot state."""
        return RedisStateStore(self.client, ENVIRONMENT)

    def begin(self, group: str = "", account: str = "") -> SessionId:
        """Write a new session and make it the one in use of its group."""
        now_ns = self.clock.now_ns()
        session = Session(
            session_id=SessionId(f"chaos-{now_ns}-{self.entropy.bits(24):06x}"),
            environment=ENVIRONMENT,
            started_at_ns=now_ns,
            mode=Mode.NORMAL,
            mode_reason="scenario",
            mode_changed_at_ns=now_ns,
            group_name=group,
            accounts=dict.fromkeys(Venue, account),
        )
        self.sessions.create(session)
        self.sessions.take_up(session.session_id, now_ns)
        return session.session_id

    def keeper(self, session_id: SessionId) -> KeepHotState:
        """Return the keeper that a new process has."""
        return KeepHotState(
            session_id=session_id,
            states=self.states,
            snapshots=self.snapshots,
            sessions=self.sessions,
            counters=RedisCounters(self.client, ENVIRONMENT),
            clock=self.clock,
        )

    def snapshot(self, session_id: SessionId) -> str:
        """Take a snapshot by hand; return its slot."""
        taken = TakeSnapshot(
            session_id=session_id,
            snapshots=self.snapshots,
            counters=RedisCounters(self.client, ENVIRONMENT),
            clock=self.clock,
            interval_ns=NS_PER_S,
            on_trade_interval_ns=NS_PER_S,
            budget=UnlimitedBudget(),
        ).run(SnapshotKind.MANUAL)
        expect(taken is not None, "no snapshot was taken")
        return str(taken)

    def resume(self, session_id: SessionId) -> tuple[ResumeReport, list[Any]]:
        """Resume as a new process does; return its account, and the messages it sent."""
        dispatcher = MemoryDispatcher()
        account = Resume(
            session_id=session_id,
            snapshots=self.snapshots,
            trades=self.trades,
            dispatcher=dispatcher,
            hot_state=self.keeper(session_id),
            clock=self.clock,
        ).run()
        return account, dispatcher.sent

    def parts(self, session_id: SessionId) -> Mapping[str, Any]:
        """Return what SQL says of a session now."""
        return self.snapshots.image(session_id)[1]

    def lose_and_resume(self, session_id: SessionId) -> tuple[ResumeReport, float]:
        """Wipe Redis, resume, and expect the very state of before, in SQL and in Redis."""
        before = canonical(self.parts(session_id))
        self.client.flushdb()
        (account, _), recovery_s = timed(self.clock, lambda: self.resume(session_id))
        expect(not account.differences, f"differences: {account.differences}")
        expect(canonical(self.parts(session_id)) == before, "SQL is not what it was")
        hot = self.states.load(session_id)
        expect(hot is not None and canonical(hot.parts) == before, "Redis is not what SQL is")
        return account, recovery_s
