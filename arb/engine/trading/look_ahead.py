"""Reads what the next decision would have to read first, beside what is decided now.

What a decision knows is a second old at most, so that most entries would begin with reading it anew, one
thing after the other. Read again at half of that age, it is there when an entry is worth it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from arb.domain.errors import StoreUnavailable
from arb.domain.time import NS_PER_MS

AGE_NS: Final = 400 * NS_PER_MS  # less than what anything that a decision knows may be old


class Look(Protocol):
    """Reads something again if it is older than this. Raises: StoreUnavailable."""

    def __call__(self, fresh_ns: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What is read ahead, in this order."""

    looks: Sequence[Look] = ()

    def run(self) -> None:
        """Read again what is about to be too old; what cannot be read now, the next decision will ask for."""
        with suppress(StoreUnavailable):
            for look in self.looks:
                look(AGE_NS)
