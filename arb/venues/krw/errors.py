"""How errors of venues that quote in KRW are read. What each name means is the venue's own table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from arb.domain.errors import DataError, VenueError
from arb.domain.market.ids import Venue
from arb.venues.errors import ErrorKind, make_error, retry_after_ms
from arb.venues.reply import read
from arb.venues.request import Effect, HttpRequest, HttpResponse

PAUSE_MS: Final = 1_000  # limits are per second
BLOCK_MS: Final = 10_000  # 418; the transport doubles it when it comes again
STATUSES: Final[Mapping[int, ErrorKind]] = MappingProxyType(
    {
        400: ErrorKind.AMBIGUOUS,
        401: ErrorKind.FATAL,
        403: ErrorKind.FATAL,
        418: ErrorKind.RATE_LIMITED,
        429: ErrorKind.RATE_LIMITED,
        451: ErrorKind.FATAL,  # not served from where we are
    }
)  # what one means whose name no table has


def error_of(
    venue: Venue, kind_of: Callable[[int, str], ErrorKind], response: HttpResponse, effect: Effect
) -> VenueError:
    """Return what a rejection means for a request of `effect`; `kind_of` is asked of status and name."""
    name, message = name_and_message(response)
    return make_error(
        _kind(response.status, name, kind_of),
        venue,
        effect,
        code=name,
        detail=f"HTTP {response.status} {message}",
        retry_after_ms=retry_after_ms(response, BLOCK_MS if response.status == 418 else PAUSE_MS),
        asked_ms=retry_after_ms(response, 0),
    )


def pause_scope(request: HttpRequest, response: HttpResponse) -> str | None:
    """Return the group that a reply pauses, or None for all: a block and trouble are for everything."""
    return request.group if response.status == 429 else None


def name_and_message(response: HttpResponse) -> tuple[str, str]:
    """Return what an error is called, "" where a reply holds none."""
    try:
        return read(response, _envelope)
    except DataError:
        return "", "no error body"


def _kind(status: int, name: str, kind_of: Callable[[int, str], ErrorKind]) -> ErrorKind:
    if status >= 500:  # executed or not, whatever the body says
        return ErrorKind.UNKNOWN
    return ErrorKind.FOREIGN if status == 400 and not name else kind_of(status, name)


def _envelope(body: Any) -> tuple[str, str]:
    return str(body["error"]["name"]), str(body["error"].get("message", ""))
