"""Each checker finds exactly the fault that was made, and nothing where none was made."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.check.checkers import check
from arb.check.history import BookedEntry, Invariant, OrderTransition
from arb.domain.ledger.ledger import EntryKind, Posting
from arb.domain.market.ids import ClientOrderId, FillId, Venue, VenueOrderId
from arb.domain.risk.mode import ModeChange
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import OrderEvent, OrderState
from arb.domain.trading.trade import TradeState
from tests.check.histories import START_NS, Told, changed, order, story, venue_order, without
from tests.domain.markets import OTHER

quantities = st.lists(
    st.integers(min_value=1, max_value=50_000).map(lambda lots: lots * Decimal("0.00001")),
    min_size=1,
    max_size=6,
)


def broken(told: Told) -> set[Invariant]:
    """Return the invariants that do not hold in a story."""
    return {violation.invariant for violation in check(told.engine, told.venues).violations}


def event(told: Told, index: int, **changes: object) -> Told:
    """Return the story with one order event changed."""
    return told.with_engine(events=changed(told.engine.events, index, **changes))


@given(quantities)
def test_a_clean_history_breaks_nothing(amounts: list[Decimal]) -> None:
    told = story(*amounts)
    findings = check(told.engine, told.venues)
    assert findings.violations == ()
    assert findings.all_hold
    assert findings.inconclusive == ()
    assert all(findings.invariants.values())


def test_without_the_venues_record_the_rest_is_still_checked_and_that_is_said() -> None:
    findings = check(story().engine, None)
    assert findings.all_hold
    unproven = {"intent_first", "at_most_once", "every_fill_once", "booked_profit_is_real"}
    assert {name for name, holds in findings.invariants.items() if holds is None} == unproven
    assert {name.value for name, _ in findings.unproven} == unproven


def test_what_happened_before_the_session_is_not_its_business() -> None:
    told = story()
    stranger = replace(
        told.venues.orders[0],
        client_id=order(9, Venue.UPBIT, 1, Decimal(1), 0).client_order_id,
        received_ns=START_NS - 1,
    )
    assert broken(told.with_venues(orders=(*told.venues.orders, stranger))) == set()


# --- intent_first ---


def claimed_late(told: Told) -> Told:
    return event(told, 0, at_ns=told.venues.orders[0].received_ns + 1)


def created_late(told: Told) -> Told:
    return told.with_order(0, created_at_ns=told.venues.orders[0].received_ns + 1)


def never_claimed(told: Told) -> Told:
    """The row says intent, the venue has it."""
    mine = told.engine.orders[0].client_order_id
    kept = tuple(each for each in told.engine.events if each.client_order_id != mine)
    fills = tuple(each for each in told.engine.fills if each.client_order_id != mine)
    return (
        _unfilled(told).with_engine(events=kept, fills=fills).with_order(0, state=OrderState.INTENT, fills=())
    )


# --- at_most_once ---


def sent_twice(told: Told) -> Told:
    again = replace(told.venues.orders[0], venue_order_id="another")
    return told.with_venues(orders=(*told.venues.orders, again))


def at_the_wrong_venue(told: Told) -> Told:
    return told.with_venues(orders=changed(told.venues.orders, 0, venue=OTHER[told.venues.orders[0].venue]))


def under_another_venue_id(told: Told) -> Told:
    return told.with_order(0, venue_order_id=VenueOrderId("another"))


# --- unknown_is_a_state ---


def left_unknown_by_a_timer(told: Told) -> Told:
    """Expired without a proof, an id or a fill."""
    return event(told, 2, event=OrderEvent.ABSENT, to_state=OrderState.EXPIRED, reason="timeout").with_order(
        0, state=OrderState.EXPIRED
    )


def illegal_step(told: Told) -> Told:
    return event(told, 1, event=OrderEvent.ACCEPT)


def events_and_state_disagree(told: Told) -> Told:
    return told.with_order(0, state=OrderState.CANCELED)


def event_missing(told: Told) -> Told:
    return told.with_engine(events=without(told.engine.events, 1))


def fence_went_back(told: Told) -> Told:
    return event(told, 1, fence=0)


def resent_while_unknown(told: Told) -> Told:
    """The first exit order is made while the first entry order is unknown."""
    first, exit_ = told.engine.orders[0], told.engine.orders[2]
    moved = first.created_at_ns + 600 * NS_PER_MS - exit_.created_at_ns
    return told.with_order(2, created_at_ns=exit_.created_at_ns + moved)


# --- every_fill_once ---


def fill_not_booked(told: Told) -> Told:
    return _unfilled(told).with_engine(fills=without(told.engine.fills, 0))


def fill_made_up(told: Told) -> Told:
    """The venue never saw it; its balances neither."""
    lost = told.venues.fills[0]
    balances = dict(told.venues.balances)
    for asset, amount in lost.effects().items():
        balances[lost.venue, asset] -= amount
    return told.with_venues(fills=told.venues.fills[1:], balances=balances)


def fill_with_another(name: str, value: object) -> Callable[[Told], Told]:
    def wrong(told: Told) -> Told:
        booked = told.engine.fills[0]
        fill = replace(booked.fill, **{name: value})  # type: ignore[arg-type]
        return told.with_engine(fills=changed(told.engine.fills, 0, fill=fill))

    return wrong


def fill_of_another_order(told: Told) -> Told:
    other = told.engine.orders[2].client_order_id
    return told.with_venues(fills=changed(told.venues.fills, 0, client_id=other))


def fill_of_no_order(told: Told) -> Told:
    return told.with_engine(fills=changed(told.engine.fills, 0, client_order_id=ClientOrderId("none")))


def entry_missing(told: Told) -> Told:
    return _without_entry(told, 2)


def entry_twice(told: Told) -> Told:
    last = told.engine.entries[-1]
    again = replace(last, entry_id=last.entry_id + 1)
    return _rebuilt(told.with_engine(entries=(*told.engine.entries, again), ledger_position=again.entry_id))


def entry_of_no_fill(told: Told) -> Told:
    ghost = BookedEntry(entry_id=99, key="fill:upbit:BTC/KRW:ghost", kind=EntryKind.FILL, postings=())
    return told.with_engine(entries=(*told.engine.entries, ghost), ledger_position=99)


def entry_not_balanced(told: Told) -> Told:
    entry = told.engine.entries[2]
    postings = (*entry.postings, Posting("trading", "KRW", Decimal(1)))
    return _rebuilt(told.with_engine(entries=changed(told.engine.entries, 2, postings=postings)))


def balance_off_by_one_unit(told: Told) -> Told:
    balances = dict(told.venues.balances)
    balances[Venue.UPBIT, "KRW"] += Decimal("0.00000001")
    return told.with_venues(balances=balances)


def balance_of_an_asset_we_never_booked(told: Told) -> Told:
    return told.with_venues(balances={**told.venues.balances, (Venue.BINANCE, "BNB"): Decimal(1)})


def filled_beyond_its_quantity(told: Told) -> Told:
    return told.with_order(0, quantity=Decimal("0.01"))


# --- no_lonely_leg ---


def closed_with_one_leg(told: Told) -> Told:
    return told.with_order(0, fills=())


def closed_with_a_pair(told: Told) -> Told:
    return told.with_engine(
        orders=tuple(
            replace(each, fills=()) if each.client_order_id.endswith("2") else each
            for each in told.engine.orders
        )
    )


def closed_with_an_order_working(told: Told) -> Told:
    """Made just now, so that only its trade's end is wrong."""
    now_ns = told.engine.read_at_ns
    late = order(1, Venue.UPBIT, 3, Decimal("0.1"), now_ns)
    late = replace(late, state=OrderState.INTENT, fills=(), fence=0, venue_order_id=None)
    return told.with_engine(orders=(*told.engine.orders, late))


