"""Ledger against venues: drifts are named, movement is no drift, other people's orders are theirs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Retryable
from arb.domain.health.alert import Severity
from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.risk.review import Mode
from arb.domain.trading.external import ExternalState, ListedOrder
from arb.domain.trading.order import OrderState
from tests.engine.testbed import SESSION, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def trade_once(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    while testbed.pending:
        testbed.run_one()


def foreign(client_id: str = "web_1", executed: str = "0", venue_order_id: str = "77") -> ListedOrder:
    return ListedOrder(
        venue=Venue.BINANCE,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId(venue_order_id),
        side=Side.SELL,
        status=OrderState.ACCEPTED,
        executed=Decimal(executed),
    )


def alarms(testbed: EngineTestbed) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for _, alert in testbed.tables.alerts]


def test_everything_in_order_is_explained(testbed):
    trade_once(testbed)
    found = testbed.reconcile.run()
    assert found.explained
    assert found.lines() == ()
    assert alarms(testbed) == []


@pytest.mark.parametrize("fee_paid_in", [None, ("BNB", Decimal("0.000123")), ("BTC", Decimal("0.00000007"))])
@pytest.mark.parametrize("premium", [60, -60])
def test_fees_in_base_quote_or_a_third_asset_cause_no_drift(testbed, fee_paid_in, premium):
    testbed.venues[Venue.BINANCE].fee_paid_in = fee_paid_in
    testbed.venues[Venue.UPBIT].fee_paid_in = fee_paid_in and ("KRW", Decimal("12.5"))
    testbed.premium(premium)
    assert testbed.evaluate_now() == 1
    testbed.quiesce()
    assert testbed.reconcile.run().explained
    assert not testbed.drifts()
    if fee_paid_in is not None:
        fees = testbed.tables.balances[SESSION]["fees:binance", fee_paid_in[0]]
        assert fees % fee_paid_in[1] == 0
        assert fees > 0


def test_money_that_somebody_moved_is_a_drift_of_that_amount(testbed):
    testbed.venues[Venue.UPBIT].held["KRW"] -= Decimal("123456.5")
    found = testbed.reconcile.run()
    (drift,) = found.drifts
    assert (drift.venue, drift.asset, drift.difference) == (Venue.UPBIT, "KRW", Decimal("-123456.5"))
    assert "a transfer" in str(drift)
    assert not found.explained
    assert alarms(testbed) == [("ledger_drift", "upbit:KRW")]


def test_a_fill_that_the_ledger_does_not_have_is_named(testbed):
    trade_once(testbed)
    testbed.clock.advance_ms(5_000)
    testbed.venues[Venue.BINANCE].held["BTC"] -= Decimal("0.25")
    testbed.venues[Venue.BINANCE].ended = [replace(foreign(executed="0.25"), status=OrderState.FILLED)]
    found = testbed.reconcile.run()
    (drift,) = found.drifts
    assert drift.difference == Decimal("-0.25")
    assert drift.sources == (
        "binance sell order 77 (web_1) of BTC/USDT is not ours: 0.25 executed, 0 in the ledger",
    )


def test_an_order_of_ours_that_the_ledger_has_less_of_is_named(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REPLY_LOST)
    trade_once_partly(testbed)
    (unknown,) = [
        row.order for row in testbed.tables.orders.values() if row.order.state is OrderState.UNKNOWN
    ]
    testbed.trades.absent(unknown.client_order_id, "wrongly concluded", testbed.clock.now_ns())
    testbed.clock.advance_ms(5_000)
    found = testbed.reconcile.run()
    assert {drift.asset for drift in found.drifts} == {"BTC", "USDT"}
    assert all(unknown.client_order_id in str(drift) and "is ours" in str(drift) for drift in found.drifts)


def trade_once_partly(testbed: EngineTestbed) -> None:
    """Send both legs, and let nobody look after them."""
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.run_one()
    testbed.run_one()
    testbed.pending.clear()


def test_accepting_books_the_difference_once_and_says_why(testbed):
    testbed.venues[Venue.UPBIT].held["KRW"] += Decimal(1_000)
    found = testbed.reconcile.run()
    testbed.reconcile.accept(found, "deposit")
    testbed.reconcile.accept(found, "deposit")
    assert testbed.reconcile.run().explained
    assert not testbed.drifts()
    assert testbed.tables.balances[SESSION]["external", "KRW"] == Decimal(-1_000)
    told = [alert for _, alert in testbed.tables.alerts if alert.kind == "ledger_adjusted"]
    assert [(alert.severity, "deposit" in alert.message) for alert in told] == [(Severity.INFO, True)]


def test_an_order_in_flight_is_no_drift(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REPLY_LOST)
    trade_once_partly(testbed)
    found = testbed.reconcile.run()
    assert not found.drifts
    assert set(found.undecided) == {(Venue.BINANCE, "BTC"), (Venue.BINANCE, "USDT")}
    assert not found.explained
    for _ in range(5):  # however often: the order is the same one
        testbed.clock.advance_ms(30_000)
        assert not testbed.reconcile.run().drifts
    assert alarms(testbed) == []


def test_only_what_an_order_in_flight_can_have_moved_is_bearable(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REPLY_LOST)
    trade_once_partly(testbed)
    assert testbed.reconcile.run().bearable
    testbed.venues[Venue.BINANCE].held["BTC"] -= 50
    found = testbed.reconcile.run()
    assert not found.drifts
    assert not found.bearable


def test_what_no_order_touches_is_judged_while_others_move(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REPLY_LOST)
    trade_once_partly(testbed)
    testbed.clock.advance_ms(5_000)
    testbed.venues[Venue.UPBIT].held["KRW"] += 1
    found = testbed.reconcile.run()
    assert [(drift.venue, drift.asset) for drift in found.drifts] == [(Venue.UPBIT, "KRW")]
    assert not found.conclusive


def run_busy(testbed: EngineTestbed):
    """Reconcile while an intent works all along, another one each time."""
    testbed.premium(60)
    testbed.evaluate_now()
    found = testbed.reconcile.run()
    testbed.clock.advance_ms(4_000)
    while testbed.pending:
        testbed.run_one(0)  # past their lifetime: they end unsent
    return found


def test_a_busy_engine_without_drift_is_conclusive(testbed):
    for _ in range(4):
        found = run_busy(testbed)
        assert found.conclusive
        assert not found.drifts


def test_a_drift_is_found_on_a_busy_engine_by_staying_the_same(testbed):
    testbed.venues[Venue.UPBIT].held["KRW"] -= 7
    verdicts = []
    for _ in range(4):
        verdicts.append([(drift.asset, drift.difference) for drift in run_busy(testbed).drifts])
        testbed.clock.advance_ms(1)
    assert [("KRW", Decimal(-7))] in verdicts


def test_an_order_that_is_not_ours_is_adopted_reported_once_and_never_cancelled(testbed):
    testbed.venues[Venue.BINANCE].listed = [foreign()]
    for _ in range(3):
        found = testbed.reconcile.run()
        assert found.explained
        assert found.foreign == (foreign(),)
        testbed.clock.advance_ms(400_000)
    assert alarms(testbed) == [("external_order", "binance:web_1")]
    assert testbed.venues[Venue.BINANCE].listed == [foreign()]
    testbed.venues[Venue.BINANCE].listed = []
    testbed.reconcile.run()
    assert [order.state for order in testbed.external.known(SESSION, Venue.BINANCE)] == [ExternalState.GONE]


def test_an_order_under_our_id_without_an_intent_halts(testbed):
    order = foreign(client_order_id(trade_id(5, 5), Venue.BINANCE, 1))
    testbed.venues[Venue.BINANCE].listed = [order]
    found = testbed.reconcile.run()
    assert found.without_intent == (order,)
    assert not found.explained
    session = testbed.sessions.get(SESSION)
    assert session.mode is Mode.HALTED
    assert session.mode_reason.startswith("order_without_intent")
    assert testbed.venues[Venue.BINANCE].listed == [order]
    assert [alert.severity for _, alert in testbed.tables.alerts] == [Severity.CRITICAL]


def test_an_order_of_ours_that_is_open_is_nothing_to_report(testbed):
    trade_once_partly(testbed)
    (known,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]
    testbed.venues[Venue.BINANCE].listed = [foreign(known.client_order_id)]
    found = testbed.reconcile.run()
    assert not found.without_intent
    assert not found.foreign


def test_a_venue_that_cannot_be_asked_proves_nothing(testbed, monkeypatch):
    def away():
        raise Retryable(Venue.UPBIT, "away")

    monkeypatch.setattr(testbed.venues[Venue.UPBIT], "balances", away)
    found = testbed.reconcile.run()
    assert not found.conclusive
    assert not found.drifts
