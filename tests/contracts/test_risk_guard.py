"""What the risk guard reads: reserves, the newest entries, free balances, and how the venues behaved."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Conflict
from arb.domain.market.ids import Venue, client_order_id
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Approved, Denied
from arb.domain.risk.stability import Answers, VenueRecord
from arb.domain.time import NS_PER_DAY, NS_PER_S
from arb.domain.trading.lone_leg import LoneLeg
from arb.domain.trading.order import OrderEvent, OrderState, Purpose
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.domain.markets import PAIR

NOW_NS = world.NOW_NS


def open_trade(stores, opening, limits=world.LIMITS, now_ns=NOW_NS):
    return stores.trades.open_trade(opening.proposal, opening.orders, limits, now_ns)


def opened(stores, session, **values):
    opening = world.opening(session.session_id, **values)
    assert isinstance(open_trade(stores, opening), Approved)
    return opening


@pytest.mark.parametrize(
    ("state", "closed_at_ns", "reserves"),
    [
        (TradeState.OPENING, 0, True),
        (TradeState.REPAIRING, 0, True),
        (TradeState.CLOSED, NOW_NS, False),
        (TradeState.ABORTED, NOW_NS, False),
        (TradeState.ESCALATED, NOW_NS, True),
        (TradeState.ESCALATED, NOW_NS - NS_PER_DAY, False),
    ],
)
def test_the_budget_holds_the_reserves_of_what_may_still_lose(stores, session, state, closed_at_ns, reserves):
    first = opened(stores, session, loss_reserve_krw="60000")
    stores.trades.add_orders(replace(first.trade, state=state, closed_at_ns=closed_at_ns), ())
    limits = world.with_limits(daily_loss_krw_max=Decimal(100_000))
    second = world.opening(session.session_id, loss_reserve_krw="40001")
    assert (open_trade(stores, second, limits) == Denied("daily_loss_budget")) is reserves


ALONE = Decimal("-0.004")


@pytest.mark.parametrize("escalated_at_ns", [NOW_NS, NOW_NS - 3 * NS_PER_DAY])
@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"trades_open_max": 1}, "trades_open"),
        ({"trades_open_per_coin_max": 1}, "trades_open_per_coin"),
        ({"notional_per_coin_krw_max": Decimal(2_700_000)}, "notional_per_coin"),
        ({"notional_total_krw_max": Decimal(2_700_000)}, "notional_total"),
        ({"daily_loss_krw_max": Decimal(100_000)}, "daily_loss_budget"),
    ],
)
def test_a_leg_that_was_escalated_counts_like_an_open_trade_until_it_is_gone(
    stores, session, limits, reason, escalated_at_ns
):
    first = opened(stores, session, loss_reserve_krw="60000")
    alone = replace(first.trade, state=TradeState.ESCALATED, closed_at_ns=escalated_at_ns, residual=ALONE)
    alone = stores.trades.add_orders(alone, ())
    second = world.opening(session.session_id, loss_reserve_krw="40001")
    assert open_trade(stores, second, world.with_limits(**limits)) == Denied(reason)
    stores.trades.add_orders(replace(alone, state=TradeState.CLOSED, closed_at_ns=NOW_NS), ())
    assert isinstance(open_trade(stores, second, world.with_limits(**limits)), Approved)


def test_what_was_escalated_with_both_legs_even_is_no_notional(stores, session):
    first = opened(stores, session)
    even = replace(first.trade, state=TradeState.ESCALATED, closed_at_ns=NOW_NS)
    stores.trades.add_orders(even, ())
    second = world.opening(session.session_id)
    assert isinstance(open_trade(stores, second, world.with_limits(trades_open_max=1)), Approved)


def test_an_image_of_the_risk_has_the_legs_that_were_escalated(stores, session):
    first = opened(stores, session)
    alone = replace(first.trade, state=TradeState.ESCALATED, closed_at_ns=NOW_NS, residual=ALONE)
    stores.trades.add_orders(alone, ())
    _, parts = stores.snapshots.image(session.session_id)
    assert parts["risk_guard"]["trades_open_by_coin"] == {"BTC": 1}
    assert Decimal(parts["risk_guard"]["notional_by_coin_krw"]["BTC"]) == first.trade.notional_krw


def test_losses_made_and_losses_to_come_share_the_budget(stores, session):
    first = opened(stores, session)
    lost = replace(first.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS, pnl_krw=Decimal(-60_000))
    stores.trades.add_orders(lost, ())
    limits = world.with_limits(daily_loss_krw_max=Decimal(100_000))
    too_much = world.opening(session.session_id, loss_reserve_krw="40001")
    assert open_trade(stores, too_much, limits) == Denied("daily_loss_budget")
    enough = world.opening(session.session_id, loss_reserve_krw="40000")
    assert isinstance(open_trade(stores, enough, limits), Approved)


def test_a_coin_and_direction_rest_after_an_entry(stores, session):
    opened(stores, session)
    limits = world.with_limits(entry_cooldown_ns=2 * NS_PER_S)

    def again(after_ns, **values):
        now_ns = NOW_NS + after_ns
        return open_trade(stores, world.opening(session.session_id, now_ns=now_ns, **values), limits, now_ns)

    assert again(2 * NS_PER_S - 1) == Denied("entry_cooldown")
    assert isinstance(again(1, coin="ETH"), Approved)
    assert isinstance(again(1, direction=Direction("buy_upbit")), Approved)
    assert isinstance(again(2 * NS_PER_S), Approved)


def test_reserve_and_residual_are_kept(stores, session):
    opening = opened(stores, session, loss_reserve_krw="41234.5")
    closed = replace(opening.trade, state=TradeState.CLOSED, closed_at_ns=1, residual=Decimal("-0.00001"))
    changed = stores.trades.add_orders(closed, ())
    assert stores.trades.view(opening.trade.trade_id).trade == changed
    assert changed.loss_reserve_krw == Decimal("41234.5")


def test_free_is_what_is_held_less_what_is_on_hold(stores, session):
    assert stores.trades.free(session.session_id)[Venue.BINANCE, "USDT"] == Decimal(40_000)
    opening = opened(stores, session)
    free = stores.trades.free(session.session_id)
    assert free[Venue.BINANCE, "USDT"] == Decimal(40_000) - Decimal(1_002)
    assert free[Venue.UPBIT, "BTC"] == Decimal("1.99")
    assert free[Venue.UPBIT, "KRW"] == Decimal(50_000_000)
    order = opening.on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.filled(order), NOW_NS)
    assert stores.trades.free(session.session_id)[Venue.UPBIT, "KRW"] == Decimal(51_399_300)
    assert stores.trades.free("s-none") == {}


def test_a_venue_nobody_traded_at_has_an_empty_record(stores, session):
    assert stores.health.records(session.session_id, 0) == dict.fromkeys(Venue, VenueRecord())


def test_claims_and_their_troubles_are_counted_by_venue(stores, session):
    opening = opened(stores, session)
    upbit, binance = opening.on(Venue.UPBIT), opening.on(Venue.BINANCE)
    for number in range(3):
        claimed = stores.trades.claim(upbit.client_order_id, NOW_NS + number)
        if number < 2:
            assert stores.trades.release(upbit.client_order_id, claimed.fence, "no", NOW_NS + 10 + number)
    stores.trades.record(world.filled(upbit), NOW_NS + 20)
    claimed = stores.trades.claim(binance.client_order_id, NOW_NS)
    stores.trades.lose(binance.client_order_id, claimed.fence, "silence", NOW_NS + 5)
    stores.trades.absent(binance.client_order_id, "proof", NOW_NS + 9)
    assert stores.health.records(session.session_id, NOW_NS - 1) == dict.fromkeys(Venue, VenueRecord()) | {
        Venue.UPBIT: VenueRecord(claims=3, troubles=2, last_trouble_ns=NOW_NS + 11),
        Venue.BINANCE: VenueRecord(claims=1, troubles=2, last_trouble_ns=NOW_NS + 9),
    }
    assert stores.health.records(session.session_id, NOW_NS) == dict.fromkeys(Venue, VenueRecord())


def test_a_refusal_is_a_trouble(stores, session):
    order = opened(stores, session).on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.report(order, OrderState.REJECTED), NOW_NS)
    assert stores.health.records(session.session_id, 0)[Venue.UPBIT].troubles == 1


def test_a_shorter_pause_never_replaces_a_longer_one(stores, session):
    for until_ns in (NOW_NS + 5, NOW_NS + 9, NOW_NS + 7):
        stores.health.pause(session.session_id, Venue.UPBIT, until_ns, "418")
    records = stores.health.records(session.session_id, 0)
    assert records[Venue.UPBIT].paused_until_ns == NOW_NS + 9
    assert records[Venue.BINANCE].paused_until_ns == 0


def test_a_pause_is_for_every_session_of_the_account_and_for_no_other(stores, session):
    sessions = [world.session(group=group) for group in ("one", "two", "three", "four")]
    for each, account in zip(sessions, ("a", "a", "b", ""), strict=True):
        stores.sessions.create(replace(each, accounts=world.accounts(account)))
    paper = replace(world.session(environment="paper"), accounts=world.accounts("a"))
    stores.sessions.create(paper)
    asked = sessions[0].session_id
    stores.health.pause(asked, Venue.UPBIT, NOW_NS + 9, "418")
    stores.health.pause(sessions[1].session_id, Venue.UPBIT, NOW_NS + 7, "429")
    until_ns = {
        each.session_id: stores.health.records(each.session_id, 0)[Venue.UPBIT].paused_until_ns
        for each in (*sessions, paper, session)
    }
    same = {asked, sessions[1].session_id}
    assert {name for name, at_ns in until_ns.items() if at_ns == NOW_NS + 9} == same
    assert all(at_ns == 0 for name, at_ns in until_ns.items() if name not in same)
    assert stores.health.records(asked, 0)[Venue.BINANCE].paused_until_ns == 0


def test_the_legs_that_stand_alone_are_those_escalated_and_those_taken_up_and_not_even_yet(stores, session):
    kept = [opened(stores, session, now_ns=NOW_NS + number) for number in range(5)]
    handed, even, closed, repairing, again = (opening.trade for opening in kept)
    over = {"state": TradeState.ESCALATED, "closed_at_ns": NOW_NS}
    handed = stores.trades.add_orders(replace(handed, residual=ALONE, **over), ())
    stores.trades.add_orders(replace(even, **over), ())
    stores.trades.add_orders(replace(closed, state=TradeState.CLOSED, residual=ALONE), ())
    stores.trades.add_orders(replace(repairing, state=TradeState.REPAIRING), ())
    again = stores.trades.add_orders(replace(again, residual=ALONE, **over), ())
    again = stores.trades.repair_again(replace(again, state=TradeState.REPAIRING, closed_at_ns=0))
    assert stores.trades.alone(session.session_id) == (
        LoneLeg(trade=handed),
        LoneLeg(trade=again, take_ups=1),
    )
    stores.trades.add_orders(replace(again, state=TradeState.CLOSED), ())
    assert [leg.trade for leg in stores.trades.alone(session.session_id)] == [handed]


def test_a_leg_is_taken_up_by_one_of_two_at_once_and_counted_once(stores, session):
    alone = replace(opened(stores, session).trade, state=TradeState.ESCALATED, residual=ALONE)
    alone = stores.trades.add_orders(alone, ())
    again = replace(alone, state=TradeState.REPAIRING)
    stores.trades.repair_again(again)
    with pytest.raises(Conflict):
        stores.trades.repair_again(again)
    (leg,) = stores.trades.alone(session.session_id)
    assert (leg.take_ups, leg.trade.version) == (1, alone.version + 1)


def at_upbit(stores, session):
    return stores.health.answers(session.session_id, 0)[Venue.UPBIT]


def test_a_venue_nobody_traded_at_has_failed_nothing(stores, session):
    assert stores.health.answers(session.session_id, 0) == dict.fromkeys(Venue, Answers())


def test_failures_since_an_order_was_taken_are_counted_by_trade(stores, session):
    for number in range(3):
        order = opened(stores, session, now_ns=NOW_NS + number).on(Venue.UPBIT)
        claimed = stores.trades.claim(order.client_order_id, NOW_NS)
        if number == 0:
            stores.trades.record(world.filled(order), NOW_NS + 1)
        elif number == 1:
            stores.trades.lose(order.client_order_id, claimed.fence, "silence", NOW_NS + 5)
            stores.trades.absent(order.client_order_id, "proof", NOW_NS + 99)
        else:
            stores.trades.reject(order.client_order_id, claimed.fence, OrderEvent.EXPIRE, "418", NOW_NS + 7)
    assert at_upbit(stores, session) == Answers(failed=2, failed_at_ns=NOW_NS + 7)


def test_late_news_of_an_old_order_do_not_end_a_row_of_failures(stores, session):
    old, new = (opened(stores, session, now_ns=NOW_NS + number).on(Venue.UPBIT) for number in range(2))
    for order in (old, new):
        claimed = stores.trades.claim(order.client_order_id, NOW_NS)
        stores.trades.lose(order.client_order_id, claimed.fence, "silence", NOW_NS + 5)
    stores.trades.record(world.filled(old), NOW_NS + 50)
    assert at_upbit(stores, session).failed == 1
    stores.trades.record(world.filled(new), NOW_NS + 60)
    assert at_upbit(stores, session).failed == 0


def test_exits_whose_outcome_is_not_known_are_out(stores, session):
    opening = opened(stores, session)
    for venue in PAIR.venues:
        order = opening.on(venue)
        stores.trades.claim(order.client_order_id, NOW_NS)
        stores.trades.record(world.filled(order), NOW_NS + 1)
    trade = stores.trades.view(opening.trade.trade_id).trade
    leaving = replace(
        opening.on(Venue.UPBIT),
        client_order_id=client_order_id(trade.trade_id, Venue.UPBIT, 2),
        purpose=Purpose.EXIT,
        created_at_ns=NOW_NS + 10,
    )
    stores.trades.add_orders(replace(trade, state=TradeState.CLOSING), (leaving,))
    assert at_upbit(stores, session) == Answers(exits_out=1, exits_asked=1)
    assert stores.health.answers(session.session_id, NOW_NS + 10)[Venue.UPBIT] == Answers()
    claimed = stores.trades.claim(leaving.client_order_id, NOW_NS + 11)
    stores.trades.lose(leaving.client_order_id, claimed.fence, "silence", NOW_NS + 12)
    assert at_upbit(stores, session) == Answers(failed=1, failed_at_ns=NOW_NS + 12, exits_out=1)
    stores.trades.absent(leaving.client_order_id, "proof", NOW_NS + 13)
    assert at_upbit(stores, session) == Answers(failed=1, failed_at_ns=NOW_NS + 12)