def open_with_one_leg_for_too_long(told: Told) -> Told:
    return closed_with_one_leg(told).with_trade(0, state=TradeState.OPEN, closed_at_ns=0)


def repaired_for_too_long(told: Told) -> Told:
    since_ns = told.engine.read_at_ns - 76 * NS_PER_S
    return closed_with_one_leg(told).with_trade(0, state=TradeState.REPAIRING, repair_since_ns=since_ns)


def escalated_silently(told: Told) -> Told:
    return closed_with_one_leg(told).with_trade(0, state=TradeState.ESCALATED)


def order_stuck(told: Told) -> Told:
    stuck = replace(
        order(1, Venue.UPBIT, 3, Decimal("0.1"), START_NS), state=OrderState.INTENT, fills=(), fence=0
    )
    opened = told.with_trade(0, state=TradeState.CLOSING)
    return opened.with_engine(orders=(*told.engine.orders, stuck))


# --- nothing_lost_on_restart ---


def stored_balance_off(told: Told) -> Told:
    balances = dict(told.engine.balances)
    balances["trading", "BTC"] += Decimal("0.00000001")
    return told.with_engine(balances=balances)


def head_behind(told: Told) -> Told:
    return told.with_engine(ledger_position=told.engine.ledger_position - 1)


def snapshot_damaged(told: Told) -> Told:
    return told.with_engine(damaged=(("periodic:2", "snapshot_checksum"),))


