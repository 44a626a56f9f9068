"""The two implementations under test, and a look at what is inside them."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Engine, text

from arb.adapters.memory.accounts import MemoryAccountStore
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.by_hand import MemoryByHand
from arb.adapters.memory.choices import MemoryChoices
from arb.adapters.memory.external import MemoryExternalOrderStore
from arb.adapters.memory.messages import MemoryMessages
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.adapters.postgres.accounts import SqlAccountStore
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.by_hand import SqlByHand
from arb.adapters.postgres.choices import SqlChoices
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.external import SqlExternalOrderStore
from arb.adapters.postgres.messages import SqlMessages
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.postgres.venue_health import SqlVenueHealth
from arb.domain.ledger.ledger import Posting
from arb.domain.market.ids import ClientOrderId, SessionId
from arb.engine.market.choose_coins import ChoiceStore
from arb.engine.trading.stability import VenueHealthStore
from arb.ports.messaging import AlertStore, MessageStore
from arb.ports.state import AccountStore
from arb.ports.trading import ExternalOrderStore, HandStore, SessionStore, TradeStore

Balances = dict[tuple[str, str], Decimal]
Event = tuple[str, str, str, int]  # event, from, to, fence


class Inside(Protocol):
    """What tests look at behind the port."""

    def postings(self, session_id: SessionId) -> list[Posting]: ...
    def balances(self, session_id: SessionId) -> Balances: ...
    def hold(self, client_order_id: ClientOrderId) -> str: ...
    def events(self, client_order_id: ClientOrderId) -> list[Event]: ...
    def alerts(self) -> list[tuple[str | None, str, str]]: ...
    def damage(self, session_id: SessionId, slot: str) -> None: ...


@dataclass(frozen=True)
class Stores:
    """One backend."""

    trades: TradeStore
    sessions: SessionStore
    snapshots: Any  # SnapshotStore, and `find`
    alerts: AlertStore
    external: ExternalOrderStore
    health: VenueHealthStore
    by_hand: HandStore
    choices: ChoiceStore
    accounts: AccountStore
    messages: MessageStore
    inside: Inside


@dataclass(frozen=True)
class InsideMemory:
    tables: MemoryTables

    def postings(self, session_id: SessionId) -> list[Posting]:
        booked = [row.entry for row in self.tables.ledger if row.session_id == session_id]
        return [posting for entry in booked for posting in entry.postings]

    def balances(self, session_id: SessionId) -> Balances:
        return dict(self.tables.balances.get(session_id, {}))

    def hold(self, client_order_id: ClientOrderId) -> str:
        return self.tables.orders[client_order_id].hold.state.value

    def events(self, client_order_id: ClientOrderId) -> list[Event]:
        return [
            (row.event.value, row.from_state.value, row.to_state.value, row.fence)
            for row in self.tables.orders[client_order_id].events
        ]

    def alerts(self) -> list[tuple[str | None, str, str]]:
        return [(owner, alert.kind, alert.severity.value) for owner, alert in self.tables.alerts]

    def damage(self, session_id: SessionId, slot: str) -> None:
        rows = self.tables.snapshots[session_id, slot]
        rows["positions"] = replace(rows["positions"], body=rows["positions"].body[:-1])


@dataclass(frozen=True)
class InsideSql:
    engine: Engine

    def _rows(self, statement: str, **parameters: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), parameters))

    def postings(self, session_id: SessionId) -> list[Posting]:
        rows = self._rows(
            "SELECT account, asset, amount FROM ledger_postings JOIN ledger_entries USING (entry_id) "
            "WHERE session_id = :session_id",
            session_id=session_id,
        )
        return [Posting(*row) for row in rows]

    def balances(self, session_id: SessionId) -> Balances:
        rows = self._rows(
            "SELECT account, asset, amount FROM balances WHERE session_id = :session_id",
            session_id=session_id,
        )
        return {(row.account, row.asset): row.amount for row in rows}

    def hold(self, client_order_id: ClientOrderId) -> str:
        return self._rows("SELECT state FROM holds WHERE client_order_id = :id", id=client_order_id)[0][0]

    def events(self, client_order_id: ClientOrderId) -> list[Event]:
        rows = self._rows(
            "SELECT event, from_state, to_state, fence FROM order_events "
            "WHERE client_order_id = :id ORDER BY seq",
            id=client_order_id,
        )
        return [tuple(row) for row in rows]

    def alerts(self) -> list[tuple[str | None, str, str]]:
        rows = self._rows("SELECT session_id, kind, severity FROM alerts ORDER BY alert_id")
        return [tuple(row) for row in rows]

    def damage(self, session_id: SessionId, slot: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE position_snapshots SET body = substr(body, 1, length(body) - 1) "
                    "WHERE session_id = :session_id AND slot = :slot"
                ),
                {"session_id": session_id, "slot": slot},
            )


def memory_stores() -> Stores:
    tables = MemoryTables()
    return Stores(
        MemoryTradeStore(tables),
        MemorySessionStore(tables),
        MemorySnapshotStore(tables),
        MemoryAlertStore(tables),
        MemoryExternalOrderStore(tables),
        MemoryVenueHealth(tables),
        MemoryByHand(tables),
        MemoryChoices(),
        MemoryAccountStore(tables),
        MemoryMessages(tables),
        InsideMemory(tables),
    )


def sql_stores(engine: Engine) -> Stores:
    return Stores(
        SqlTradeStore(engine),
        SqlSessionStore(engine),
        SqlSnapshotStore(engine),
        SqlAlertStore(engine),
        SqlExternalOrderStore(engine),
        SqlVenueHealth(engine),
        SqlByHand(engine),
        SqlChoices(engine),
        SqlAccountStore(engine),
        SqlMessages(engine),
        InsideSql(engine),
    )


def sql_engine(database_url: str) -> Engine:
    return make_engine(database_url, Pool(size=10), application_name="test")


def sums(postings: list[Posting]) -> Balances:
    found: Balances = defaultdict(Decimal)
    for posting in postings:
        found[posting.account, posting.asset] += posting.amount
    return dict(found)
