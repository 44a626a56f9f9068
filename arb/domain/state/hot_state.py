"""A session's state as it is kept hot: the four parts of a snapshot, and what tells an old copy from a new.

Parts are plain JSON values in the layout of a snapshot. A copy is believed only while its stamp is SQL's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arb.domain.market.ids import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class StateStamp:
    """What every copy of one state has in common, and older ones have not."""

    ledger_position: int
    mode_changed_at_ns: int
    trades: frozenset[tuple[str, int]]  # (id, version) of those that have not ended


@dataclass(frozen=True, slots=True, kw_only=True)
class HotState:
    """The whole state of a session at one moment."""

    session_id: SessionId
    ledger_position: int
    parts: Mapping[str, Any]  # by the names in `arb.domain.state.snapshot.PARTS`

    @property
    def stamp(self) -> StateStamp:
        """Return what to compare with SQL's."""
        return StateStamp(
            ledger_position=self.ledger_position,
            mode_changed_at_ns=self.parts["session"]["mode_changed_at_ns"],
            trades=frozenset(
                (view["trade"]["trade_id"], view["trade"]["version"])
                for view in self.parts["positions"]["trades"]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """What some commits changed: the sums as they are now, and the trades that were touched."""

    session_id: SessionId
    ledger_position: int
    parts: Mapping[str, Any]  # as above, without `positions.trades`
    trades: Mapping[str, Any]  # id -> the trade with its orders, None if it has ended
