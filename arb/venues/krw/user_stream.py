"""The private stream of venues that quote in KRW: its subscription and its frames, DEFAULT or SIMPLE names.

Pure. Events only, nothing is replayed. What an event of an order proves is the venue's own.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.ids import Venue
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.krw.stream import KEEP_ALIVE

MY_ORDER: Final = "myOrder"
TRADE: Final = "trade"

# Numbers with a fraction or an exponent come in as their own text, so that they stay exact.
_FRAME: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def subscription(ticket: str) -> tuple[str, ...]:
    """Return the subscription to the orders of every market.

    It is not answered, so a `PING` follows: whoever answers that has read the subscription.
    """
    request = [{"ticket": ticket}, {"type": MY_ORDER}, {"format": "SIMPLE"}]
    return msgspec.json.encode(request).decode(), KEEP_ALIVE


def read_frame(
    venue: Venue, short_names: Mapping[str, str], frame: bytes, report: Callable[[Any], StreamedReport]
) -> StreamedReport | Notice:
    """Return what a frame says; `report` reads an event of an order. Raises: DataError, Rejected."""
    try:
        found = {short_names.get(name, name): value for name, value in _FRAME.decode(frame).items()}
        if found.get("type") == MY_ORDER:
            return report(found)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError, ValueError) as error:
        raise DataError("malformed", str(error)) from error
    if "error" in found:
        raise Rejected(venue, f"subscription: {found['error']}"[:200])
    return Notice.PROGRESS if found.get("status") == "UP" else Notice.ALIVE
