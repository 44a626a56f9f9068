"""The one message that is sent hundreds of times a step, as text at once: a live order book.

Pure. The same as encode_frame(orderbook_fields(...)) says, without a Decimal made on the way.
"""

from functools import cache
from typing import Final

from arb.sim.core.book import Book
from arb.sim.krw.frames import SHORT_NAMES

ROW: Final = ("ask_price", "bid_price", "ask_size", "bid_size")
DIGITS: Final = 8  # of sizes


def live_book(market: str, book: Book, units: int, stamp: int, form: str) -> bytes | None:
    """Return the message of `units` rows; None where one side is shorter, whose rows must be filled up."""
    bids, asks = book.floats(units)
    if len(bids) != len(asks) or not bids:
        return None
    ask_sizes = [round(size, DIGITS) for size in asks[1::2]]
    bid_sizes = [round(size, DIGITS) for size in bids[1::2]]
    rows = zip(map(_price, asks[::2]), map(_price, bids[::2]), ask_sizes, bid_sizes, strict=True)
    values = (part for row in rows for part in row)
    totals = (round(sum(ask_sizes), DIGITS), round(sum(bid_sizes), DIGITS))
    shape = _shape(market, len(ask_sizes), form)
    return (shape % (stamp, *totals, *values)).encode()


def _price(value: float) -> float:
    return round(value, DIGITS)


@cache
def _shape(market: str, rows: int, form: str) -> str:
    names = SHORT_NAMES["orderbook"] if form.startswith("SIMPLE") else {}

    def named(name: str) -> str:
        return f'"{names.get(name, name)}"'

    row = "{" + ",".join(f"{named(name)}:%r" for name in ROW) + "}"
    body = (
        f'{named("type")}:"orderbook",{named("code")}:"{market}",{named("timestamp")}:%d,'
        f"{named('total_ask_size')}:%r,{named('total_bid_size')}:%r,"
        f"{named('orderbook_units')}:[{','.join([row] * rows)}],"
        f'{named("stream_type")}:"REALTIME",{named("level")}:0'
    )
    return f"[{{{body}}}]" if form.endswith("LIST") else f"{{{body}}}"
