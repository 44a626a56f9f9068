"""The one message that is sent hundreds of times a step, as text at once: a live order book.

Pure. The same as encode_frame(orderbook_fields(...)) says, without a Decimal made on the way.
"""

from functools import cache
from typing import Final

from arb.sim.core.book import SimulatedBook
from arb.sim.krw.frames import SHORT_NAMES
from arb.sim.krw.text import to_json

ROW: Final = ("ask_price", "bid_price", "ask_size", "bid_size")
DIGITS: Final = 8  # of sizes


def live_book(market: str, book: SimulatedBook, units: int, stamp: int, form: str) -> bytes | None:
    """Return the message of `units` rows; None where one side is shorter, whose rows must be filled up."""
    (bid_prices, bid_sizes), (ask_prices, ask_sizes) = book.floats(units)
    rows = len(bid_prices)
    if rows != len(ask_prices) or not rows:
        return None
    values = [0.0] * (len(ROW) * rows)
    for place, column in enumerate((ask_prices, bid_prices, ask_sizes, bid_sizes)):
        values[place :: len(ROW)] = column
    totals = (round(sum(ask_sizes), DIGITS), round(sum(bid_sizes), DIGITS))
    numbers = to_json([*totals, *values])[1:-1].split(b",")
    return _shape(market, rows, form) % (stamp, *numbers)


@cache
def _shape(market: str, rows: int, form: str) -> bytes:
    names = SHORT_NAMES["orderbook"] if form.startswith("SIMPLE") else {}

    def named(name: str) -> str:
        return f'"{names.get(name, name)}"'

    row = "{" + ",".join(f"{named(name)}:%b" for name in ROW) + "}"
    body = (
        f'{named("type")}:"orderbook",{named("code")}:"{market}",{named("timestamp")}:%d,'
        f"{named('total_ask_size')}:%b,{named('total_bid_size')}:%b,"
        f"{named('orderbook_units')}:[{','.join([row] * rows)}],"
        f'{named("stream_type")}:"REALTIME",{named("level")}:0'
    )
    return (f"[{{{body}}}]" if form.endswith("LIST") else f"{{{body}}}").encode()
