"""What a session says that it earned is what the venues' balances moved by, fees of every asset included.

DESIGN section 3, rule 8. Asset by asset, to the least unit that a venue keeps: change of a balance = fills +
named moves from outside. In KRW at one rate: change of all balances = booked + revaluation + unrealised.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from arb.check.history import BookedEntry, BookedFill, EngineHistory, Invariant, VenueHistory, Violation
from arb.check.holdings import Amounts, booked, differences, executed, moving
from arb.check.profit import (
    ROUNDING_KRW,
    flows_by_trade,
    in_quote,
    is_booked,
    profit_of,
    third_fees_by_trade,
    worth_at_its_end,
)
from arb.domain.ledger.ledger import EntryKind, opening_key
from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import Trade, TradeState

# What the operator accepted, and what other sessions on the account moved: `adjustment_entry`, `book_moves`.
NAMED: Final = {"adjustment:": "external", "takeover:": "other_sessions"}
USUAL: Final = (Decimal("0.5"), Decimal(2))  # times the rate of another trade: beyond that it is no rate


def booked_profit_is_real(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return where booked profit and the venues' balances are not the same."""
    rows = [*_entries(engine), *_trades(engine), *_postings(engine)]
    if venues is not None:
        rows += [*_balances(engine, venues), *_in_krw(engine, venues)]
    return tuple(Violation(Invariant.BOOKED_PROFIT_IS_REAL, row, message) for row, message in rows)


def unproven_profit(engine: EngineHistory, venues: VenueHistory | None) -> tuple[str, ...]:
    """Return what of it cannot be proven, and since when it can."""
    found = []
    if venues is None:
        found.append("the venues' balances are not known")
    elif venues.torn or unsettled(engine, venues):
        found.append("orders moved balances while they were read")
    opened = _opened(engine)
    if missing := [venue.value for venue in engine.pair.venues if venue not in opened]:
        found.append(f"nobody recorded what {' and '.join(missing)} held when the session began")
    if trades := _before_kept(engine):
        ended = f"{len(trades)} trades ended before their rate was kept"
        found.append(f"booked profit cannot be proven before {_since(engine)}: {ended}")
    return tuple(found)


def unsettled(engine: EngineHistory, venues: VenueHistory | None) -> tuple[str, ...]:
    """Return the assets that could not be compared at this moment, because orders moved them."""
    if venues is None or venues.has_journal:
        return ()
    return tuple(f"orders move {venue} {asset}: look again" for venue, asset in sorted(moving(engine)))


def _opened(engine: EngineHistory) -> set[Venue]:
    keys = {entry.key for entry in engine.entries if entry.kind is EntryKind.OPENING}
    return {venue for venue in engine.pair.venues if opening_key(engine.session.session_id, venue) in keys}


def _entries(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield entries that move money at a venue, and are neither fills nor named moves from outside."""
    openings = {opening_key(engine.session.session_id, venue) for venue in Venue}
    for entry in engine.entries:
        if entry.kind is EntryKind.OPENING and entry.key not in openings:
            yield _row(entry), "opens books that are open, so that what it brings is in no profit"
        if entry.kind is EntryKind.ADJUSTMENT and not _is_named(entry):
            yield _row(entry), "moves money from outside, and nobody said whose"


def _row(entry: BookedEntry) -> str:
    return f"entry {entry.entry_id} {entry.key}"


def _is_named(entry: BookedEntry) -> bool:
    from_whom = next((account for prefix, account in NAMED.items() if entry.key.startswith(prefix)), None)
    others = {each.account for each in entry.postings if not each.account.startswith("venue:")}
    return from_whom is not None and others <= {from_whom}


def _trades(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield trades whose booked profit is not what their fills are worth."""
    flows, fees = flows_by_trade(engine), third_fees_by_trade(engine)
    before = {trade.trade_id for trade in _before_kept(engine)}
    rates = sorted(trade.valued_krw_per_usdt for trade in engine.trades if trade.valued_krw_per_usdt)
    usual = rates[len(rates) // 2] if rates else ZERO
    for trade in engine.trades:
        if not is_booked(trade) or trade.trade_id in before:
            continue
        moved = {key: amount for key, amount in flows.get(trade.trade_id, {}).items() if amount}
        for message in _wrong(trade, moved, fees.get(trade.trade_id, []), usual):
            yield f"trade {trade.trade_id}", message


def _wrong(trade: Trade, moved: Amounts, fees: list[BookedFill], usual: Decimal) -> Iterator[str]:
    for each in fees:
        if each.fill.fee_in_quote is None:
            paid = f"{each.fill.fee:f} {each.fill.fee_asset}"
            yield f"paid {paid} for {each.key}, which its booked profit does not have"
    if moved and not trade.valued_krw_per_usdt:
        yield f"is {trade.state} with fills, and was not valued"
        return
    worth = worth_at_its_end(trade, moved, in_quote(fees))
    if abs(worth - trade.pnl_krw) > ROUNDING_KRW:
        yield f"booked {trade.pnl_krw:f} KRW, its fills were worth {worth:f} KRW when it ended"
    low, high = (usual * times for times in USUAL)
    if moved and not low <= trade.valued_krw_per_usdt <= high:
        yield f"was valued at {trade.valued_krw_per_usdt:f} KRW for a USDT, others at {usual:f}"


def _before_kept(engine: EngineHistory) -> list[Trade]:
    """Return the trades that ended before the rate of a trade's end was kept."""
    since_ns = _kept_since_ns(engine)
    return [
        trade
        for trade in engine.trades
        if trade.state is TradeState.CLOSED
        and is_booked(trade)
        and not trade.valued_krw_per_usdt
        and (since_ns is None or trade.closed_at_ns < since_ns)
    ]


def _kept_since_ns(engine: EngineHistory) -> int | None:
    ends = [trade.closed_at_ns for trade in engine.trades if trade.valued_krw_per_usdt and trade.closed_at_ns]
    return min(ends, default=None)


def _since(engine: EngineHistory) -> str:
    since_ns = _kept_since_ns(engine) or engine.read_at_ns
    return datetime.fromtimestamp(since_ns / NS_PER_S, tz=UTC).isoformat(timespec="seconds")


def _postings(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield where the postings of fills move something else than the fills of the trades."""
    posted, moved = booked(engine, (EntryKind.FILL, EntryKind.FEE)), executed(engine)
    for venue, asset in sorted({*posted, *moved}):
        left, right = posted.get((venue, asset), ZERO), moved.get((venue, asset), ZERO)
        if left != right:
            yield f"balance {venue} {asset}", f"moved by {left:f} by postings and by {right:f} by fills"


def _balances(engine: EngineHistory, venues: VenueHistory) -> Iterator[tuple[str, str]]:
    opened = booked(engine, (EntryKind.OPENING,))
    for each in differences(engine, venues):
        changed = each.held - opened.get(each.holder, ZERO)
        by_us = each.booked - opened.get(each.holder, ZERO)
        yield each.row, f"changed by {changed:f}, booked is {by_us:f}: {each.unexplained:f} unexplained"


def _in_krw(engine: EngineHistory, venues: VenueHistory) -> Iterator[tuple[str, str]]:
    if venues.torn or unsettled(engine, venues):
        return
    profit = profit_of(engine, venues)
    if abs(profit.unexplained_krw) > ROUNDING_KRW:
        said = profit.booked_krw + profit.revaluation_krw + profit.unrealised_krw
        yield (
            f"session {engine.session.session_id}",
            f"says {said:.2f} KRW, the venues gained {profit.real_krw:.2f} KRW at the same rate",
        )
