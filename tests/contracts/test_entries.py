"""What is read of the entries of a session to tell whether their legs stay unfilled."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import COIN, TRIAL_UNDER_WAY, Approved, Denied, Trial
from arb.domain.risk.unfilled import EntryLeg, EntryPair
from arb.domain.state.generation import Generation
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from tests.contracts import world

NOW_NS = world.NOW_NS


def opened(stores, session, trial=None, now_ns=NOW_NS, **values):
    opening = world.opening(session.session_id, now_ns=now_ns, **values)
    opening = replace(opening, proposal=replace(opening.proposal, trial=trial))
    verdict = stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, now_ns)
    assert isinstance(verdict, Approved), verdict
    return opening


def leg(order, state, share, attempts=1, changed_at_ns=NOW_NS, reason=""):
    return EntryLeg(
        venue=order.venue,
        state=state,
        filled_share=Decimal(share),
        attempts=attempts,
        expires_at_ns=order.expires_at_ns,
        changed_at_ns=changed_at_ns,
        reason=reason,
    )


def test_an_entry_is_read_with_both_legs_and_what_it_is_a_trial_of(stores, session):
    trial = Trial(levels={COIN: 3, "binance": 1}, newest_ns=NOW_NS)
    opening = opened(stores, session, trial, coin="ETH", direction=Direction("buy_upbit"))
    upbit, binance = opening.on(Venue.UPBIT), opening.on(Venue.BINANCE)
    assert stores.health.entries(session.session_id, NOW_NS - 1, 0) == (
        EntryPair(
            trade_id=opening.trade.trade_id,
            coin=opening.trade.coin,
            direction=Direction("buy_upbit"),
            opened_at_ns=NOW_NS,
            legs=(leg(binance, OrderState.INTENT, "0", 0), leg(upbit, OrderState.INTENT, "0", 0)),
            trial={COIN: 3, "binance": 1},
        ),
    )


def test_a_leg_says_how_much_of_it_was_filled_and_why_no_more(stores, session):
    opening = opened(stores, session)
    upbit, binance = opening.on(Venue.UPBIT), opening.on(Venue.BINANCE)
    for order in (upbit, binance):
        stores.trades.claim(order.client_order_id, NOW_NS + 1)
    half = (world.fill(upbit, "0.002"), world.fill(upbit, "0.003"))
    stores.trades.record(world.report(upbit, OrderState.CANCELED, *half), NOW_NS + 2)
    stores.trades.record(world.report(binance, OrderState.REJECTED, reason="-2010"), NOW_NS + 3)
    (pair,) = stores.health.entries(session.session_id, 0, 0)
    assert pair.legs == (
        leg(binance, OrderState.REJECTED, "0", changed_at_ns=NOW_NS + 3, reason="-2010"),
        leg(upbit, OrderState.CANCELED, "0.5", changed_at_ns=NOW_NS + 2),
    )
    assert pair.trial == {}


def test_only_what_changed_since_is_read_with_its_other_leg(stores, session):
    first, second = opened(stores, session), opened(stores, session, now_ns=NOW_NS + 5)
    order = first.on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS + 9)
    read = stores.health.entries
    assert [pair.trade_id for pair in read(session.session_id, 0, NOW_NS + 8)] == [first.trade.trade_id]
    assert len(read(session.session_id, 0, NOW_NS + 8)[0].legs) == 2
    assert len(read(session.session_id, 0, NOW_NS - 1)) == 2
    assert [pair.trade_id for pair in read(session.session_id, NOW_NS, 0)] == [second.trade.trade_id]
    assert read(session.session_id, 0, NOW_NS + 9) == ()


def test_exits_and_other_sessions_are_not_read(stores, session):
    opening = opened(stores, session)
    order = world.exit_intent(opening.trade, Venue.UPBIT, 2, NOW_NS + 5)
    stores.trades.add_orders(opening.trade, [order])
    assert stores.health.entries(session.session_id, 0, NOW_NS + 4) == ()
    assert len(stores.health.entries(session.session_id, 0, 0)[0].legs) == 2
    assert stores.health.entries(world.session().session_id, 0, 0) == ()


def test_a_trial_is_refused_where_an_entry_was_opened_meanwhile(stores, session):
    opened(stores, session, now_ns=NOW_NS)

    def tried(newest_ns, **values):
        opening = world.opening(session.session_id, now_ns=NOW_NS + NS_PER_S, **values)
        proposal = replace(opening.proposal, trial=Trial(levels={COIN: 1}, newest_ns=newest_ns))
        return stores.trades.open_trade(proposal, opening.orders, world.LIMITS, NOW_NS + NS_PER_S)

    assert tried(NOW_NS - 1) == Denied(TRIAL_UNDER_WAY)
    assert isinstance(tried(NOW_NS - 1, coin="ETH"), Approved)
    assert isinstance(tried(NOW_NS), Approved)


def test_nothing_is_opened_by_settings_that_are_in_force_no_more(stores, session):
    opened(stores, session)
    for number in (1, 2):
        stores.sessions.begin_generation(
            Generation(
                session_id=session.session_id, number=number, settings={}, frozen_at_ns=NOW_NS, why="new"
            )
        )
        for older in range(number):
            opening = world.opening(session.session_id, coin="ETH")
            limits = replace(world.LIMITS, generation=older)
            verdict = stores.trades.open_trade(opening.proposal, opening.orders, limits, NOW_NS)
            assert verdict == Denied("settings_outdated")
            assert stores.trades.view(opening.trade.trade_id) is None
    opening = world.opening(session.session_id, coin="ETH")
    limits = replace(world.LIMITS, generation=2)
    assert isinstance(stores.trades.open_trade(opening.proposal, opening.orders, limits, NOW_NS), Approved)
