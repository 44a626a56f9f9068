"""Booked profit against the venues' balances: whatever is left out, dropped or doubled is found."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.check.checkers import Findings, check
from arb.check.history import BookedEntry, Invariant
from arb.check.profit import profit_of
from arb.domain.ledger.ledger import (
    EntryKind,
    Posting,
    adjustment_entry,
    fee_key,
    fill_entry,
    move,
    venue_account,
)
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState
from tests.check.histories import START_NS, Told, changed, story, without

RULE = Invariant.BOOKED_PROFIT_IS_REAL
Fault = Callable[[Told], Told]


def judged(told: Told) -> Findings:
    """Return what the whole check says."""
    return check(told.engine, told.venues)


def moved(told: Told, venue: Venue, asset: str, amount: Decimal) -> Told:
    """Return the story with another balance at a venue."""
    balances = dict(told.venues.balances)
    balances[venue, asset] = balances.get((venue, asset), Decimal(0)) + amount
    return told.with_venues(balances=balances)


def plus(told: Told, key: str, kind: EntryKind, *postings: Posting) -> Told:
    """Return the story with one more ledger entry."""
    number = told.engine.entries[-1].entry_id + 1
    entry = BookedEntry(entry_id=number, key=key, kind=kind, postings=postings)
    return told.with_engine(entries=(*told.engine.entries, entry))


def fill_left_out(told: Told) -> Told:
    """Neither the fill nor its entry is there, as if it had never been."""
    return told.with_engine(fills=without(told.engine.fills, 0), entries=without(told.engine.entries, 2))


def fill_left_out_and_valued_so(told: Told) -> Told:
    left = fill_left_out(told)
    return left.with_trade(0, pnl_krw=Decimal(1_000_000))


def fee_dropped(told: Told) -> Told:
    """Booked without its fee, in the row, the ledger and the profit alike."""
    fill = replace(told.engine.fills[0].fill, fee=Decimal(0))
    entry = told.engine.entries[2]
    postings = tuple(each for each in entry.postings if "fees:" not in each.account)
    fee = told.engine.fills[0].fill.fee
    kept = tuple(each for each in postings if abs(each.amount) != fee)
    return told.with_engine(
        fills=changed(told.engine.fills, 0, fill=fill), entries=changed(told.engine.entries, 2, postings=kept)
    )


def fee_not_in_the_profit(told: Told) -> Told:
    fee = told.engine.fills[0].fill.fee
    return told.with_trade(0, pnl_krw=told.engine.trades[0].pnl_krw + fee)


def fee_in_an_asset_that_the_profit_leaves_out(told: Told) -> Told:
    """All is booked as it was, and the profit knows KRW, USDT and the coin."""
    fee = Decimal("0.01")
    fill = replace(told.engine.fills[1].fill, fee=fee, fee_asset="BNB")
    before = told.engine.fills[1].fill
    entry = told.engine.entries[3]
    postings = (*entry.postings[:4], *move("venue:binance", "fees:binance", "BNB", fee))
    told = moved(moved(told, Venue.BINANCE, "BNB", -fee), Venue.BINANCE, before.fee_asset, before.fee)
    told = told.with_venues(fills=changed(told.venues.fills, 1, fill=fill))
    return told.with_engine(
        fills=changed(told.engine.fills, 1, fill=fill),
        entries=changed(told.engine.entries, 3, postings=postings),
    )


def fee_in_a_third_asset(told: Told, worth_usdt: Decimal, pnl_less_krw: Decimal) -> Told:
    """The same, valued: what it was worth is kept with the fill, and the profit is less by this."""
    told = fee_in_an_asset_that_the_profit_leaves_out(told)
    old = story(*AMOUNTS).engine.fills[1].fill.fee  # the coin that was not taken for it
    trade = told.engine.trades[0]
    fill = replace(told.engine.fills[1].fill, fee_in_quote=worth_usdt)
    told = told.with_engine(fills=changed(told.engine.fills, 1, fill=fill))
    return told.with_trade(0, pnl_krw=trade.pnl_krw + old * trade.valued_base_krw - pnl_less_krw)


def third_fee_valued_and_not_taken_off(told: Told) -> Told:
    return fee_in_a_third_asset(told, Decimal(6), Decimal(0))


def posting_doubled(told: Told) -> Told:
    entry = told.engine.entries[2]
    twice = (*entry.postings, *entry.postings)
    return told.with_engine(entries=changed(told.engine.entries, 2, postings=twice))


def outside_move_not_booked(told: Told) -> Told:
    return moved(told, Venue.BINANCE, "USDT", Decimal(-50))


def outside_move_not_named(told: Told) -> Told:
    postings = move("external", "venue:binance", "USDT", Decimal(-50))
    return plus(outside_move_not_booked(told), "correction", EntryKind.ADJUSTMENT, *postings)


def outside_move_that_pays_a_loss(told: Told) -> Told:
    """Named as accepted by the operator, and against the account of the trades."""
    postings = move("trading", "venue:binance", "USDT", Decimal(-50))
    return plus(outside_move_not_booked(told), "adjustment:s1:x", EntryKind.ADJUSTMENT, *postings)


def opened_again(told: Told) -> Told:
    postings = move("opening", "venue:upbit", "KRW", Decimal(9))
    told = plus(told, "opening:s1:upbit:again", EntryKind.OPENING, *postings)
    return moved(told, Venue.UPBIT, "KRW", Decimal(9))


def profit_made_up(told: Told) -> Told:
    return told.with_trade(0, pnl_krw=told.engine.trades[0].pnl_krw + Decimal("0.01"))


def valued_at_no_rate(told: Told) -> Told:
    """A middle of a book with a hole: booked and worth agree at it, and nobody could trade there."""
    rate, trade = Decimal(4000), told.engine.trades[0]
    usdt = sum(
        each.at_venue(told.engine.orders_by_id()[each.client_order_id].side).effects().get("USDT", Decimal(0))
        for each in told.engine.fills[:4]
    )
    pnl = trade.pnl_krw + usdt * (rate - trade.valued_krw_per_usdt)
    return told.with_trade(0, pnl_krw=pnl, valued_krw_per_usdt=rate)


def not_valued(told: Told) -> Told:
    """The last trade to end; others before it were."""
    return told.with_trade(1, pnl_krw=Decimal(0), valued_krw_per_usdt=Decimal(0), valued_base_krw=Decimal(0))


def late_fill_on_an_ended_trade(told: Told) -> Told:
    """Executed and booked after the trade had been valued."""
    third = told.engine.trades[0]
    return told.with_trade(0, pnl_krw=third.pnl_krw / 2)


FAULTS: list[Fault] = [
    fill_left_out,
    fill_left_out_and_valued_so,
    fee_dropped,
    fee_not_in_the_profit,
    fee_in_an_asset_that_the_profit_leaves_out,
    third_fee_valued_and_not_taken_off,
    posting_doubled,
    outside_move_not_booked,
    outside_move_not_named,
    outside_move_that_pays_a_loss,
    opened_again,
    profit_made_up,
    valued_at_no_rate,
    not_valued,
    late_fill_on_an_ended_trade,
]
AMOUNTS = (Decimal("0.1"), Decimal("0.2"), Decimal("0.3"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    assert judged(story(*AMOUNTS)).invariants[RULE] is True
    assert judged(fault(story(*AMOUNTS))).invariants[RULE] is False


@pytest.mark.parametrize("fault", [outside_move_not_booked, fee_dropped, fill_left_out, posting_doubled])
def test_balances_alone_are_enough_to_find_it(fault: Fault) -> None:
    """Real venues keep no journal for us."""
    told = fault(story(*AMOUNTS)).with_venues(orders=(), fills=(), has_journal=False)
    assert judged(told).invariants[RULE] is False


def test_without_a_journal_a_clean_story_is_proven_by_balances_alone() -> None:
    findings = judged(story(*AMOUNTS).with_venues(orders=(), fills=(), has_journal=False))
    assert findings.invariants[RULE] is True
    assert findings.invariants[Invariant.AT_MOST_ONCE] is None


def test_less_than_a_unit_of_anything_is_nobodys() -> None:
    """It is worth a KRW, and was rounded by one of us."""
    told = moved(story(*AMOUNTS), Venue.BINANCE, "BTC", Decimal("0.000000009"))
    assert judged(told).violations == ()


def test_without_a_journal_what_orders_move_is_looked_at_again() -> None:
    told = outside_move_not_booked(story()).with_venues(orders=(), fills=(), has_journal=False)
    last = max(each.booked_at_ns for each in told.engine.fills)
    findings = judged(told.with_engine(read_at_ns=last + NS_PER_S))
    assert any("binance USDT" in line for line in findings.inconclusive)
    assert findings.invariants[RULE] is None


def test_a_fee_in_a_third_asset_is_in_the_profit_at_what_it_was_worth() -> None:
    told = fee_in_a_third_asset(story(*AMOUNTS), Decimal(6), Decimal(6 * 1390))
    findings = judged(told)
    assert findings.invariants[RULE] is True
    assert findings.profit is not None and abs(findings.profit.unexplained_krw) < Decimal("0.000001")


def test_a_named_move_from_outside_is_no_profit_and_no_fault() -> None:
    told = story()
    held = told.venues.balances[Venue.BINANCE, "USDT"]
    entry = adjustment_entry("s1", Venue.BINANCE, "USDT", held, held - 50, START_NS)
    told = plus(outside_move_not_booked(told), entry.key, entry.kind, *entry.postings)
    before, after = judged(story()).profit, judged(told).profit
    assert judged(told).invariants[RULE] is True
    assert before is not None and after is not None
    assert (after.real_krw, after.outside_krw) == (before.real_krw, Decimal(-50) * 1390)


@given(
    st.lists(st.integers(1, 50_000).map(lambda lots: lots * Decimal("0.00001")), min_size=1, max_size=6),
    st.integers(900, 2000).map(Decimal),
)
def test_all_that_the_venues_gained_is_booked_revalued_or_unrealised(
    amounts: list[Decimal], rate: Decimal
) -> None:
    """The newest rate values all; the last trade is still open."""
    told = story(*amounts, Decimal("0.01"))
    last = len(amounts)
    told = told.with_trade(
        last, state=TradeState.OPEN, closed_at_ns=0, pnl_krw=Decimal(0), valued_krw_per_usdt=Decimal(0)
    )
    trade, (orders) = told.engine.trades[0], told.engine.orders[:4]
    usdt = sum(
        (each.at_venue(order.side).effects().get("USDT", Decimal(0)))
        for each, order in zip(told.engine.fills[:4], orders, strict=True)
    )
    later = trade.pnl_krw + usdt * (rate - trade.valued_krw_per_usdt)
    told = told.with_trade(0, pnl_krw=later, valued_krw_per_usdt=rate, closed_at_ns=told.engine.read_at_ns)
    profit = profit_of(told.engine, told.venues)
    assert profit.krw_per_usdt == rate
    assert abs(profit.unexplained_krw) < Decimal("0.000001")
    assert judged(told).violations == ()


# --- what cannot be proven is said, and is no pass ---


def test_trades_that_ended_before_their_rate_was_kept_cannot_be_proven_and_later_ones_are() -> None:
    told = story(*AMOUNTS)
    for number in (0, 1):
        told = told.with_trade(number, valued_krw_per_usdt=Decimal(0), valued_base_krw=Decimal(0))
    findings = judged(told)
    assert findings.invariants[RULE] is None
    [(_, why)] = findings.unproven
    assert why.startswith("booked profit cannot be proven before 2023-11-14T22:13:5")
    assert judged(fee_not_in_the_profit(told)).invariants[RULE] is None
    last = told.engine.trades[2]
    assert judged(told.with_trade(2, pnl_krw=last.pnl_krw + 1)).invariants[RULE] is False


def test_without_an_opening_nothing_is_proven() -> None:
    told = story()
    findings = judged(told.with_engine(entries=told.engine.entries[2:]))
    assert findings.invariants[RULE] is not True
    assert "nobody recorded what upbit and binance held" in dict(findings.unproven)[RULE]


def test_what_was_escalated_without_a_market_is_unrealised() -> None:
    told = story()
    named = frozenset({("trade_handed_over", told.engine.trades[0].trade_id)})
    told = told.with_trade(
        0, state=TradeState.ESCALATED, pnl_krw=Decimal(0), valued_krw_per_usdt=Decimal(0)
    ).with_engine(alerts=named)
    profit = profit_of(told.engine, told.venues)
    assert (profit.booked_krw, profit.unexplained_krw) == (0, 0)
    assert judged(told).violations == ()


def with_a_corrected_fee(told: Told, assumed: Decimal, difference: Decimal) -> Told:
    """Return the story as booked when its first fee was assumed so, and corrected by a difference."""
    first, entry = told.engine.fills[0], told.engine.entries[2]
    order = told.engine.orders_by_id()[first.client_order_id]
    booked = fill_entry(order, replace(first.fill, fee=assumed))
    entries = changed(told.engine.entries, 2, postings=booked.postings)
    key, account = fee_key(order, first.fill), venue_account(order.venue)
    correction = move(account, f"fees:{order.venue}", first.fill.fee_asset, difference)
    assert entry.key == booked.key
    return plus(told.with_engine(entries=entries), key, EntryKind.FEE, *correction)


def test_a_fee_that_was_assumed_and_corrected_is_right_and_a_wrong_correction_is_found():
    told = story(Decimal("0.01"))
    fee = told.engine.fills[0].fill.fee
    rules = {Invariant.EVERY_FILL_ONCE, RULE}
    right, wrong = (
        {each.invariant for each in judged(with_a_corrected_fee(told, fee - 1, by)).violations}
        for by in (Decimal(1), Decimal(2))
    )
    assert not right & rules
    assert wrong >= rules
