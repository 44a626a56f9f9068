"""What a process trades on, and whose sessions it may touch."""

import hashlib

from sqlalchemy import Engine as Database

from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.owners import acting_for
from arb.domain.state.owner import Owner
from config import addresses
from config.settings import Credentials, RunMode, Settings


def account_of(settings: Settings) -> str:
    """Return a name for what is traded on that tells nothing of the keys; paper groups have one each."""
    keys = tuple(settings.of(venue).credentials for venue in sorted(settings.pair))
    if settings.mode is RunMode.PAPER or None in keys:
        return f"paper:{settings.group}" if settings.mode is RunMode.PAPER else ""
    return named(*(key for key in keys if key is not None))


def owner_of(settings: Settings) -> Owner:
    """Return whose sessions a process with these settings may touch."""
    return Owner(environment=settings.mode.value, account=account_of(settings))


def database_of(settings: Settings) -> Database:
    """Return the database, as a process with these settings may use it. Raises: ConfigError."""
    pool = Pool(
        size=settings.database.pool_size,
        overflow_max=settings.database.max_overflow,
        lifetime_s=settings.database.lifetime_s,
        idle_s=settings.database.idle_s,
        timeout_s=settings.database.timeout_s,
    )
    return acting_for(make_engine(addresses.database_url(settings), pool), owner_of(settings))


def named(*credentials: Credentials) -> str:
    """Return a name for keys that tells nothing of them."""
    public = "|".join(each.key.get_secret_value() for each in credentials)
    return hashlib.sha256(public.encode()).hexdigest()[:12]