def snapshot_of_other_balances(told: Told) -> Told:
    assert told.engine.snapshot is not None
    parts = {"positions": {"balances": {"venue:upbit": {"KRW": "1"}}, "trades": []}}
    return told.with_engine(snapshot=replace(told.engine.snapshot, parts=parts))


def snapshot_ahead_of_the_ledger(told: Told) -> Told:
    assert told.engine.snapshot is not None
    return told.with_engine(snapshot=replace(told.engine.snapshot, ledger_position=999))


def trade_forgotten(told: Told) -> Told:
    return _with_remembered(told, {"trade": {"trade_id": "gone", "version": 0}, "orders": []})


def trade_older_than_the_snapshot(told: Told) -> Told:
    mine = told.engine.trades[0].trade_id
    return _with_remembered(told, {"trade": {"trade_id": mine, "version": 9}, "orders": []})


def fill_forgotten(told: Told) -> Told:
    mine = told.engine.trades[0].trade_id
    remembered = {"client_order_id": "a", "fills": [{"fill_id": "gone"}]}
    return _with_remembered(told, {"trade": {"trade_id": mine, "version": 0}, "orders": [remembered]})


# --- risk_only_shrinks ---


def opened_in(mode: Mode) -> Callable[[Told], Told]:
    def wrong(told: Told) -> Told:
        at_ns = told.engine.trades[0].opened_at_ns - 2 * NS_PER_S
        change = ModeChange(mode=mode, reason="drain", at_ns=at_ns)
        return told.with_engine(mode_changes=(*told.engine.mode_changes, change))

    return wrong


def _unfilled(told: Told) -> Told:
    """Our side without the first fill: no entry, no posting, no stored balance of it."""
    return _without_entry(told, 2)


def _without_entry(told: Told, index: int) -> Told:
    return _rebuilt(told.with_engine(entries=without(told.engine.entries, index)))


def _rebuilt(told: Told) -> Told:
    """Store the sums of what the entries are now, so that only they are wrong."""
    balances: dict[tuple[str, str], Decimal] = {}
    for entry in told.engine.entries:
        for posting in entry.postings:
            key = (posting.account, posting.asset)
            balances[key] = balances.get(key, Decimal(0)) + posting.amount
    return told.with_engine(balances=balances)


def _with_remembered(told: Told, view: dict[str, object]) -> Told:
    snapshot = told.engine.snapshot
    assert snapshot is not None
    positions = {**snapshot.parts["positions"], "trades": [view]}
    return told.with_engine(snapshot=replace(snapshot, parts={"positions": positions}))


