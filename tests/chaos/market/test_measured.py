"""A scenario passes only if it struck, what was booked is real, and nothing went beyond its ceilings."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.chaos.market.measured import Ceilings, Loss, Measured, MeasuredProfit
from arb.chaos.market.naked import Naked
from arb.check.checkers import check
from tests.check.histories import story
from tests.check.test_checkers import balance_off_by_one_unit

CLEAN = check(story().engine, story().venues)
GOOD = Measured(
    name="crash",
    trades=9,
    pairs=2,
    strikes={"price_move": 40},
    must_strike=("price_move",),
    profit=MeasuredProfit(real_krw=Decimal(110), booked_krw=Decimal(100), other_krw=Decimal(10)),
    naked=Naked(
        largest_krw=Decimal(1_400_000),
        together_krw=Decimal(1_400_000),
        longest_s=60.0,
        by_trade={"t1": (Decimal(1_400_000), 60.0)},
    ),
    ceilings=Ceilings(
        repair_s_max=60, together_krw_max=Decimal(30_000_000), by_trade_krw={"t1": Decimal(1_390_000)}
    ),
    losses=(Loss(trade_id="t1", lost_krw=Decimal(9), reserved_krw=Decimal(10)),),
    findings=CLEAN,
    rested=True,
)
LONG = Naked(longest_s=80.0, by_trade={"t1": (Decimal(1), 80.0)})
LARGE = Naked(largest_krw=Decimal(3_000_000), by_trade={"t1": (Decimal(3_000_000), 1.0)})


def test_what_is_as_it_has_to_be_passes():
    assert GOOD.violations == ()
    assert GOOD.as_json()["passed"] is True
    assert "real 110.00 KRW" in GOOD.text()
    assert "operator: nothing" in GOOD.text()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pairs": 0}, "no pair was open"),
        ({"strikes": {}}, "price_move did not strike"),
        ({"rested": False}, "still out"),
        ({"profit": None}, "could not be read"),
        (
            {"profit": MeasuredProfit(real_krw=Decimal(100), booked_krw=Decimal(100), other_krw=Decimal(10))},
            "gained 100",
        ),
        ({"naked": LONG}, "nobody was told"),
        ({"naked": LARGE}, "more than one leg"),
        ({"naked": Naked(together_krw=Decimal(40_000_000))}, "naked at once"),
        ({"losses": (Loss(trade_id="t", lost_krw=Decimal(11), reserved_krw=Decimal(10)),)}, "lost 11 KRW"),
        ({"findings": None}, "were not checked"),
        (
            {
                "findings": check(
                    balance_off_by_one_unit(story()).engine, balance_off_by_one_unit(story()).venues
                )
            },
            "booked_profit_is_real",
        ),
        ({"findings": check(story().engine, None)}, "is not proven"),
        ({"error": "VenueError: gone"}, "VenueError: gone"),
    ],
)
def test_each_thing_that_is_wrong_fails_it_and_is_told(changes, told):
    found = replace(GOOD, **changes)
    assert not found.passed
    assert any(told in line for line in found.violations)
    assert told in found.text()


def test_a_leg_that_was_told_of_may_stand_alone_for_longer():
    assert replace(GOOD, naked=LONG, named=frozenset({"t1"})).passed
