"""The part of an engine that keeps its state: hot in Redis, imaged in SQL, resumed."""

from dataclasses import dataclass, replace

from arb.adapters.postgres.engine import noting
from arb.adapters.postgres.mirror import Mirror
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import SessionId
from arb.engine.state.hot_state import KeepHotState
from arb.ports import Clock, Counters, StateStore


@dataclass(frozen=True, kw_only=True)
class Mirrored:
    """The stores of one session that every use case writes through, and who keeps their copy."""

    trades: SqlTradeStore
    sessions: SqlSessionStore
    hot_state: KeepHotState


def keep(
    session_id: SessionId,
    trades: SqlTradeStore,
    sessions: SqlSessionStore,
    snapshots: SqlSnapshotStore,
    states: StateStore,
    counters: Counters,
    clock: Clock,
) -> Mirrored:
    """Return the stores of a session, mirrored; the mirror's thread starts with the first change."""
    keeper = KeepHotState(
        session_id=session_id,
        states=states,
        snapshots=snapshots,
        sessions=sessions,
        counters=counters,
        clock=clock,
    )
    mirror = Mirror(keeper, clock.now_ns)
    noted = replace(sessions, engine=noting(sessions.engine, mirror.note))
    keeper.sessions = noted
    return Mirrored(
        trades=replace(trades, engine=noting(trades.engine, mirror.note)), sessions=noted, hot_state=keeper
    )
