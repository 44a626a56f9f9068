"""Moments as a person writes and reads them: in the machine's time zone, or in UTC on request."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from arb.domain.errors import ConfigError
from arb.domain.time import NS_PER_S, NS_PER_US

DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
DIGITS: Final = {"seconds": "%Y-%m-%d %H:%M:%S", "minutes": "%Y-%m-%d %H:%M"}


def zone_of(utc: bool) -> tzinfo | None:
    """Return UTC, or None, which is how `datetime` calls the machine's own zone."""
    return UTC if utc else None


def shown(at_ns: int, zone: tzinfo | None, to: str = "seconds") -> str:
    """Return a moment with its zone."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(zone)
    return f"{moment.strftime(DIGITS[to])} {moment.tzname()}"


def shown_span(from_ns: int, to_ns: int, zone: tzinfo | None) -> str:
    """Return a span with its zone; a zone that changed in it is named at both ends."""
    first, last = shown(from_ns, zone), shown(to_ns, zone)
    same = first.rpartition(" ")[2] == last.rpartition(" ")[2]
    return f"{first.rpartition(' ')[0] if same else first} to {last}"


def first_ns(option: str, text: str, zone: tzinfo | None) -> int:
    """Return the moment that is written there; a day is its beginning. Raises: ConfigError."""
    return _ns(_parsed(option, text, zone))


def last_ns(option: str, text: str, zone: tzinfo | None) -> int:
    """Return the moment that is written there; a day is its end. Raises: ConfigError."""
    parsed = _parsed(option, text, zone)
    if not DAY.fullmatch(text.strip()):
        return _ns(parsed)
    next_day = datetime.combine(parsed.date() + timedelta(days=1), time(), tzinfo=zone)
    return _ns(next_day.astimezone(UTC)) - 1


def _parsed(option: str, text: str, zone: tzinfo | None) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{option}: {text!r} is no time; write 2026-11-30, '2026-11-30 09:00' or 2026-11-30T09:00+09:00"
        ) from None
    return found


def _ns(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * NS_PER_US
