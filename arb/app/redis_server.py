"""Whether work is safe in the Redis that a stack uses: live mode refuses one that loses it, others say so."""

from collections.abc import Iterator
from typing import Final

from arb.adapters.redis.client import connect
from arb.adapters.redis.durability import RedisDurability
from arb.domain.errors import ConfigError
from arb.domain.health.durability import MEND, WORDS, DurabilityReport
from arb.stack.shutdown import Progress
from config.settings import RunMode, Settings

LOOK_MS: Final = 2_000


def look(url: str) -> DurabilityReport:
    """Look at a server. Raises: StoreUnavailable."""
    client = connect(url, LOOK_MS)
    try:
        return RedisDurability(client).look()
    finally:
        client.close()


def lines(looked: DurabilityReport) -> Iterator[str]:
    """Return a line for each trouble, with what to do about it."""
    for kind in looked.found:
        yield f"{WORDS[kind]}; {MEND[kind]}"


def unseen(looked: DurabilityReport) -> str:
    """Return what could not be looked at, empty if everything could."""
    if not looked.unseen:
        return ""
    kinds = ", ".join(looked.unseen)
    return (
        f"Redis does not say whether it is as it should be ({kinds}): look at it as docs/deployment.md says"
    )


def check(settings: Settings, url: str, progress: Progress) -> None:
    """Say what is wrong with a stack's Redis. Raises: ConfigError for live mode, StoreUnavailable."""
    looked = look(url)
    for line in lines(looked):
        if settings.mode is RunMode.LIVE:
            raise ConfigError(f"redis_url: {line}")
        progress(f"warning: {line}")
    if text := unseen(looked):
        progress(f"warning: {text}")
