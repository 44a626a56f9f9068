"""What market faults do to the books of a venue: prices that move or stick, depth that goes away.

The books are those that orders meet, too: what is gone cannot be traded with. Only a misplaced
decimal is shown and not traded at. A halted coin keeps its last book and shows no new one. Prices move and
depth goes by the time of a step; what a venue holds still is still at once, also when it is behind.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import prod
from typing import Final

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.fault_kinds import BookSide, FaultKind, FaultStage
from arb.sim.core.faults import Fault, FaultPlan
from arb.sim.core.market import Conditions, SteppedMarket
from arb.sim.core.orders import ZERO
from arb.sim.core.ticks import floor_to

BPS = 10_000
STILL: Final = (FaultKind.HALTED_COIN, FaultKind.STUCK_PRICE)


class FaultyMarket:
    """The market of one venue as its faults leave it."""

    def __init__(self, market: SteppedMarket, venue: Venue, plan: FaultPlan) -> None:
        self._market = market
        self._venue = venue
        self._plan = plan
        # The last book of each coin, before depth was taken off it.
        self._shown: dict[str, SimulatedBook] = {}
        self._at_ns = 0  # of the step that was begun last, with its faults and its books
        self._faults: list[Fault] = []
        self._whole: Mapping[str, SimulatedBook] = {}

    def begin(self, step: int) -> None:
        """Go on to a step. Steps must not go backwards."""
        self._at_ns = min(self._market.starts_ns(step), self._plan.now_ns())
        self._faults = self._plan.of_stage(FaultStage.MARKET, self._at_ns)
        self._whole = self._market.books(self._venue, step, self._conditions(self._faults, self._at_ns))

    def books(self, coins: Iterable[str]) -> dict[str, SimulatedBook]:
        """Return the books that the step brings to these coins, by coin name."""
        now_ns, faults = self._plan.now_ns(), self._faults
        if self._at_ns < now_ns:
            late = self._plan.of_stage(FaultStage.MARKET, now_ns)
            faults = faults + [fault for fault in late if fault.kind in STILL and fault not in faults]
        books = {}
        for coin in coins:
            fresh = self._whole.get(coin)
            if fresh is None:
                continue
            mine = [fault for fault in faults if fault.names(coin)] if faults else []
            for fault in mine:
                self._plan.note(fault)
            kinds = {fault.kind for fault in mine}
            if FaultKind.HALTED_COIN in kinds and coin in self._shown:
                continue
            if FaultKind.STUCK_PRICE not in kinds or coin not in self._shown:
                self._shown[coin] = fresh
            books[coin] = _with_less_depth(self._shown[coin], mine, self._market.lot_of(self._venue, coin))
        return books

    def _conditions(self, faults: Iterable[Fault], at_ns: int) -> Conditions:
        changed = self._plan.all_standing(FaultKind.CHANGED_RULES)
        moves = [fault for fault in faults if fault.kind is FaultKind.PRICE_MOVE]
        coins = self._market.coins(self._venue) if moves else ()
        return Conditions(
            rate=prod(_course(fault, at_ns) for fault in faults if fault.kind is FaultKind.RATE_MOVE),
            prices={
                coin: prod(_course(fault, at_ns) for fault in moves if fault.names(coin)) for coin in coins
            },
            ticks={coin: fault.tick for fault in changed if fault.tick is not None for coin in fault.coins},
            lots={coin: fault.lot for fault in changed if fault.lot is not None for coin in fault.coins},
        )


def _course(fault: Fault, at_ns: int) -> float:
    """Return by which factor a move changes a price at that time: it ramps up, holds, and recovers."""
    elapsed_s = (at_ns - fault.begins_ns()) / NS_PER_S
    share = 1.0 if not fault.ramp_s else min(max(elapsed_s / fault.ramp_s, 0.0), 1.0)
    if fault.hold_s is not None:
        over_s = elapsed_s - fault.ramp_s - fault.hold_s
        if over_s >= 0:
            share = 0.0 if not fault.recover_s else max(1.0 - over_s / fault.recover_s, 0.0)
    return 1.0 + float(fault.bps or ZERO) / BPS * share


def shown(plan: FaultPlan, coin: str, book: SimulatedBook) -> SimulatedBook:
    """Return the book as the venue tells it: off by a factor, while such a fault is on."""
    misplaced = plan.all_standing(FaultKind.MISPLACED_DECIMAL, coin)
    factor = prod((fault.factor or Decimal(1) for fault in misplaced), start=Decimal(1))
    if factor == 1:
        return book
    return SimulatedBook(
        bids=tuple(SimulatedLevel(level.price * factor, level.quantity) for level in book.bids),
        asks=tuple(SimulatedLevel(level.price * factor, level.quantity) for level in book.asks),
    )


def rules_of(plan: FaultPlan, coin: str) -> Mapping[str, Decimal]:
    """Return the rules of a coin that were changed, by name: tick, lot, min_notional."""
    changed: dict[str, Decimal] = {}
    for fault in plan.all_standing(FaultKind.CHANGED_RULES, coin):
        for name in ("tick", "lot", "min_notional"):
            value = getattr(fault, name)
            if value is not None:
                changed[name] = value
    return changed


def _with_less_depth(book: SimulatedBook, faults: Iterable[Fault], lot: Decimal) -> SimulatedBook:
    """Return the book without what faults take off it."""
    for fault in faults:
        match fault.kind:
            case FaultKind.ONE_SIDED_BOOK:
                book = _without(book, fault.side)
            case FaultKind.BOOK_HOLE:
                book = _holed(book, fault)
            case FaultKind.THIN_BOOK:
                book = _thinned(book, fault.factor or Decimal(1), lot)
            case _:
                pass
    return book


def _without(book: SimulatedBook, side: str | None) -> SimulatedBook:
    return (
        SimulatedBook(bids=(), asks=book.asks)
        if side == BookSide.BIDS
        else SimulatedBook(bids=book.bids, asks=())
    )


def _holed(book: SimulatedBook, fault: Fault) -> SimulatedBook:
    """Return the book without the levels that are nearer to its middle than the hole is wide."""
    if not book.bids or not book.asks:
        return book
    middle = (book.bids[0].price + book.asks[0].price) / 2
    reach = middle * (fault.bps or ZERO) / BPS
    bids = tuple(level for level in book.bids if level.price <= middle - reach)
    asks = tuple(level for level in book.asks if level.price >= middle + reach)
    return SimulatedBook(
        bids=book.bids if fault.side == BookSide.ASKS else bids,
        asks=book.asks if fault.side == BookSide.BIDS else asks,
    )


def _thinned(book: SimulatedBook, factor: Decimal, lot: Decimal) -> SimulatedBook:
    """Return the book with that share of its depth, in whole lots; a level keeps one at least."""

    def thin(levels: Iterable[SimulatedLevel]) -> tuple[SimulatedLevel, ...]:
        return tuple(SimulatedLevel(price, max(floor_to(size * factor, lot), lot)) for price, size in levels)

    return SimulatedBook(bids=thin(book.bids), asks=thin(book.asks))
