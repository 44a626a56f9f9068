"""What a coin has lost in a direction is read under the session's lock, and holds the next entry back."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.risk.review import Approved, Denied
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE
from arb.domain.trading.reentry import ReentryRules
from arb.domain.trading.trade import TradeState
from tests.contracts import world

NOW_NS = world.NOW_NS
LIMITS = world.with_limits(
    reentry=ReentryRules(pause_ns=10 * NS_PER_MINUTE, pause_ns_max=240 * NS_PER_MINUTE),
    entry_cooldown_ns=-30 * NS_PER_DAY,  # these tests go back and forth in time
)


def try_opening(stores, session, now_ns, **values):
    opening = world.opening(session.session_id, now_ns=now_ns, **values)
    return stores.trades.open_trade(opening.proposal, opening.orders, LIMITS, now_ns), opening


def ended(
    stores, session, pnl_krw, closed_at_ns=NOW_NS, reason="stop_loss", state=TradeState.CLOSED, **values
):
    """Have a pair been opened days ago and be closed with that result."""
    opened_at_ns = NOW_NS - 10 * NS_PER_DAY + next(world.numbers)
    verdict, opening = try_opening(stores, session, opened_at_ns, **values)
    assert isinstance(verdict, Approved), verdict
    changes = {"state": state, "reason": reason, "updated_at_ns": closed_at_ns}
    if state is TradeState.CLOSED:
        changes |= {"pnl_krw": Decimal(pnl_krw), "closed_at_ns": closed_at_ns}
    stores.trades.add_orders(replace(opening.trade, **changes), ())


def is_pausing(stores, session, minutes, **values):
    """Tell whether an entry is refused that many minutes after now; it is not opened for good."""
    now_ns = NOW_NS + minutes * NS_PER_MINUTE
    verdict, opening = try_opening(stores, session, now_ns, **values)
    if isinstance(verdict, Approved):
        stores.trades.add_orders(
            replace(opening.trade, state=TradeState.ABORTED, reason="no_fill", closed_at_ns=now_ns), ()
        )
    return verdict == Denied("reentry_pause")


def test_each_losing_close_in_a_row_holds_the_coin_and_direction_back_for_longer(stores, session):
    ended(stores, session, -1, NOW_NS - 2)
    assert [is_pausing(stores, session, minutes) for minutes in (0, 9, 10)] == [True, True, False]
    ended(stores, session, -1, NOW_NS - 1, reason="holding_time")
    ended(stores, session, -1, NOW_NS, reason="converged")
    assert [is_pausing(stores, session, minutes) for minutes in (39, 40)] == [True, False]


@pytest.mark.parametrize(
    "other", [{"coin": "ETH"}, {"direction": world.BUY_UPBIT}], ids=["another coin", "the other way"]
)
def test_the_others_go_on(stores, session, other):
    ended(stores, session, -1)
    assert not is_pausing(stores, session, 0, **other)
    assert is_pausing(stores, session, 0)


def test_a_close_that_earned_ends_the_row_and_not_what_came_after_it(stores, session):
    ended(stores, session, -1, NOW_NS - 3)
    ended(stores, session, -1, NOW_NS - 2)
    ended(stores, session, 0, NOW_NS - 1, reason="converged")
    assert not is_pausing(stores, session, 0)
    ended(stores, session, -1)
    assert [is_pausing(stores, session, minutes) for minutes in (9, 10)] == [True, False]


@pytest.mark.parametrize(
    ("reason", "state", "pauses"),
    [
        ("reversed", TradeState.CLOSED, False),
        ("unwound", TradeState.CLOSED, False),
        ("closed_by_hand", TradeState.CLOSED, False),
        ("stop_loss", TradeState.CLOSING, True),
        ("stop_loss", TradeState.REPAIRING, True),
        ("holding_time", TradeState.CLOSING, True),
        ("take_profit", TradeState.CLOSING, False),
        ("", TradeState.OPEN, False),
    ],
)
def test_only_closes_count_and_a_stop_loss_from_its_beginning(stores, session, reason, state, pauses):
    ended(stores, session, -1, reason=reason, state=state)
    assert is_pausing(stores, session, 0) is pauses


def test_what_was_lost_a_day_ago_is_forgotten(stores, session):
    for ago_ns in (NS_PER_DAY, NS_PER_DAY + 1):
        ended(stores, session, -1, NOW_NS - ago_ns)
    assert not is_pausing(stores, session, 0)
    ended(stores, session, -1, NOW_NS)
    assert not is_pausing(stores, session, 10)


def test_what_another_session_lost_holds_nothing_back(stores, session):
    other = world.session()
    stores.sessions.create(other)
    for entry in world.openings(other.session_id):
        stores.trades.book_entry(other.session_id, entry, NOW_NS)
    ended(stores, other, -1)
    assert not is_pausing(stores, session, 0)
