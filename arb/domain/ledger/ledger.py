"""Double entry: every posting has its opposite, per asset the sum of all accounts is zero.

Accounts: `venue:<name>` mirrors a venue's balances; `trading` is the other side of
every fill, `fees:<venue>` of every fee, `opening` of what was there when a session began, `external` of
what somebody else moved.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arb.domain.errors import InvariantError
from arb.domain.market.ids import FillId, Venue
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MINUTE
from arb.domain.trading.order import Fill, Order

TRADING: Final = "trading"  # the account that is the other side of every fill


class EntryKind(StrEnum):
    """What an entry records."""

    OPENING = "opening"
    FILL = "fill"
    ADJUSTMENT = "adjustment"
    FEE = "fee"  # what a fee that was assumed is other than that


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount of one asset into (positive) or out of (negative) one account."""

    account: str
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Postings that belong together; `key` is unique, so the same entry is never booked twice."""

    key: str
    kind: EntryKind
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        for asset, total in totals(self.postings).items():
            if total != ZERO:
                raise InvariantError(f"entry {self.key}: {asset} sums to {total}, not to zero")


def venue_account(venue: Venue) -> str:
    """Return the account that mirrors a venue's balances."""
    return f"venue:{venue}"


def totals(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """Return the sum of amounts by asset."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for posting in postings:
        sums[posting.asset] += posting.amount
    return dict(sums)


def move(debited: str, credited: str, asset: str, amount: Decimal) -> tuple[Posting, Posting]:
    """Return the pair of postings that brings `amount` from `debited` to `credited`."""
    return Posting(debited, asset, -amount), Posting(credited, asset, amount)


def fill_entry(order: Order, fill: Fill) -> Entry:
    """Return the entry of one fill: base one way, quote the other, the fee in its own asset."""
    base, _, quote = order.symbol.partition("/")
    account, sign = venue_account(order.venue), order.side.sign
    postings: tuple[Posting, ...] = (
        *move(TRADING, account, base, sign * fill.quantity),
        *move(account, TRADING, quote, sign * fill.quantity * fill.price),
    )
    if fill.fee != ZERO:
        postings += move(account, f"fees:{order.venue}", fill.fee_asset, fill.fee)
    return Entry(
        key=f"fill:{order.venue}:{order.symbol}:{fill.fill_id}", kind=EntryKind.FILL, postings=postings
    )


def _fee_entry(order: Order, assumed: Fill, fee: Decimal) -> Entry:
    """Return the entry that makes a fee that was assumed the one that was taken; there is one for a fill."""
    fees = f"fees:{order.venue}"
    return Entry(
        key=fee_key(order, assumed),
        kind=EntryKind.FEE,
        postings=move(venue_account(order.venue), fees, assumed.fee_asset, fee - assumed.fee),
    )


def fee_entries(order: Order, fees: Mapping[FillId, Decimal]) -> tuple[Entry, ...]:
    """Return what makes fees that were assumed the ones that were taken: nothing where they were right."""
    return tuple(
        _fee_entry(order, fill, fees[fill.fill_id])
        for fill in order.fills
        if fill.fee_is_assumed and fees.get(fill.fill_id, fill.fee) != fill.fee
    )


def fee_key(order: Order, fill: Fill) -> str:
    """Return the key of the entry that corrects the fee of a fill."""
    return f"fee:{order.venue}:{order.symbol}:{fill.fill_id}"


def opening_key(session_id: str, venue: Venue) -> str:
    """Return the key of the entry that books what a venue held when the session began."""
    return f"opening:{session_id}:{venue}"


def opening_entry(session_id: str, venue: Venue, balances: dict[str, Decimal]) -> Entry:
    """Return the entry that books what a venue held when the session began."""
    postings: tuple[Posting, ...] = ()
    for asset, amount in sorted(balances.items()):
        if amount != ZERO:
            postings += move("opening", venue_account(venue), asset, amount)
    return Entry(key=opening_key(session_id, venue), kind=EntryKind.OPENING, postings=postings)


def adjustment_entry(
    session_id: str, venue: Venue, asset: str, ledger: Decimal, balance: Decimal, now_ns: int
) -> Entry:
    """Return the entry that books what an operator moved; the same one twice in a minute is one."""
    key = f"adjustment:{session_id}:{venue}:{asset}:{ledger:f}:{balance:f}:{now_ns // NS_PER_MINUTE}"
    postings = move("external", venue_account(venue), asset, balance - ledger)
    return Entry(key=key, kind=EntryKind.ADJUSTMENT, postings=postings)
