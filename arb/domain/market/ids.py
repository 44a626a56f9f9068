"""Names of things, and how ids are derived.

A trade id is 13 characters of base32 (64 bits: 42 of milliseconds, 22 of randomness). A client order
id is computed from the trade, the venue and the order's number in it, so that after a crash it can be
computed again and asked about: `a1-<trade id>-<code><number>`, `[a-z0-9-]`, at most 24 characters, valid
on every venue (their pages in docs/protocols).
"""

import re
from enum import StrEnum
from typing import Final, NewType, Self

Coin = NewType("Coin", str)  # "BTC": what both venues trade
Symbol = NewType("Symbol", str)  # "BTC/USDT", "BTC/KRW"
SessionId = NewType("SessionId", str)
TradeId = NewType("TradeId", str)
ClientOrderId = NewType("ClientOrderId", str)
VenueOrderId = NewType("VenueOrderId", str)
FillId = NewType("FillId", str)

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
RANDOM_BITS: Final = 22
USDT: Final = Coin("USDT")  # fed and fenced like a coin, and never evaluated


class Venue(StrEnum):
    """A place where orders are matched, one row each.

    Its name, its letter in our ids, the currency it quotes in, and the asset besides those traded in which
    it may take fees, if any.
    """

    code: str
    quote: str
    fee_asset: str

    UPBIT = "upbit", "u", "KRW", ""
    BINANCE = "binance", "b", "USDT", "BNB"
    BITHUMB = "bithumb", "t", "KRW", ""

    def __new__(cls, name: str, *row: str) -> Self:
        """Return the member of one row."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.code, member.quote, member.fee_asset = row
        return member

    __hash__ = str.__hash__  # of the text that it equals; the one of enums is a function of Python's


_BY_CODE: Final = {venue.code: venue for venue in Venue}
_CLIENT_ORDER_ID: Final = re.compile(rf"a1-([a-z2-7]{{13}})-([{''.join(_BY_CODE)}])([1-9][0-9]{{0,4}})")


def coin_of(symbol: Symbol) -> Coin:
    """Return the coin that a symbol is about; of USDT/KRW, the rate, that is USDT."""
    return Coin(symbol.partition("/")[0])


def trade_id(now_ms: int, random_bits: int) -> TradeId:
    """Return the id of a trade decided at `now_ms`; `random_bits` has 22 bits.

    Ids sort by time within the 139 years that 42 bits of milliseconds cover.
    """
    number = ((now_ms & ((1 << 42) - 1)) << RANDOM_BITS) | (random_bits & ((1 << RANDOM_BITS) - 1))
    return TradeId("".join(_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5)))


def client_order_id(trade: TradeId, venue: Venue, number: int) -> ClientOrderId:
    """Return the id of the trade's order number `number` (from 1) on `venue`."""
    text = f"a1-{trade}-{venue.code}{number}"
    if not _CLIENT_ORDER_ID.fullmatch(text):
        raise ValueError(f"not a client order id: {text!r}")
    return ClientOrderId(text)


def parse_client_order_id(text: str) -> tuple[TradeId, Venue, int] | None:
    """Return (trade, venue, number) if `text` is one of ours, else None."""
    match = _CLIENT_ORDER_ID.fullmatch(text)
    if match is None:
        return None
    return TradeId(match[1]), _BY_CODE[match[2]], int(match[3])
