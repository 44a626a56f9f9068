"""What stands alone is measured at the venues, from fill to fill."""

from dataclasses import replace
from decimal import Decimal

from arb.chaos.market.naked import naked
from arb.domain.time import NS_PER_S
from tests.check.histories import RULES, Told, story

PRICES = {"BTC": Decimal(140_000_000)}
END_NS = 1_700_000_000_000_000_000 + 1000 * NS_PER_S


def apart(told: Told, index: int, later_s: int) -> Told:
    """Return the story with one fill executed later."""
    fills = list(told.venues.fills)
    fill = fills[index].fill
    fills[index] = replace(
        fills[index], fill=replace(fill, ts_event_ns=fill.ts_event_ns + later_s * NS_PER_S)
    )
    return told.with_venues(fills=tuple(fills))


def measured(told: Told, since_ns: int = 0):
    return naked(told.venues.fills, RULES, PRICES, since_ns, END_NS)


def test_legs_at_the_same_moment_are_never_naked():
    found = measured(story())
    assert (found.largest_krw, found.together_krw, found.longest_s, dict(found.trades)) == (0, 0, 0.0, {})


def test_a_leg_that_comes_later_was_alone_until_then():
    told = apart(story(Decimal("0.1")), 1, 1)
    found = measured(told)
    [trade] = told.engine.trades
    assert found.longest_s == 1.0
    assert found.largest_krw == 14_000_000
    assert found.trades[trade.trade_id] == (14_000_000, 1.0)


def test_a_leg_that_never_comes_is_alone_to_the_end():
    told = story(Decimal("0.1"))
    found = measured(told.with_venues(fills=told.venues.fills[:1]))
    assert found.longest_s > 900


def test_what_two_trades_have_alone_at_once_is_added_up_and_one_after_the_other_is_not():
    told = story(Decimal("0.1"), Decimal("0.2"))
    one_by_one = apart(apart(told, 1, 1), 5, 1)
    assert measured(one_by_one).together_krw == 28_000_000
    at_once = apart(apart(told, 1, 12), 5, 1)
    assert measured(at_once).together_krw > 28_000_000


def test_what_was_over_before_does_not_count():
    told = apart(story(Decimal("0.1")), 1, 1)
    last = max(each.fill.ts_event_ns for each in told.venues.fills)
    assert measured(told, since_ns=last).longest_s == 0.0


def test_less_than_what_a_venue_takes_is_dust():
    told = story(Decimal("0.00003"))
    assert measured(told.with_venues(fills=told.venues.fills[:1])).largest_krw == 0
