"""The state chapter, wired: hot in Redis, imaged in SQL, resumed; and whether the database answers."""

from dataclasses import dataclass, replace
from functools import partial

from arb.adapters.postgres.engine import noting
from arb.adapters.postgres.mirror import Mirror
from arb.app.shared import Shared
from arb.app.stores import Stores
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.state.store_health import WatchDatabase
from arb.ports.market import Clock


@dataclass(frozen=True, kw_only=True)
class StateUseCases:
    """How a session's state is kept, and found again."""

    hot_state: KeepHotState
    take_snapshot: TakeSnapshot
    resume: Resume
    watch_database: WatchDatabase


def mirror(session_id: SessionId, stores: Stores, clock: Clock) -> tuple[Stores, KeepHotState]:
    """Return the stores that every use case of a session writes through, and who keeps their copy.

    The mirror's thread starts with the first change.
    """
    keeper = KeepHotState(
        session_id=session_id,
        states=stores.states,
        snapshots=stores.snapshots,
        sessions=stores.sessions,
        counters=stores.counters,
        clock=clock,
    )
    note = Mirror(keeper, clock.now_ns).note
    sessions = replace(stores.sessions, engine=noting(stores.sessions.engine, note))
    trades = replace(stores.trades, engine=noting(stores.trades.engine, note))
    keeper.sessions = sessions
    return replace(stores, trades=trades, sessions=sessions), keeper


def wire_state(shared: Shared, hot_state: KeepHotState, unmirrored: Stores) -> StateUseCases:
    """Return the use cases around the state; the database is asked past its mirror."""
    return StateUseCases(
        hot_state=hot_state,
        take_snapshot=_take_snapshot(shared),
        resume=Resume(
            session_id=shared.session_id,
            snapshots=shared.stores.snapshots,
            trades=shared.stores.trades,
            dispatcher=shared.dispatcher,
            hot_state=hot_state,
            clock=shared.clock,
        ),
        watch_database=WatchDatabase(
            ask=partial(unmirrored.sessions.get, shared.session_id),
            alerts=shared.alerts,
            counters=shared.stores.counters,
            clock=shared.clock,
            recovered=partial(unmirrored.sessions.recovered, shared.session_id),
        ),
    )


def _take_snapshot(shared: Shared) -> TakeSnapshot:
    chosen = shared.settings.snapshot
    return TakeSnapshot(
        session_id=shared.session_id,
        snapshots=shared.stores.snapshots,
        counters=shared.stores.counters,
        clock=shared.clock,
        interval_ns=chosen.interval_s * NS_PER_S,
        on_trade_interval_ns=chosen.on_trade_interval_s * NS_PER_S,
        budget=shared.budget,
    )
