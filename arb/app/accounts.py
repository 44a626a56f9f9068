"""What a process trades on, and whose sessions it may touch."""

import hashlib

from arb.domain.state.owner import Owner
from config.settings import Credentials, RunMode, Settings


def account_of(settings: Settings) -> str:
    """Return a name for what is traded on that tells nothing of the keys; paper groups have one each."""
    keys = (settings.binance.credentials, settings.upbit.credentials)
    if settings.mode is RunMode.PAPER or None in keys:
        return f"paper:{settings.group}" if settings.mode is RunMode.PAPER else ""
    return named(*(key for key in keys if key is not None))


def owner_of(settings: Settings) -> Owner:
    """Return whose sessions a process with these settings may touch."""
    return Owner(environment=settings.mode.value, account=account_of(settings))


def named(*credentials: Credentials) -> str:
    """Return a name for keys that tells nothing of them."""
    public = "|".join(each.key.get_secret_value() for each in credentials)
    return hashlib.sha256(public.encode()).hexdigest()[:12]
