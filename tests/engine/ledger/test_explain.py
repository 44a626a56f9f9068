"""Which orders at the venue a drift may come from."""

from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Rejected
from arb.domain.ledger.reconcile import Drift
from arb.domain.market.ids import ClientOrderId, Coin, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import OrderState
from arb.engine.ledger.explain import LOOK_BACK_NS, NO_ORDER, SOURCES_MAX
from tests.engine.testbed import BTC, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def drift(asset: str, venue: Venue = Venue.BINANCE) -> Drift:
    return Drift(venue=venue, asset=asset, ledger=Decimal(1), balance=Decimal(2))


def listed(client_id: str = "web_1", executed: str = "0.25", symbol: str = "BTC/USDT") -> ListedOrder:
    return ListedOrder(
        venue=Venue.BINANCE,
        symbol=Symbol(symbol),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId("77"),
        side=Side.SELL,
        status=OrderState.FILLED,
        executed=Decimal(executed),
    )


def explained(testbed: EngineTestbed, *orders: ListedOrder, asset: str = "BTC") -> tuple[str, ...]:
    testbed.venues[Venue.BINANCE].ended = list(orders)
    return testbed.reconcile.explain.run(drift(asset))


def asked(testbed: EngineTestbed, asset: str, venue: Venue = Venue.BINANCE) -> list[str]:
    """Return the markets whose orders are looked at for a drift of this asset."""
    looked = []

    def recent_orders(symbol, since_ns):
        looked.append((symbol, testbed.clock.now_ns() - since_ns))
        return ()

    testbed.venues[venue].recent_orders = recent_orders
    replace(testbed.reconcile.explain, coins=(BTC, Coin("ETH"))).run(drift(asset, venue))
    assert all(back_ns == LOOK_BACK_NS for _, back_ns in looked)
    return [symbol for symbol, _ in looked]


def trade_once(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    while testbed.pending:
        testbed.run_one()


def test_a_drift_that_no_order_explains_is_said_to_be_something_else(testbed):
    assert explained(testbed) == (NO_ORDER,)


def test_an_order_of_somebody_else_is_named_with_what_it_executed(testbed):
    assert explained(testbed, listed()) == (
        "binance sell order 77 (web_1) of BTC/USDT is not ours: 0.25 executed, 0 in the ledger",
    )


def test_an_order_that_executed_nothing_moved_nothing(testbed):
    assert explained(testbed, listed(executed="0")) == (NO_ORDER,)


def test_orders_of_ours_whose_fills_are_all_booked_explain_nothing(testbed):
    trade_once(testbed)
    assert explained(testbed) == (NO_ORDER,)


def test_an_order_of_ours_that_the_venue_executed_more_of_is_named(testbed):
    trade_once(testbed)
    (known,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]
    report = testbed.venues[Venue.BINANCE].placed[known.client_order_id][0]
    more = replace(report.fills[0], fill_id="more", quantity=Decimal("0.5"))
    testbed.venues[Venue.BINANCE].placed[known.client_order_id] = [
        replace(report, fills=(*report.fills, more))
    ]
    (line,) = explained(testbed)
    assert "is ours" in line
    assert line.endswith(f"{known.quantity + Decimal('0.5'):f} executed, {known.quantity:f} in the ledger")


def test_an_order_under_our_id_without_a_row_is_told_from_both(testbed):
    order_id = client_order_id(trade_id(5, 5), Venue.BINANCE, 1)
    (line,) = explained(testbed, listed(order_id))
    assert "has no intent here" in line


def test_no_more_orders_are_named_than_an_alarm_can_hold(testbed):
    assert len(explained(testbed, *[listed(f"web_{n}") for n in range(SOURCES_MAX + 3)])) == SOURCES_MAX


def test_of_a_coin_only_its_own_market_is_looked_at(testbed):
    assert asked(testbed, "ETH") == ["ETH/USDT"]


@pytest.mark.parametrize(
    ("venue", "currency", "symbols"),
    [
        (Venue.BINANCE, "USDT", ["BTC/USDT", "ETH/USDT"]),
        (Venue.UPBIT, "KRW", ["BTC/KRW", "ETH/KRW"]),
    ],
)
def test_of_a_currency_every_market_is_looked_at(testbed, venue, currency, symbols):
    assert asked(testbed, currency, venue) == symbols


def test_of_a_third_asset_its_own_market_is_looked_at_beside_all_whose_fees_it_may_have_paid(testbed):
    assert asked(testbed, "BNB") == ["BNB/USDT", "BTC/USDT", "ETH/USDT"]


def test_a_market_that_a_venue_does_not_have_leaves_the_others_looked_at(testbed):
    recent_orders = testbed.venues[Venue.BINANCE].recent_orders

    def some(symbol, since_ns):
        if symbol == "BNB/USDT":
            raise Rejected(Venue.BINANCE, "no such market", "-1121")
        return recent_orders(symbol, since_ns)

    testbed.venues[Venue.BINANCE].recent_orders = some
    (line,) = explained(testbed, listed(), asset="BNB")
    assert "web_1" in line


def test_what_memory_allows_at_once_changes_nothing_of_what_is_found(testbed):
    class OneAtATime:
        def items(self, _item_bytes, _at_most):
            return nullcontext(1)

    orders = [listed(f"web_{n}") for n in range(3)]
    narrow = replace(testbed.reconcile.explain, budget=OneAtATime())
    whole = explained(testbed, *orders)
    assert narrow.run(drift("BTC")) == whole
    assert len(whole) == 3
