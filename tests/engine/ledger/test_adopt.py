"""Open orders at the venues against our rows: what is somebody else's stays theirs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Retryable
from arb.domain.health.alert import Severity
from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.risk.review import Mode
from arb.domain.trading.external import ExternalState, ListedOrder
from arb.domain.trading.order import OrderState
from arb.engine.ledger.adopt import Adopt
from tests.engine.testbed import SESSION, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


@pytest.fixture
def adopt(testbed) -> Adopt:
    return testbed.reconcile.adopt


def listed(client_id: str = "web_1", number: int = 77, venue: Venue = Venue.BINANCE) -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId(str(number)),
        side=Side.SELL,
        status=OrderState.ACCEPTED,
        executed=Decimal(0),
    )


def ours(number: int = 1) -> ListedOrder:
    """Return an order under an id of ours that has no row."""
    return listed(client_order_id(trade_id(5, number), Venue.BINANCE, 1), number)


def open_at(testbed: EngineTestbed, *orders: ListedOrder, venue: Venue = Venue.BINANCE) -> None:
    testbed.venues[venue].listed = list(orders)


def alarms(testbed: EngineTestbed) -> list[tuple[str, str, Severity]]:
    return [(alert.kind, alert.subject, alert.severity) for _, alert in testbed.tables.alerts]


def test_nothing_open_is_nothing_to_tell(testbed, adopt):
    found = adopt.run()
    assert (found.foreign, found.without_intent, found.complete) == ((), (), True)
    assert alarms(testbed) == []


def test_each_order_of_somebody_else_is_told_once(testbed, adopt):
    open_at(testbed, listed("web_1", 1))
    adopt.run()
    open_at(testbed, listed("web_1", 1), listed("web_2", 2))
    assert len(adopt.run().foreign) == 2
    assert [subject for _, subject, _ in alarms(testbed)] == ["binance:web_1", "binance:web_2"]


def test_an_order_that_nobody_named_is_told_by_the_venues_id(testbed, adopt):
    open_at(testbed, listed(""))
    adopt.run()
    assert alarms(testbed) == [("external_order", "binance:77", Severity.WARNING)]


def test_what_is_no_longer_open_is_gone(testbed, adopt):
    open_at(testbed, listed("web_1", 1), listed("web_2", 2))
    adopt.run()
    open_at(testbed, listed("web_2", 2))
    adopt.run()
    states = {order.client_id: order.state for order in testbed.external.known(SESSION, Venue.BINANCE)}
    assert states == {"web_1": ExternalState.GONE, "web_2": ExternalState.OPEN}


def test_an_order_of_somebody_else_halts_nothing_and_stays(testbed, adopt):
    open_at(testbed, listed())
    adopt.run()
    assert testbed.sessions.get(SESSION).mode is Mode.NORMAL
    assert testbed.venues[Venue.BINANCE].listed == [listed()]


def test_an_id_of_the_other_venue_is_somebody_elses_here(testbed, adopt):
    open_at(testbed, replace(ours(), venue=Venue.UPBIT), venue=Venue.UPBIT)
    found = adopt.run()
    assert (len(found.foreign), found.without_intent) == (1, ())


def test_every_order_of_ours_without_an_intent_is_told_and_the_first_is_the_reason(testbed, adopt):
    open_at(testbed, ours(1), ours(2))
    assert len(adopt.run().without_intent) == 2
    assert {(kind, severity) for kind, _, severity in alarms(testbed)} == {
        ("order_without_intent", Severity.CRITICAL)
    }
    assert len(alarms(testbed)) == 2
    session = testbed.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, f"order_without_intent: {ours(1)}")


def test_an_order_of_ours_that_is_known_is_in_order(testbed, adopt):
    testbed.premium(60)
    testbed.evaluate_now()
    (known,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]
    open_at(testbed, listed(known.client_order_id))
    found = adopt.run()
    assert (found.foreign, found.without_intent) == ((), ())


def test_a_venue_that_cannot_be_asked_leaves_the_others_looked_at(testbed, adopt):
    def away():
        raise Retryable(Venue.UPBIT, "away")

    testbed.venues[Venue.UPBIT].open_orders = away
    open_at(testbed, listed())
    found = adopt.run()
    assert not found.complete
    assert found.foreign == (listed(),)


def test_a_venue_that_cannot_be_asked_makes_nothing_gone(testbed, adopt):
    def away():
        raise Retryable(Venue.BINANCE, "away")

    open_at(testbed, listed())
    adopt.run()
    testbed.venues[Venue.BINANCE].open_orders = away
    adopt.run()
    (known,) = testbed.external.known(SESSION, Venue.BINANCE)
    assert known.state is ExternalState.OPEN
