"""Which legs a change of a balance has closed, and when one is taken up again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.time import NS_PER_MINUTE
from arb.domain.trading.lone_leg import TOUCHED, LoneLeg, closed_by_hand
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.domain.markets import NOW_NS


def leg(residual: str, opened_after_ns: int = 0):
    return replace(
        world.opening("s").trade, state=TradeState.ESCALATED, residual=Decimal(residual),
        closed_at_ns=NOW_NS, opened_at_ns=NOW_NS + opened_after_ns,
    )  # fmt: skip


FIRST, SECOND, SHORT = leg("0.01"), leg("0.02", 1), leg("-0.01", 2)


@pytest.mark.parametrize(
    ("difference", "closed"),
    [
        ("-0.01", [FIRST]),
        ("-0.03", [FIRST, SECOND]),
        ("-0.02", [FIRST]),  # the older one; half of the younger one is not that leg
        ("-0.009", []),
        ("-0.00999", [FIRST]),  # a fee less
        ("0.01", [SHORT]),
        ("0.00999", [SHORT]),  # bought, and the fee was taken from it
        ("0.3", [SHORT]),
        ("0", []),
    ],
)
def test_a_difference_closes_the_legs_that_fit_into_it_oldest_first(difference, closed):
    assert list(closed_by_hand([SHORT, SECOND, FIRST], "BTC", Decimal(difference))) == closed


def test_another_coin_closes_nothing():
    assert closed_by_hand([FIRST], "ETH", Decimal("-0.01")) == ()


@pytest.mark.parametrize(("take_ups", "minutes"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (50, 60)])
def test_the_pause_grows_to_an_hour(take_ups, minutes):
    lone = LoneLeg(trade=FIRST, take_ups=take_ups)
    assert not lone.is_due(NOW_NS + minutes * NS_PER_MINUTE - 1)
    assert lone.is_due(NOW_NS + minutes * NS_PER_MINUTE)


def test_what_somebody_works_on_or_has_touched_is_not_due():
    late_ns = NOW_NS + 1_000 * NS_PER_MINUTE
    assert not LoneLeg(trade=replace(FIRST, state=TradeState.REPAIRING)).is_due(late_ns)
    assert not LoneLeg(trade=replace(FIRST, reason=TOUCHED)).is_due(late_ns)