FILL_AND_PROFIT = {Invariant.EVERY_FILL_ONCE, Invariant.BOOKED_PROFIT_IS_REAL}
FAULTS: list[tuple[Callable[[Told], Told], set[Invariant]]] = [
    (claimed_late, {Invariant.INTENT_FIRST}),
    (created_late, {Invariant.INTENT_FIRST}),
    (sent_twice, {Invariant.AT_MOST_ONCE}),
    (at_the_wrong_venue, {Invariant.AT_MOST_ONCE}),
    (under_another_venue_id, {Invariant.AT_MOST_ONCE}),
    (illegal_step, {Invariant.UNKNOWN_IS_A_STATE}),
    (left_unknown_by_a_timer, {Invariant.UNKNOWN_IS_A_STATE}),
    (events_and_state_disagree, {Invariant.UNKNOWN_IS_A_STATE}),
    (event_missing, {Invariant.UNKNOWN_IS_A_STATE}),
    (fence_went_back, {Invariant.UNKNOWN_IS_A_STATE}),
    (resent_while_unknown, {Invariant.UNKNOWN_IS_A_STATE}),
    (fill_not_booked, FILL_AND_PROFIT),
    (fill_made_up, {Invariant.EVERY_FILL_ONCE}),
    (fill_with_another("price", Decimal(7)), FILL_AND_PROFIT),
    (fill_with_another("quantity", Decimal("0.05")), FILL_AND_PROFIT),
    (fill_with_another("fee", Decimal(0)), FILL_AND_PROFIT),
    (fill_with_another("fee_asset", "BNB"), FILL_AND_PROFIT),
    (fill_with_another("fill_id", FillId("another")), {Invariant.EVERY_FILL_ONCE}),
    (fill_of_another_order, {Invariant.EVERY_FILL_ONCE}),
    (fill_of_no_order, FILL_AND_PROFIT),
    (entry_missing, FILL_AND_PROFIT),
    (entry_twice, FILL_AND_PROFIT),
    (entry_of_no_fill, {Invariant.EVERY_FILL_ONCE}),
    (entry_not_balanced, {Invariant.EVERY_FILL_ONCE}),
    (balance_off_by_one_unit, FILL_AND_PROFIT),
    (balance_of_an_asset_we_never_booked, FILL_AND_PROFIT),
    (filled_beyond_its_quantity, {Invariant.EVERY_FILL_ONCE}),
    (closed_with_one_leg, {Invariant.NO_LONELY_LEG}),
    (closed_with_a_pair, {Invariant.NO_LONELY_LEG}),
    (closed_with_an_order_working, {Invariant.NO_LONELY_LEG}),
    (open_with_one_leg_for_too_long, {Invariant.NO_LONELY_LEG}),
    (repaired_for_too_long, {Invariant.NO_LONELY_LEG}),
    (escalated_silently, {Invariant.NO_LONELY_LEG}),
    (order_stuck, {Invariant.NO_LONELY_LEG}),
    (stored_balance_off, {Invariant.NOTHING_LOST_ON_RESTART}),
    (head_behind, {Invariant.NOTHING_LOST_ON_RESTART}),
    (snapshot_damaged, {Invariant.NOTHING_LOST_ON_RESTART}),
    (snapshot_of_other_balances, {Invariant.NOTHING_LOST_ON_RESTART}),
    (snapshot_ahead_of_the_ledger, {Invariant.NOTHING_LOST_ON_RESTART}),
    (trade_forgotten, {Invariant.NOTHING_LOST_ON_RESTART}),
    (trade_older_than_the_snapshot, {Invariant.NOTHING_LOST_ON_RESTART}),
    (fill_forgotten, {Invariant.NOTHING_LOST_ON_RESTART}),
    (opened_in(Mode.REDUCE_ONLY), {Invariant.RISK_ONLY_SHRINKS}),
    (opened_in(Mode.HALTED), {Invariant.RISK_ONLY_SHRINKS}),
]


@pytest.mark.parametrize(
    ("fault", "expected"), FAULTS, ids=[fault.__name__ + str(i) for i, (fault, _) in enumerate(FAULTS)]
)
def test_a_fault_is_found_under_its_own_name_and_no_other(
    fault: Callable[[Told], Told], expected: set[Invariant]
) -> None:
    assert broken(fault(story(Decimal("0.1"), Decimal("0.2")))) == expected


@given(quantities, st.sampled_from(FAULTS))
def test_a_fault_is_found_in_any_history(
    amounts: list[Decimal], planted: tuple[Callable[[Told], Told], set[Invariant]]
) -> None:
    fault, expected = planted
    assert expected <= broken(fault(story(Decimal("0.1"), *amounts)))


def test_an_order_nobody_here_knows_breaks_both_the_first_and_the_second() -> None:
    told = story()
    unknown = venue_order(order(9, Venue.BINANCE, 1, Decimal(1), START_NS + NS_PER_S))
    found = broken(told.with_venues(orders=(*told.venues.orders, unknown)))
    assert found == {Invariant.INTENT_FIRST, Invariant.AT_MOST_ONCE}


def test_an_order_at_the_venue_that_nobody_claimed_breaks_the_first() -> None:
    assert Invariant.INTENT_FIRST in broken(never_claimed(story()))


def test_a_proof_of_absence_is_wrong_when_the_venue_has_the_order() -> None:
    told = left_unknown_by_a_timer(story())
    told = event(told, 2, reason="two -2013 replies after the fence")
    messages = [violation.message for violation in check(told.engine, told.venues).violations]
    assert any("never placed" in message for message in messages)


