"""UUIDs drawn from the seed, so that the same run gives the same ids."""

from collections.abc import Callable
from random import Random
from uuid import UUID


def seeded_uuid(seed_text: str) -> str:
    """Return a version 4 UUID that depends on nothing but `seed_text`."""
    return str(UUID(int=Random(seed_text).getrandbits(128), version=4))


def uuid_source(seed: int, kind: str) -> Callable[[int], str]:
    """Return the function that names the n-th thing of a kind."""
    return lambda number: seeded_uuid(f"{seed}:upbit:{kind}:{number}")
