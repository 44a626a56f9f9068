"""What a process trades on, and whose sessions it may touch.

In live mode an account is called what the venue says whose the key is, or what the operator calls it. Paper
accounts are those of their group; a simulated world's are known by the keys that were made up for it.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Protocol, runtime_checkable

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.accounts import SqlAccountStore
from arb.adapters.postgres.engine import make_engine
from arb.app.venues import real_clients
from arb.domain.errors import ConfigError, VenueError
from arb.domain.market.ids import Venue
from arb.domain.state.account import Key, Unnamed, fingerprint, former_account
from arb.domain.state.owner import Accounts, Owner
from arb.ports.market import Clock
from config import addresses
from config.settings import RunMode, Settings


@runtime_checkable
class _Teller(Protocol):
    """A client of a venue that tells whose a key is."""

    def account(self) -> str:
        """Return the name of the account. Raises: VenueError."""


def owner_of(settings: Settings) -> Owner:
    """Return whose sessions a process with these settings may touch.

    A key that was never named (it was rotated under a stack that runs) is named now.
    Raises: ConfigError, StoreUnavailable.
    """
    keys, accounts = keys_of(settings), _unkeyed(settings)
    if keys:
        url = addresses.database_url(settings)
        with closing(_Store(url)) as store:
            known = store.accounts.remembered(settings.mode, keys)
        named = known if known.keys() == keys.keys() else name_accounts(settings, url, SystemClock())
        accounts = {**accounts, **named}
    return Owner(environment=settings.mode.value, accounts=accounts)


def name_accounts(settings: Settings, database_url: str, clock: Clock) -> Accounts:
    """Return the accounts that the keys open, and remember them; the venues are asked first.

    Raises: ConfigError with one line where nobody can say so, StoreUnavailable.
    """
    keys = {venue: _asked(settings, venue, key) for venue, key in keys_of(settings).items()}
    if not keys:
        return _unkeyed(settings)
    with closing(_Store(database_url)) as store:
        named = store.accounts.settle(settings.mode, keys, _former(settings), clock.now_ns())
    if isinstance(named, Unnamed):
        raise ConfigError(named.line)
    return {**_unkeyed(settings), **named}


def told_account(client: object) -> str:
    """Return whose a client's key is, empty if its venue does not tell. Raises: VenueError."""
    return client.account() if isinstance(client, _Teller) else ""


class _Store:
    """The store of accounts over connections of its own."""

    def __init__(self, database_url: str) -> None:
        self._database = make_engine(database_url)
        self.accounts = SqlAccountStore(self._database)

    def close(self) -> None:
        self._database.dispose()


def _unkeyed(settings: Settings) -> Accounts:
    """Return the accounts by the settings alone: without a key nobody knows them."""
    name = f"paper:{settings.group}" if settings.mode is RunMode.PAPER else ""
    played = f":{settings.sim.played_s}" if name and settings.sim.played_s else ""  # ends with its books
    return dict.fromkeys(settings.pair, f"{name}{played}")


def keys_of(settings: Settings) -> Mapping[Venue, Key]:
    """Return the keys of the pair's venues, with what the settings call their accounts."""
    if settings.mode is RunMode.PAPER:
        return {}
    return {
        venue: _key(settings, venue, credentials.key.get_secret_value())
        for venue in settings.pair
        if (credentials := settings.of(venue).credentials) is not None
    }


def _key(settings: Settings, venue: Venue, key: str) -> Key:
    mark = fingerprint(venue, key)
    if settings.mode is RunMode.LIVE:
        return Key(fingerprint=mark, label=settings.label_of(venue))
    return Key(fingerprint=mark, label=f"sim-{mark}")


def _asked(settings: Settings, venue: Venue, key: Key) -> Key:
    """Return a key with what its venue says of it."""
    if settings.mode is not RunMode.LIVE:
        return key
    client = real_clients(settings, SystemClock(), SystemEntropy())[venue]
    try:
        return replace(key, told=told_account(client))
    except VenueError as error:
        return replace(key, untold=error.detail)


def _former(settings: Settings) -> str:
    """Return what one name stood for the accounts of both keys, empty where it never did."""
    both = [settings.of(venue).credentials for venue in sorted(settings.pair)]
    keys = [each.key.get_secret_value() for each in both if each is not None]
    return former_account(keys) if len(keys) == len(both) else ""
