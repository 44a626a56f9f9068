"""A leg that stays unfilled again and again stops its coin, or its venue, and is told.

The other leg is executed, and a repair pays to undo it. Whatever kept the first one from being filled, a feed
that lags or a rule of the venue for one coin, would keep the next one from it too, every two seconds.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from arb.domain.errors import AgainstRules, Rejected, VenueError
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.risk.stability import VenueRecord
from arb.domain.trading.order import Order, OrderReport
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import (
    DEFAULT_LIMITS,
    DEFAULT_STABILITY,
    TunedTestbed,
    alerts,
    quote,
    require,
    trades,
    upbit_books,
    work,
    worth_krw,
)

MINUTES = 5
LOST_KRW_MAX = Decimal(20_000)  # a dozen pairs to find it out, and then small ones to see whether it is over
LATE_KRW = Decimal(140_840_000)  # where the coin is on both venues while one feed lags
REFUSALS = {
    "by a rule of the market": AgainstRules(Venue.BINANCE, "-1013 Filter failure: MAX_POSITION", "-1013"),
    "for the account": Rejected(
        Venue.BINANCE, "-2010 This symbol is not permitted for this account.", "-2010"
    ),
}


class BusyVenues:
    """What is known of the venues, with a hundred good orders of other coins on top."""

    def __init__(self, health: Any) -> None:
        self._health = health

    def __getattr__(self, name: str) -> Any:
        return getattr(self._health, name)

    def records(self, *args: Any, **kwargs: Any) -> dict[Venue, VenueRecord]:
        known = dict(self._health.records(*args, **kwargs))
        records = {venue: known.get(venue, VenueRecord()) for venue in PAIR.venues}
        return {venue: replace(record, claims=record.claims + 100) for venue, record in records.items()}


def a_testbed_by_default() -> EngineTestbed:
    return TunedTestbed(limits=DEFAULT_LIMITS, stability=DEFAULT_STABILITY)


def trade_for_minutes(testbed: EngineTestbed, show: Callable[[EngineTestbed], None]) -> None:
    for _ in range(MINUTES * 60 * 2):
        show(testbed)
        work(testbed)
        testbed.pass_time(500)
    require(trades(testbed), "something was opened")


def told(testbed: EngineTestbed) -> list[str]:
    return [alert.kind for alert in alerts(testbed) if alert.severity is not Severity.INFO]


# a feed that lags


def show_binance_late(testbed: EngineTestbed) -> None:
    """Binance is where Upbit is; its feed still shows it 60 bps lower."""
    quote(testbed, upbit=upbit_books(60))
    testbed.show(testbed.book(Venue.BINANCE, "BTC/USDT", "100599.50", "100600.50", "5"))


def test_a_feed_that_lags_is_not_traded_on_again_and_again():
    testbed = a_testbed_by_default()
    before = worth_krw(testbed, btc_krw=LATE_KRW)
    trade_for_minutes(testbed, show_binance_late)
    lost_krw = before - worth_krw(testbed, btc_krw=LATE_KRW)
    assert lost_krw <= LOST_KRW_MAX


def test_legs_that_a_lagging_feed_leaves_unfilled_are_told():
    testbed = a_testbed_by_default()
    trade_for_minutes(testbed, show_binance_late)
    assert told(testbed)


# a venue that refuses one side of one coin


def refusing_testbed(error: VenueError, *, others_do_well: bool) -> EngineTestbed:
    """Return a testbed whose Binance refuses every purchase of the coin."""
    testbed = a_testbed_by_default()
    if others_do_well:
        testbed.health = BusyVenues(testbed.health)
        testbed._wire_engine()
    client = testbed.venues[Venue.BINANCE]
    place = client.place

    def refuse(order: Order) -> OrderReport:
        if order.side is Side.BUY:
            raise error
        return place(order)

    client.place = refuse
    return testbed


@pytest.mark.parametrize(
    "others_do_well",
    [
        pytest.param(True, id="others do well"),
        pytest.param(False, id="no others"),
    ],
)
@pytest.mark.parametrize("why", list(REFUSALS))
def test_a_coin_that_a_venue_refuses_is_not_opened_again_and_again(why: str, others_do_well: bool):
    testbed = refusing_testbed(REFUSALS[why], others_do_well=others_do_well)
    before = worth_krw(testbed)
    trade_for_minutes(testbed, lambda testbed: testbed.premium(60))
    lost_krw = before - worth_krw(testbed)
    assert lost_krw <= LOST_KRW_MAX


@pytest.mark.parametrize("why", list(REFUSALS))
def test_a_coin_that_a_venue_refuses_is_told(why: str):
    testbed = refusing_testbed(REFUSALS[why], others_do_well=True)
    trade_for_minutes(testbed, lambda testbed: testbed.premium(60))
    assert told(testbed)
