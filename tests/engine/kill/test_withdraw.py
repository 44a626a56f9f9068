"""Taking our orders back from the venues, without any database."""

from decimal import Decimal

import pytest

from arb.domain.errors import RateLimited, Rejected, Retryable
from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import OrderState
from arb.engine.kill.withdraw import OpenNow, Withdraw
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed


def listed(client_id: str, venue: Venue = Venue.BINANCE) -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId("77"),
        side=Side.BUY,
        status=OrderState.ACCEPTED,
        executed=Decimal(0),
    )


def ours(number: int = 1, venue: Venue = Venue.BINANCE) -> ListedOrder:
    return listed(client_order_id(trade_id(1, number), venue, 1), venue)


class World:
    def __init__(self) -> None:
        self.venues = EngineTestbed().venues
        self.withdraw = Withdraw(venues=self.venues)

    def put(self, *orders: ListedOrder) -> None:
        for venue, client in self.venues.items():
            client.listed = [order for order in orders if order.venue is venue]

    def away(self, venue: Venue) -> None:
        def open_orders():
            raise Retryable(venue, "away")

        self.venues[venue].open_orders = open_orders


@pytest.fixture
def world() -> World:
    return World()


def test_with_nothing_open_there_is_nothing_of_ours(world):
    assert world.withdraw.step() == OpenNow()
    assert OpenNow().none_of_ours


def test_ours_is_cancelled_at_every_venue_and_gone_at_the_next_look(world):
    world.put(ours(), ours(venue=Venue.UPBIT))
    assert not world.withdraw.step().none_of_ours
    assert world.withdraw.step().none_of_ours


def test_what_was_cancelled_is_remembered_once_however_often_it_is_seen(world):
    client = world.venues[Venue.BINANCE]
    world.put(ours())
    client.cancel = lambda _order: None  # it takes a while
    for _ in range(3):
        world.withdraw.step()
    assert world.withdraw.cancelled == {ours().client_order_id: ours()}


def test_what_is_somebody_elses_stays_and_is_reported(world):
    world.put(listed("web_1"), ours())
    assert world.withdraw.step().foreign == (listed("web_1"),)
    assert world.venues[Venue.BINANCE].listed == [listed("web_1")]
    assert listed("web_1").client_order_id not in world.withdraw.cancelled


def test_somebody_elses_order_is_nothing_that_a_kill_waits_for(world):
    world.put(listed("web_1"))
    assert world.withdraw.step().none_of_ours


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_cannot_be_asked_is_a_problem_and_the_other_is_withdrawn_from(world, venue):
    other = next(each for each in PAIR.venues if each is not venue)
    world.put(ours(venue=other))
    world.away(venue)
    found = world.withdraw.step()
    assert found.problems == (f"{venue}: away",)
    assert world.venues[other].listed == []


def test_as_long_as_a_venue_cannot_be_asked_nobody_knows_that_nothing_is_open(world):
    world.away(Venue.UPBIT)
    assert not world.withdraw.step().none_of_ours


def test_a_cancel_that_fails_is_a_problem_and_its_order_still_ours(world):
    def cancel(_order):
        raise Rejected(Venue.BINANCE, "not now")

    world.put(ours())
    world.venues[Venue.BINANCE].cancel = cancel
    found = world.withdraw.step()
    assert (found.ours, found.problems) == ((ours(),), ("binance: not now",))
    assert world.withdraw.cancelled == {}


def test_an_order_that_a_venue_will_not_cancel_does_not_keep_the_others_open(world):
    client = world.venues[Venue.BINANCE]
    cancel = client.cancel

    def refuse_the_first(order):
        if order.client_order_id == ours(1).client_order_id:
            raise Rejected(Venue.BINANCE, "not this one")
        cancel(order)

    client.cancel = refuse_the_first
    world.put(ours(1), ours(2))
    for _ in range(3):
        world.withdraw.step()
    assert client.listed == [ours(1)]


@pytest.mark.parametrize("error", [Rejected(Venue.BINANCE, "not this one"), Retryable(Venue.BINANCE, "502")])
def test_each_that_will_not_be_cancelled_is_a_problem_of_its_own(world, error):
    def cancel(order):
        raise error

    world.venues[Venue.BINANCE].cancel = cancel
    world.put(ours(1), ours(2), ours(venue=Venue.UPBIT))
    assert world.withdraw.step().problems == (str(error), str(error))
    assert world.venues[Venue.UPBIT].listed == []


def test_a_venue_that_asks_for_a_pause_is_left_alone_until_the_next_look(world):
    asked = []

    def cancel(order):
        asked.append(order.client_order_id)
        raise RateLimited(Venue.BINANCE, 3_000)

    world.venues[Venue.BINANCE].cancel = cancel
    world.put(ours(1), ours(2), ours(venue=Venue.UPBIT))
    found = world.withdraw.step()
    assert asked == [ours(1).client_order_id]
    assert len(found.problems) == 1
    assert world.venues[Venue.UPBIT].listed == []
