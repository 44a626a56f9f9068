"""`arb.ports.state.AccountStore` in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from arb.adapters.memory.tables import MemoryTables
from arb.domain.market.ids import Venue
from arb.domain.state.account import Key, Known, Unnamed, former_names, names_of
from arb.domain.state.owner import Accounts


@dataclass(frozen=True, slots=True)
class MemoryAccountStore:
    """Accounts by the keys that open them."""

    tables: MemoryTables

    def remembered(self, environment: str, keys: Mapping[Venue, Key]) -> Accounts:
        with self.tables.transaction():
            return {venue: each.name for venue, each in self._known(environment, keys).items()}

    def settle(
        self, environment: str, keys: Mapping[Venue, Key], former: str, now_ns: int
    ) -> Accounts | Unnamed:
        with self.tables.transaction():
            known = self._known(environment, keys)
            before = {venue: former for venue in keys if former and self._is_used(environment, venue, former)}
            accounts = names_of(keys, known, before)
            if isinstance(accounts, Unnamed):
                return accounts
            for venue, named in accounts.items():
                for old in former_names(venue, named, known, before):
                    self._rename(environment, venue, old, named)
                key, was_told = keys[venue], venue in known and known[venue].is_told
                now_known = Known(name=named, is_told=bool(key.told) or was_told)
                self.tables.account_keys[environment, venue, key.fingerprint] = now_known
            return accounts

    def _known(self, environment: str, keys: Mapping[Venue, Key]) -> dict[Venue, Known]:
        known = self.tables.account_keys
        found = {venue: known.get((environment, venue, key.fingerprint)) for venue, key in keys.items()}
        return {venue: each for venue, each in found.items() if each is not None}

    def _is_used(self, environment: str, venue: Venue, name: str) -> bool:
        places = (self.tables.place(session_id, venue) for session_id in self.tables.sessions)
        return (environment, name, venue) in places

    def _rename(self, environment: str, venue: Venue, before: str, name: str) -> None:
        """Call an account otherwise wherever it decides something; what it was called is remembered."""
        old, new, tables = (environment, before, venue), (environment, name, venue), self.tables
        for session_id, session in tables.sessions.items():
            if tables.place(session_id, venue) == old:
                tables.sessions[session_id] = replace(session, accounts={**session.accounts, venue: name})
        for key, known in tables.account_keys.items():
            if key[:2] == (environment, venue) and known.name == before:
                tables.account_keys[key] = replace(known, name=name)
        tables.account_keys[environment, venue, before] = Known(name=name)
        for place, order_id in [key for key in tables.external if key[0] == old]:
            order = tables.external.pop((place, order_id))
            tables.external.setdefault((new, order_id), order)
