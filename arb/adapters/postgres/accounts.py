"""Which account each key opened, in PostgreSQL, and the taking up of what an account was called before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, and_, delete, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import account_keys, external_orders, session_accounts
from arb.domain.market.ids import Venue
from arb.domain.state.account import Key, Known, Unnamed, former_names, names_of
from arb.domain.state.owner import Accounts

LOCK_CLASS: Final = 0x6B6579  # "key"
LOCK: Final = text("SELECT pg_advisory_xact_lock(:class, hashtext(:environment))")


@dataclass(frozen=True, slots=True)
class SqlAccountStore:
    """`arb.ports.state.AccountStore`; each method raises StoreUnavailable."""

    engine: Engine

    def remembered(self, environment: str, keys: Mapping[Venue, Key]) -> Accounts:
        with reading(self.engine) as connection:
            return {venue: each.name for venue, each in _known(connection, environment, keys).items()}

    def settle(
        self, environment: str, keys: Mapping[Venue, Key], former: str, now_ns: int
    ) -> Accounts | Unnamed:
        with transaction(self.engine) as connection:
            connection.execute(LOCK, {"class": LOCK_CLASS, "environment": environment})
            known = _known(connection, environment, keys)
            before = {
                venue: former for venue in keys if former and _is_used(connection, environment, venue, former)
            }
            accounts = names_of(keys, known, before)
            if isinstance(accounts, Unnamed):
                return accounts
            for venue, named in accounts.items():
                for old in former_names(venue, named, known, before):
                    _rename(connection, environment, venue, old, named, now_ns)
                key = keys[venue]
                _remember(connection, environment, venue, key.fingerprint, named, now_ns, told=bool(key.told))
            return accounts


def _known(connection: Connection, environment: str, keys: Mapping[Venue, Key]) -> dict[Venue, Known]:
    named = select(account_keys).where(
        account_keys.c.environment == environment,
        account_keys.c.fingerprint.in_([key.fingerprint for key in keys.values()]),
    )
    found = {(row.venue, row.fingerprint): row for row in connection.execute(named)}
    return {
        venue: Known(name=row.account, is_told=row.told)
        for venue, key in keys.items()
        if (row := found.get((venue.value, key.fingerprint)))
    }


def _is_used(connection: Connection, environment: str, venue: Venue, name: str) -> bool:
    used = select(session_accounts.c.session_id).where(
        session_accounts.c.environment == environment,
        session_accounts.c.venue == venue.value,
        session_accounts.c.account == name,
    )
    return connection.execute(used.limit(1)).first() is not None


def _remember(
    connection: Connection,
    environment: str,
    venue: Venue,
    fingerprint: str,
    name: str,
    now_ns: int,
    *,
    told: bool = False,
) -> None:
    written = insert(account_keys).values(
        environment=environment,
        venue=venue.value,
        fingerprint=fingerprint,
        account=name,
        told=told,
        named_at_ns=now_ns,
    )
    connection.execute(
        written.on_conflict_do_update(
            index_elements=["environment", "venue", "fingerprint"],
            set_={
                "account": written.excluded.account,
                "told": or_(account_keys.c.told, written.excluded.told),
            },
        )
    )


def _rename(
    connection: Connection, environment: str, venue: Venue, before: str, name: str, now_ns: int
) -> None:
    """Call an account otherwise wherever it decides something; fills keep the name that they were booked by.

    What it was called is remembered like a key: processes that know it so go on, and checks find it.
    """
    for table in (session_accounts, account_keys):
        named = (
            table.c.environment == environment,
            table.c.venue == venue.value,
            table.c.account == before,
        )
        connection.execute(update(table).where(*named).values(account=name))
    old = and_(
        external_orders.c.environment == environment,
        external_orders.c.venue == venue.value,
        external_orders.c.account == before,
    )
    columns = [literal(name) if each.name == "account" else each for each in external_orders.c]
    kept = insert(external_orders).from_select(list(external_orders.c), select(*columns).where(old))
    connection.execute(kept.on_conflict_do_nothing())
    connection.execute(delete(external_orders).where(old))
    _remember(connection, environment, venue, before, name, now_ns)
