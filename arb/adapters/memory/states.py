"""`arb.ports.state.StateStore` in memory; `away` makes it unreachable."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from arb.domain.errors import HotStateUnavailable
from arb.domain.market.ids import SessionId
from arb.domain.state.hot_state import HotState, StateChange


@dataclass(slots=True)
class MemoryStateStore:
    """States by session, with the number of their last write."""

    away: bool = False
    states: dict[SessionId, tuple[int, HotState]] = field(default_factory=dict)
    revisions: dict[SessionId, int] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def next_revision(self, session_id: SessionId) -> int:
        self.ping()
        with self.lock:
            self.revisions[session_id] = self.revisions.get(session_id, 0) + 1
            return self.revisions[session_id]

    def save(self, state: HotState, revision: int) -> bool:
        self.ping()
        with self.lock:
            if self.states.get(state.session_id, (-1, None))[0] > revision:
                return False
            self.states[state.session_id] = (revision, deepcopy(state))
            return True

    def apply(self, change: StateChange, revision: int) -> bool | None:
        self.ping()
        with self.lock:
            if change.session_id not in self.states:
                return None
            applied, state = self.states[change.session_id]
            if applied > revision:
                return False
            self.states[change.session_id] = (revision, _changed(state, change))
            return True

    def load(self, session_id: SessionId) -> HotState | None:
        self.ping()
        with self.lock:
            found = self.states.get(session_id)
            return None if found is None else deepcopy(found[1])

    def delete(self, session_id: SessionId) -> None:
        self.ping()
        with self.lock:
            self.states.pop(session_id, None)
            self.revisions.pop(session_id, None)

    def ping(self) -> None:
        if self.away:
            raise HotStateUnavailable("memory state store is away")


def _changed(state: HotState, change: StateChange) -> HotState:
    trades: dict[str, Any] = {
        view["trade"]["trade_id"]: view for view in state.parts["positions"]["trades"]
    } | dict(change.trades)
    left = [view for view in trades.values() if view is not None]
    left.sort(key=lambda view: (view["trade"]["opened_at_ns"], view["trade"]["trade_id"]))
    parts = {**deepcopy(dict(change.parts))}
    parts["positions"] = {**parts["positions"], "trades": deepcopy(left)}
    return replace(state, ledger_position=change.ledger_position, parts=parts)
