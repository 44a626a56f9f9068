"""The baseline sends again under a new id, and what that did is counted from the venues' record."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.chaos.orders.naive import ATTEMPTS_MAX, Naive
from arb.chaos.orders.naive_outcome import NaiveOutcome, naive_outcome
from arb.chaos.orders.prices import BestPrices
from arb.check.history import VenueHistory
from arb.domain.errors import OutcomeUnknown
from arb.domain.market.ids import Venue, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order
from tests.check.histories import BTC, PRICES, RULES, venue_fill
from tests.check.histories import order as filled
from tests.domain.markets import PAIR

TRADE = trade_id(1, 1)


class Accepting:
    """Executes every order; the first `lost` replies do not come."""

    def __init__(self, venue: Venue, lost: int = 0) -> None:
        self.venue, self.lost = venue, lost
        self.placed: list[Order] = []

    def place(self, order: Order) -> None:
        self.placed.append(order)
        if len(self.placed) <= self.lost:
            raise OutcomeUnknown(self.venue, "reply lost")


@pytest.fixture
def legs() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def naive(legs: ThreadPoolExecutor, upbit_lost: int = 0) -> Naive:
    best = {(venue, BTC): {Side.BUY: PRICES[venue], Side.SELL: PRICES[venue]} for venue in PAIR.venues}
    prices = BestPrices(
        base_urls=dict.fromkeys(PAIR.venues, ""),
        coins=(BTC,),
        instruments=RULES,
        notional_usdt=Decimal(10_000),
        best=best,
    )
    venues = {Venue.UPBIT: Accepting(Venue.UPBIT, upbit_lost), Venue.BINANCE: Accepting(Venue.BINANCE)}
    return Naive(venues=venues, instruments=RULES, prices=prices, legs=legs, clock=ManualClock())


def truth(policy: Naive) -> VenueHistory:
    orders = [order for client in policy.venues.values() for order in client.placed]
    fills = []
    for number, order in enumerate(orders):
        fill = replace(filled(1, order.venue, 1, order.quantity, number).fills[0], fill_id=str(number))
        fills.append(venue_fill(order, fill))
    return VenueHistory(orders=tuple(orders), fills=tuple(fills))


def judged(policy: Naive) -> NaiveOutcome:
    return naive_outcome(
        1,
        policy.sent,
        truth(policy),
        policy.prices.quantities,
        unknowns=policy.unknowns,
        faults={},
        duration_s=1.0,
    )


def test_without_faults_every_leg_is_sent_once(legs):
    policy = naive(legs)
    policy.trade(TRADE, BTC, Side.SELL)
    found = judged(policy)
    assert (found.trades, found.legs, found.venue_orders, found.duplicates) == (1, 4, 4, 0)
    assert found.as_json()["verdict"] is True


def test_a_lost_reply_is_sent_again_under_a_new_id_and_executes_twice(legs):
    policy = naive(legs, upbit_lost=2)
    policy.trade(TRADE, BTC, Side.SELL)
    names = [order.client_order_id for order in policy.venues[Venue.UPBIT].placed]
    assert len(names) == len(set(names)) == 4
    found = judged(policy)
    assert (found.unknowns, found.duplicates, found.trades_doubled) == (2, 2, 1)
    assert found.excess_usdt == 2 * policy.prices.quantities[BTC] * PRICES[Venue.BINANCE]
    assert found.as_json()["verdict"] is False


def test_it_gives_up_in_the_end(legs):
    policy = naive(legs, upbit_lost=100)
    policy.trade(TRADE, BTC, Side.BUY)
    assert len(policy.venues[Venue.UPBIT].placed) == 2 * ATTEMPTS_MAX
