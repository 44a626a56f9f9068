"""Each fill is booked once, in a ledger that sums to zero and equals the venues' balances."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from arb.check.history import (
    BookedEntry,
    BookedFill,
    EngineHistory,
    FillKey,
    Invariant,
    VenueFill,
    VenueHistory,
    Violation,
)
from arb.check.holdings import differences
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, fee_key, fill_entry, totals
from arb.domain.market.ids import ClientOrderId
from arb.domain.market.money import ZERO
from arb.domain.trading.order import Order

OF_FILLS: Final = (EntryKind.FILL, EntryKind.FEE)


def every_fill_once(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return what is booked wrongly, twice, or not at all; and where the balances differ."""
    rows = [*_booked(engine), *_entries(engine)]
    if venues is not None:
        rows += [*_against_venue(engine, venues), *_balances(engine, venues)]
    return tuple(Violation(Invariant.EVERY_FILL_ONCE, row, message) for row, message in rows)


def _booked(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield fills without an order or a right entry, and orders that were filled too much."""
    orders, entries = engine.orders_by_id(), {entry.key: entry for entry in engine.entries}
    filled: dict[ClientOrderId, Decimal] = defaultdict(lambda: ZERO)
    for booked in engine.fills:
        order = orders.get(booked.client_order_id)
        if order is None:
            yield str(booked.key), f"belongs to {booked.client_order_id}, which has no row"
            continue
        filled[booked.client_order_id] += booked.fill.quantity
        expected = fill_entry(order, booked.fill)
        entry = entries.get(expected.key)
        if entry is None:
            yield str(booked.key), f"has no ledger entry {expected.key}"
        elif not _is_booked(entry, entries.get(fee_key(order, booked.fill)), expected):
            yield str(booked.key), f"is booked with other amounts in ledger entry {entry.entry_id}"
    for client_order_id, quantity in filled.items():
        if quantity > orders[client_order_id].quantity:
            yield f"order {client_order_id}", f"was filled {quantity:f}, and asked for less"


def _entries(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield entries that do not balance, and those of fills that there are not."""
    names = {f"{booked.venue}:{booked.symbol}:{booked.fill.fill_id}" for booked in engine.fills}
    fills = {f"{kind}:{name}" for kind in OF_FILLS for name in names}
    for key, count in Counter(entry.key for entry in engine.entries).items():
        if count > 1:
            yield f"entry {key}", f"is booked {count} times"
    for entry in engine.entries:
        for asset, total in totals(entry.postings).items():
            if total != ZERO:
                yield f"entry {entry.entry_id}", f"{entry.key}: {asset} sums to {total:f}"
        if entry.kind in OF_FILLS and entry.key not in fills:
            yield f"entry {entry.entry_id}", f"{entry.key}: there is no such fill"


def _is_booked(entry: BookedEntry, correction: BookedEntry | None, expected: Entry) -> bool:
    """Tell whether a fill is booked as it is, with the correction of its fee where there is one."""
    if correction is None:
        return Counter(entry.postings) == Counter(expected.postings)
    return _moved((*entry.postings, *correction.postings)) == _moved(expected.postings)


def _moved(postings: Iterable[Posting]) -> dict[tuple[str, str], Decimal]:
    moved: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for posting in postings:
        moved[posting.account, posting.asset] += posting.amount
    return {holder: amount for holder, amount in moved.items() if amount != ZERO}


def _against_venue(engine: EngineHistory, venues: VenueHistory) -> Iterator[tuple[str, str]]:
    orders = engine.orders_by_id()
    ours: dict[FillKey, BookedFill] = {booked.key: booked for booked in engine.fills}
    theirs: dict[FillKey, VenueFill] = {filled.key: filled for filled in venues.fills}
    for key in ours.keys() - theirs.keys():
        yield str(key), f"is booked, and {key.venue} has no such fill"
    for key, filled in theirs.items():
        order = orders.get(ClientOrderId(filled.client_id))
        booked = ours.get(key)
        if booked is None:
            if order is not None and order.is_terminal:
                yield str(key), f"of order {filled.client_id} ({order.state}) is not booked"
        elif difference := _difference(booked, filled, order):
            yield str(key), difference


def _difference(booked: BookedFill, filled: VenueFill, order: Order | None) -> str | None:
    if booked.client_order_id != filled.client_id or (order and order.side is not filled.side):
        return f"is booked for {booked.client_order_id}, and belongs to {filled.client_id} ({filled.side})"
    for name in ("price", "quantity", "fee", "fee_asset"):
        mine, true = getattr(booked.fill, name), getattr(filled.fill, name)
        if mine != true:
            return f"has {name} {mine}, at {filled.venue} it is {true}"
    return None


def _balances(engine: EngineHistory, venues: VenueHistory) -> Iterator[tuple[str, str]]:
    """Yield where ledger and balance differ by more than the fills that one side has not seen yet."""
    for each in differences(engine, venues):
        venue_and_ledger = f"is {each.held:f} at the venue and {each.booked:f} in the ledger"
        yield each.row, f"{venue_and_ledger}, {each.unexplained:f} unexplained"
