"""A leg that was escalated is repaired again only while the books say that nobody has closed it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Conflict, Retryable
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.trading.lone_leg import BY_HAND, TOUCHED
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.ledger.reconcile import Reconciled
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed, Killed, Tripwire
from tests.engine.trading.test_settle import leave_leg_alone

MINUTE_MS = 60_000


@pytest.fixture
def testbed() -> EngineTestbed:
    """A leg of Binance was escalated, and both venues answer again."""
    testbed = EngineTestbed()
    leave_leg_alone(testbed)
    escalate(testbed)
    return testbed


def escalate(testbed: EngineTestbed) -> None:
    """Have nobody take a repair until the leg is escalated."""
    for _ in range(200):
        if testbed.trades.alone(SESSION) and testbed.trades.alone(SESSION)[0].is_waiting:
            break
        for venue in testbed.venues.values():
            venue.troubles.extend([Trouble.UNFILLED] * 3)
        work(testbed)
        testbed.pass_time(1_000)
    else:
        raise AssertionError("was never escalated")
    for venue in testbed.venues.values():
        venue.troubles.clear()
    testbed.pass_time(3_000)


def work(testbed: EngineTestbed) -> None:
    testbed.premium(0)
    testbed.sweep.run()
    testbed.collect()
    for _ in range(len(testbed.pending)):
        if testbed.pending[0][0] <= testbed.clock.now_ns():
            testbed.run_one()
        else:
            testbed.pending.append(testbed.pending.pop(0))


def one(testbed: EngineTestbed) -> Trade:
    (trade,) = testbed.tables.trades.values()
    return trade


def imbalance(testbed: EngineTestbed) -> Decimal:
    return trade_position(testbed.trades.view(one(testbed).trade_id).orders).imbalance


def by_itself(testbed: EngineTestbed) -> tuple[Trade, ...]:
    return testbed.take_up.run(testbed.reconcile.run(looks=1))


def by_hand(testbed: EngineTestbed) -> str | None:
    return testbed.take_up.adopt(one(testbed).trade_id, testbed.reconcile.run(looks=1))


def come_to_rest(testbed: EngineTestbed) -> None:
    for _ in range(40):
        work(testbed)
        testbed.pass_time(500)


def test_a_leg_is_taken_up_by_itself_after_a_minute_and_evened_out(testbed):
    assert by_itself(testbed) == ()
    testbed.pass_time(MINUTE_MS)
    assert [trade.state for trade in by_itself(testbed)] == [TradeState.REPAIRING]
    come_to_rest(testbed)
    assert one(testbed).state is TradeState.CLOSED
    assert imbalance(testbed) == 0
    assert testbed.sessions.get(SESSION).mode_reason == reason_text(Cause.NO_LEG_ALONE)
    assert not testbed.drifts()


def test_the_operator_need_not_wait(testbed):
    assert by_hand(testbed) is None
    assert by_hand(testbed) is None  # twice is once
    come_to_rest(testbed)
    assert one(testbed).state is TradeState.CLOSED
    assert by_hand(testbed) == "it is closed and was not escalated"
    assert testbed.take_up.adopt("nobody", Reconciled()) == "there is no such trade in this session"


def test_the_session_stays_reduced_until_the_leg_is_gone(testbed):
    by_hand(testbed)
    testbed.lone_legs.run()
    assert testbed.sessions.get(SESSION).mode_reason == reason_text(Cause.LEG_ALONE)


def test_each_failure_hands_it_over_again_and_the_pause_grows(testbed):
    for pause_ms in (MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS):
        for _ in range(10):
            testbed.sweep.run()
            testbed.pass_time(2_000)
        assert testbed.trades.untold(SESSION, testbed.clock.now_ns()) == ()
        waited_ms = (testbed.clock.now_ns() - one(testbed).closed_at_ns) // 1_000_000
        testbed.pass_time(pause_ms - waited_ms - 1)
        assert by_itself(testbed) == ()
        testbed.pass_time(1)
        assert len(by_itself(testbed)) == 1
        escalate(testbed)
        assert one(testbed).state is TradeState.ESCALATED
        assert one(testbed).residual == imbalance(testbed) != 0


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_cannot_be_asked_proves_nothing(testbed, venue, monkeypatch):
    def away():
        raise Retryable(venue, "no answer")

    testbed.pass_time(MINUTE_MS)
    monkeypatch.setattr(testbed.venues[venue], "balances", away)
    assert by_itself(testbed) == ()
    assert "could not be asked" in by_hand(testbed)
    monkeypatch.undo()
    assert len(by_itself(testbed)) == 1


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("amount", ["-0.00999", "0.5", "-0.004"])
def test_a_balance_of_the_coin_that_differs_leaves_the_leg_alone(testbed, venue, amount):
    testbed.pass_time(MINUTE_MS)
    testbed.venues[venue].held["BTC"] += Decimal(amount)
    assert by_itself(testbed) == ()
    assert "reconcile --accept" in by_hand(testbed)


@pytest.mark.parametrize("halted", ["mode", "kill"])
def test_nothing_is_taken_up_by_itself_while_trading_is_halted(testbed, halted):
    testbed.pass_time(MINUTE_MS)
    if halted == "mode":
        testbed.sessions.set_mode(SESSION, Mode.HALTED, "by hand", testbed.clock.now_ns())
    else:
        testbed.switch.engage("test", testbed.clock.now_ns())
    assert by_itself(testbed) == ()
    assert by_hand(testbed) is None


def test_who_dies_after_the_row_leaves_the_rest_to_the_sweep(testbed):
    testbed.pass_time(MINUTE_MS)

    class Dies:
        def send(self, *_args, **_options):
            raise Killed

    found = testbed.reconcile.run(looks=1)
    with pytest.raises(Killed):
        replace(testbed.take_up, dispatcher=Dies()).run(found)
    assert one(testbed).state is TradeState.REPAIRING
    come_to_rest(testbed)
    assert one(testbed).state is TradeState.CLOSED
    assert imbalance(testbed) == 0


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("after", [False, True])
def test_wherever_its_repair_dies_the_leg_is_evened_out_once(testbed, calls, after):
    testbed.pass_time(MINUTE_MS)
    by_itself(testbed)
    testbed.collect()
    testbed.premium(0)
    testbed.run_one(trip=Tripwire(calls_left=calls, after=after))
    testbed.quiesce()
    assert imbalance(testbed) == 0
    assert not testbed.drifts()


def test_two_who_take_it_up_at_once_do_so_once(testbed):
    testbed.pass_time(MINUTE_MS)
    found = testbed.reconcile.run(looks=1)

    class Late:
        """Reads before the other one writes."""

        def __init__(self):
            self.seen = testbed.trades.alone(SESSION)

        def alone(self, _session_id):
            return self.seen

        def __getattr__(self, name):
            return getattr(testbed.trades, name)

    late = replace(testbed.take_up, trades=Late())
    assert len(testbed.take_up.run(found)) == 1
    assert late.run(found) == ()
    assert testbed.tables.take_ups == {one(testbed).trade_id: 1}


# closed by hand


def sell(testbed: EngineTestbed, venue: Venue, share: str = "1", fee: str = "0") -> None:
    """Have somebody close that share of the leg at a venue, outside of the engine."""
    residual = one(testbed).residual * Decimal(share)
    testbed.venues[venue].held["BTC"] -= residual * (1 - Decimal(fee))
    currency, price = ("KRW", 140_000_000) if venue is Venue.UPBIT else ("USDT", 100_000)
    testbed.venues[venue].held[currency] += residual * price


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("fee", ["0", "0.001"])
def test_a_leg_that_was_closed_by_hand_is_offered_and_ends_when_that_is_accepted(testbed, venue, fee):
    sell(testbed, venue, fee=fee)
    testbed.pass_time(3_000)
    found = testbed.reconcile.run(looks=1)
    assert any(f"trade {one(testbed).trade_id} was escalated" in line for line in found.lines())
    residual = one(testbed).residual
    testbed.reconcile.accept(found, "sold it")
    assert (one(testbed).state, one(testbed).reason, one(testbed).residual) == (
        TradeState.CLOSED,
        BY_HAND,
        residual,
    )
    assert testbed.reconcile.run(looks=1).explained
    assert testbed.trades.alone(SESSION) == ()
    testbed.lone_legs.run()
    assert testbed.sessions.get(SESSION).mode is Mode.NORMAL


def test_a_leg_that_was_closed_in_part_is_no_longer_taken_up_by_itself(testbed):
    sell(testbed, Venue.BINANCE, "0.5")
    testbed.pass_time(3_000)
    testbed.reconcile.accept(testbed.reconcile.run(looks=1), "half of it")
    assert (one(testbed).state, one(testbed).reason) == (TradeState.ESCALATED, TOUCHED)
    testbed.pass_time(100 * MINUTE_MS)
    assert by_itself(testbed) == ()


def test_money_that_is_no_coin_of_a_leg_changes_none(testbed):
    testbed.venues[Venue.BINANCE].held["USDT"] += 5
    testbed.pass_time(3_000)
    before = one(testbed)
    testbed.reconcile.accept(testbed.reconcile.run(looks=1), "a deposit")
    assert one(testbed) == before


def test_who_dies_between_the_trade_and_the_ledger_accepts_again(testbed):
    sell(testbed, Venue.BINANCE)
    testbed.pass_time(3_000)
    found = testbed.reconcile.run(looks=1)

    class Dies:
        def book_entry(self, *_args):
            raise Killed

        def __getattr__(self, name):
            return getattr(testbed.trades, name)

    with pytest.raises(Killed):
        replace(testbed.reconcile, trades=Dies()).accept(found, "sold it")
    assert one(testbed).reason == BY_HAND
    again = testbed.reconcile.run(looks=1)
    assert not again.explained
    testbed.reconcile.accept(again, "sold it")
    assert testbed.reconcile.run(looks=1).explained


def test_a_leg_that_is_taken_up_while_its_closing_is_accepted_keeps_the_drift(testbed):
    sell(testbed, Venue.BINANCE)
    testbed.pass_time(3_000)
    found = testbed.reconcile.run(looks=1)

    class Raced:
        def add_orders(self, trade, orders):
            raise Conflict("taken up")

        def __getattr__(self, name):
            return getattr(testbed.trades, name)

    replace(testbed.reconcile, trades=Raced()).accept(found, "sold it")
    assert any(drift.asset == "BTC" for drift in testbed.reconcile.run(looks=1).drifts)
