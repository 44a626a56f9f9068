"""Copies of a session's state: imaged in SQL and kept hot, in the memory that there is."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import SessionId, TradeId, Venue
from arb.domain.state.account import Key, Unnamed
from arb.domain.state.hot_state import HotState, StateChange, StateStamp
from arb.domain.state.owner import Accounts
from arb.domain.state.snapshot import Found, Snapshot, SnapshotKind


class SnapshotStore(Protocol):
    """Images of sessions, in SQL."""

    def image(self, session_id: SessionId) -> tuple[int, Mapping[str, Any]]:
        """Return (ledger position, parts) of one consistent point in time."""

    def save(self, snapshot: Snapshot) -> bool:
        """Write the four parts in one transaction; False if the slot is already taken."""

    def take(
        self, session_id: SessionId, kind: SnapshotKind, slot: str, taken_at_ns: int, at_once: int
    ) -> bool:
        """Image a session and write it, with so many trades in memory at a time; False as above."""

    def latest(self, session_id: SessionId) -> Snapshot | None:
        """Return the newest snapshot that verifies."""

    def find(self, session_id: SessionId) -> Found:
        """Return the newest snapshot that verifies, and which newer ones were skipped and why."""

    def taken(self, session_id: SessionId, slot: str) -> bool:
        """Tell whether a slot is taken already."""

    def stamp(self, session_id: SessionId) -> StateStamp:
        """Return what tells whether a copy of the state is of this moment."""

    def change(self, session_id: SessionId, trades: Collection[TradeId]) -> StateChange:
        """Return the sums and these trades as they are at one point in time."""

    def entries_after(self, session_id: SessionId, position: int) -> tuple[Entry, ...]:
        """Return the ledger's entries beyond a position, in commit order."""


class AccountStore(Protocol):
    """Accounts by the keys that open them."""

    def remembered(self, environment: str, keys: Mapping[Venue, Key]) -> Accounts:
        """Return the account of each key that was named before."""

    def settle(
        self, environment: str, keys: Mapping[Venue, Key], former: str, now_ns: int
    ) -> Accounts | Unnamed:
        """Name the account of each key, and remember it; sessions of what it was called before are its own.

        All of it is one transaction, and one at a time. Without a name for one nothing is written. `former`
        is what one name stood for the accounts of all these keys.
        """


class StateStore(Protocol):
    """The hot copy of sessions' state. Never believed over SQL.

    Raises, everywhere: StoreUnavailable. A writer takes a revision, reads SQL, then writes.
    """

    def next_revision(self, session_id: SessionId) -> int:
        """Return a number greater than any before it."""

    def save(self, state: HotState, revision: int) -> bool:
        """Replace the whole state at once; False if a later revision was written meanwhile."""

    def apply(self, change: StateChange, revision: int) -> bool | None:
        """Write what changed at once; False as above, None if there is no state to change."""

    def load(self, session_id: SessionId) -> HotState | None:
        """Return the whole state. Raises: DataError if it is not readable."""

    def delete(self, session_id: SessionId) -> None:
        """Remove the whole state at once."""

    def ping(self) -> None:
        """Return if the store answers."""


class MemoryBudget(Protocol):
    """What large work may take at once in this process."""

    def items(self, item_bytes: int, at_most: int) -> AbstractContextManager[int]:
        """Reserve memory for one chunk, waiting for others if need be; give how many items it may have.

        At least one: nothing fails for want of memory, it is done smaller or later.
        """
