"""Requests and replies as values: what a codec makes and reads, and a transport carries.

A request's query, body and headers can hold keys and signatures, so no `repr` shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Effect(StrEnum):
    """What a request does at the venue if it arrives: it decides what a lost reply means."""

    READ = "read"
    PLACE = "place"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request, ready to be sent."""

    method: str
    path: str
    query: str = field(default="", repr=False)  # percent-encoded
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    group: str = ""  # the venue's rate limit group; "" has no limit of its own
    weight: int = 1  # what it costs of the venue's shared pool
    effect: Effect = Effect.READ


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One complete reply."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Tell whether the venue did what was asked."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUsage:
    """What a venue's reply says of one rate limit: how much is used, or how much is left."""

    group: str
    used: int | None = None
    left: int | None = None
