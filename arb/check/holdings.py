"""What each venue should hold, and what of a difference orders under way explain.

The ledger mirrors each venue's balances: its opening, the fills of our orders, and what others moved. While
the venues are read and the engine after them, fills may be on one side only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.check.history import EngineHistory, FillKey, VenueHistory, sum_effects
from arb.domain.ledger.ledger import EntryKind
from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO, differs
from arb.domain.time import NS_PER_S

VENUE_ACCOUNT: Final = "venue:"
SETTLING_NS: Final = 5 * NS_PER_S  # a balance may lag behind a fill by less than this
Holder = tuple[Venue, str]
Amounts = dict[Holder, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One asset of one venue: what it holds, what the ledger says, and what nothing explains."""

    holder: Holder
    held: Decimal
    booked: Decimal
    unexplained: Decimal

    @property
    def row(self) -> str:
        """Return the name of the difference in a finding."""
        venue, asset = self.holder
        return f"balance {venue} {asset}"


def booked(engine: EngineHistory, kinds: Collection[EntryKind] = tuple(EntryKind)) -> Amounts:
    """Return what entries of these kinds put into each venue's accounts."""
    sums: Amounts = defaultdict(lambda: ZERO)
    for entry in engine.entries:
        if entry.kind not in kinds:
            continue
        for posting in entry.postings:
            if posting.account.startswith(VENUE_ACCOUNT):
                sums[Venue(posting.account.removeprefix(VENUE_ACCOUNT)), posting.asset] += posting.amount
    return dict(sums)


def executed(engine: EngineHistory, keys: Collection[FillKey] | None = None) -> Amounts:
    """Return what our booked fills, all of them or these, moved at the venues by their own amounts."""
    orders = engine.orders_by_id()
    return sum_effects(
        each.at_venue(orders[each.client_order_id].side)
        for each in engine.fills
        if each.client_order_id in orders and (keys is None or each.key in keys)
    )


def underway(engine: EngineHistory, venues: VenueHistory) -> tuple[Amounts, Amounts]:
    """Return what the venues executed and we have not booked yet: of our orders that work, less what only
    we have seen of them, and of somebody else's. An order that has ended has all of its fills, be it
    under other names.
    """
    ours, theirs = {each.key for each in engine.fills}, {filled.key for filled in venues.fills}
    known = engine.orders_by_id()
    unbooked = [filled for filled in venues.fills if filled.key not in ours]
    renamed = {each.client_order_id for each in engine.fills if each.key not in theirs}
    working = {name for name, order in known.items() if not order.is_terminal} | renamed
    coming = sum_effects(filled for filled in unbooked if filled.client_id in working)
    unseen = executed(engine, ours - theirs) if venues.has_journal else {}
    own = {key: coming.get(key, ZERO) - unseen.get(key, ZERO) for key in {*coming, *unseen}}
    return own, sum_effects(filled for filled in unbooked if filled.client_id not in known)


def differences(engine: EngineHistory, venues: VenueHistory) -> Iterator[Difference]:
    """Yield where a venue holds something else than the ledger says, but for what is under way.

    What somebody else did on the account may be in the ledger, as an adjustment, or not yet.
    """
    ledger = booked(engine)
    own, foreign = underway(engine, venues)
    unsettled = () if venues.has_journal else moving(engine)
    for holder in sorted({*ledger, *venues.balances}):
        if holder[0] in venues.torn or holder in unsettled:
            continue
        held, said = venues.balances.get(holder, ZERO), ledger.get(holder, ZERO)
        drift = held - said - own.get(holder, ZERO)
        if differs(drift, ZERO) and differs(drift, foreign.get(holder, ZERO)):
            yield Difference(holder=holder, held=held, booked=said, unexplained=drift)


def moving(engine: EngineHistory) -> frozenset[Holder]:
    """Return the assets that orders may have moved while the balances were read."""
    since_ns = engine.read_at_ns - SETTLING_NS
    fresh = {each.client_order_id for each in engine.fills if each.booked_at_ns > since_ns}
    found: set[Holder] = set()
    for order in engine.orders:
        if not order.is_terminal or order.client_order_id in fresh:
            found |= {(order.venue, asset) for asset in order.symbol.split("/")}
            if order.venue.fee_asset:
                found.add((order.venue, order.venue.fee_asset))
    return frozenset(found)


def value(amounts: Mapping[Holder, Decimal], prices: Mapping[str, Decimal]) -> Decimal:
    """Return what amounts are worth at these prices; an asset without one is left out."""
    return sum((amount * prices.get(asset, ZERO) for (_, asset), amount in amounts.items()), ZERO)