# --- what is in flight is no fault ---


def test_a_fill_of_an_order_in_flight_is_not_missed_yet_and_explains_the_balance() -> None:
    told = fill_not_booked(story())
    told = told.with_order(
        0, state=OrderState.UNKNOWN, fills=(), created_at_ns=told.engine.orders[0].created_at_ns
    )
    told = told.with_engine(events=without(told.engine.events, 2), read_at_ns=START_NS + 20 * NS_PER_S)
    told = told.with_trade(0, state=TradeState.OPENING, closed_at_ns=0)
    assert broken(told) - {Invariant.UNKNOWN_IS_A_STATE} == set()


def test_what_somebody_else_did_on_the_account_explains_the_balance() -> None:
    told = story()
    foreign = replace(
        told.venues.fills[0],
        client_id="by-hand",
        fill=replace(told.venues.fills[0].fill, fill_id=FillId("77")),
    )
    balances = dict(told.venues.balances)
    for asset, amount in foreign.effects().items():
        balances[foreign.venue, asset] += amount
    assert broken(told.with_venues(fills=(*told.venues.fills, foreign), balances=balances)) == set()


def test_a_venue_that_moved_while_read_is_said_and_not_compared() -> None:
    told = balance_off_by_one_unit(story()).with_venues(torn=frozenset({Venue.UPBIT}))
    findings = check(told.engine, told.venues)
    assert findings.all_hold
    assert findings.inconclusive and "upbit" in findings.inconclusive[0]


def test_dust_may_be_left_behind() -> None:
    told = story(Decimal("0.00003"))
    assert broken(closed_with_one_leg(told)) == set()


def test_a_pair_that_one_venue_takes_no_order_for_may_be_left_and_a_leg_of_that_size_not() -> None:
    """0.00004 BTC is 5,600 KRW, above Upbit's minimum, and 4 USDT, below Binance's."""
    told = story(Decimal("0.00004"))
    assert broken(closed_with_a_pair(told)) == set()
    assert broken(closed_with_one_leg(told)) == {Invariant.NO_LONELY_LEG}


def test_one_leg_within_its_time_is_no_fault() -> None:
    told = open_with_one_leg_for_too_long(story()).with_engine(read_at_ns=START_NS + 40 * NS_PER_S)
    assert broken(told) == set()


def test_escalated_with_an_alarm_is_no_fault() -> None:
    told = escalated_silently(story())
    named = ("trade_handed_over", told.engine.trades[0].trade_id)
    assert broken(told.with_engine(alerts=frozenset({named}))) == set()


def test_a_trade_that_had_the_lock_before_the_mode_changed_is_no_fault() -> None:
    told = story()
    change = ModeChange(
        mode=Mode.HALTED, reason="kill", at_ns=told.engine.trades[0].opened_at_ns - 5 * NS_PER_MS
    )
    assert broken(told.with_engine(mode_changes=(*told.engine.mode_changes, change))) == set()


def test_normal_again_may_open_again() -> None:
    told = opened_in(Mode.HALTED)(story())
    again = ModeChange(mode=Mode.NORMAL, reason="unkill", at_ns=told.engine.trades[0].opened_at_ns - NS_PER_S)
    assert broken(told.with_engine(mode_changes=(*told.engine.mode_changes, again))) == set()


def test_a_claim_given_back_and_taken_again_is_a_legal_life() -> None:
    told = story()
    mine = told.engine.orders[0].client_order_id
    first = told.engine.events[0]
    path = (
        (OrderEvent.CLAIM, OrderState.INTENT, OrderState.SUBMITTED, 1),
        (OrderEvent.RELEASE, OrderState.SUBMITTED, OrderState.INTENT, 1),
        (OrderEvent.CLAIM, OrderState.INTENT, OrderState.SUBMITTED, 2),
        (OrderEvent.FILL, OrderState.SUBMITTED, OrderState.FILLED, 2),
    )
    lived: tuple[OrderTransition, ...] = tuple(
        replace(first, seq=seq, event=what, from_state=before, to_state=after, fence=fence)
        for seq, (what, before, after, fence) in enumerate(path, start=1)
    )
    others = tuple(each for each in told.engine.events if each.client_order_id != mine)
    assert broken(told.with_engine(events=(*lived, *others))) == set()
