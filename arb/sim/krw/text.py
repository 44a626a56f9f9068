"""How Upbit writes numbers, times and ids.

Strings in the exchange REST API, bare JSON numbers in quotation and on the WebSocket, local (KST)
ISO 8601 times in orders, milliseconds elsewhere. Decimal and int in, text out; no floats. Ids are
UUIDs drawn from the seed, so that the same run gives the same ids.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from arb.domain.time import NS_PER_MS, NS_PER_S, NS_PER_US

KST: Final = timezone(timedelta(hours=9))
EXACT: Final = Context(prec=60)
TENTH: Final = Decimal("0.1")
EIGHTH: Final = Decimal("0.00000001")

to_json: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(decimal_format="number").encode


def number(value: Decimal) -> Decimal:
    """Return `value` as JSON shows it: with a decimal point always, and no zeros behind what counts."""
    if value == value.to_integral_value():
        return value.quantize(TENTH, context=EXACT)
    return value.normalize(EXACT)


def change(value: Decimal) -> Decimal | int:
    """Return a change of a price: the one number that is a bare `0` when it is nothing."""
    return number(value) if value else 0


def plain(value: Decimal) -> str:
    """Return `value` as the order API writes it: `0.01`, `100000000`, `0`."""
    if value == value.to_integral_value():
        return format(value.quantize(Decimal(1), context=EXACT), "f")
    return format(value.normalize(EXACT), "f")


def quoted(body: Any) -> Any:
    """Return an answer of the quotation API: its prices have eight decimals."""
    if isinstance(body, dict):
        return {
            name: value.quantize(EIGHTH, context=EXACT)
            if isinstance(value, Decimal) and name.endswith("_price")
            else quoted(value)
            for name, value in body.items()
        }
    return [quoted(each) for each in body] if isinstance(body, list) else body


def maybe_plain(value: Decimal | None) -> str | None:
    """Return `plain(value)`, or None for an absent one."""
    return None if value is None else plain(value)


def milliseconds(ts_ns: int) -> int:
    """Return Unix milliseconds of Unix nanoseconds."""
    return ts_ns // NS_PER_MS


def kst_seconds(ts_ns: int) -> str:
    """Return `2018-04-10T15:42:23+09:00`."""
    return datetime.fromtimestamp(ts_ns // NS_PER_S, KST).isoformat(timespec="seconds")


def kst_microseconds(ts_ns: int) -> str:
    """Return `2025-08-09T16:44:00.597751+09:00`."""
    seconds, rest_ns = divmod(ts_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, KST).replace(microsecond=rest_ns // NS_PER_US)
    return moment.isoformat(timespec="microseconds")


def utc_milliseconds(ts_ns: int) -> str:
    """Return `2025-07-04T05:00:00.123Z`."""
    seconds, rest_ns = divmod(ts_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // NS_PER_US)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date_and_time(ts_ns: int) -> tuple[str, str]:
    """Return (`2023-10-06`, `09:37:36`) in UTC."""
    moment = datetime.fromtimestamp(ts_ns // NS_PER_S, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")


def compact_date_and_time(ts_ns: int, zone: timezone) -> tuple[str, str]:
    """Return (`20231006`, `093736`) in `zone`."""
    moment = datetime.fromtimestamp(ts_ns // NS_PER_S, zone)
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")


def seeded_uuid(seed_text: str) -> str:
    """Return a version 4 UUID that depends on nothing but `seed_text`."""
    return str(UUID(int=Random(seed_text).getrandbits(128), version=4))


def uuid_source(seed: int, kind: str) -> Callable[[int], str]:
    """Return the function that names the n-th thing of a kind."""
    return lambda number: seeded_uuid(f"{seed}:upbit:{kind}:{number}")
