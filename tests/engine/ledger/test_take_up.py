"""A leg that was handed over is repaired again only while the books say that nobody has closed it."""

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
from tests.engine.town import SESSION, Killed, Town, Tripwire
from tests.engine.trading.test_settle import lonely

MINUTE_MS = 60_000


@pytest.fixture
def town() -> Town:
    """A leg of Binance was handed over, and both venues answer again."""
    town = Town()
    lonely(town)
    hand_over(town)
    return town


def hand_over(town: Town) -> None:
    """Have nobody take a repair until the leg is handed over."""
    for _ in range(200):
        if town.trades.alone(SESSION) and town.trades.alone(SESSION)[0].is_waiting:
            break
        for venue in town.venues.values():
            venue.troubles.extend([Trouble.UNFILLED] * 3)
        work(town)
        town.pass_time(1_000)
    else:
        raise AssertionError("was never handed over")
    for venue in town.venues.values():
        venue.troubles.clear()
    town.pass_time(3_000)


def work(town: Town) -> None:
    town.premium(0)
    town.sweep.run()
    town.collect()
    for _ in range(len(town.pending)):
        if town.pending[0][0] <= town.clock.now_ns():
            town.run_one()
        else:
            town.pending.append(town.pending.pop(0))


def one(town: Town) -> Trade:
    (trade,) = town.tables.trades.values()
    return trade


def imbalance(town: Town) -> Decimal:
    return trade_position(town.trades.view(one(town).trade_id).orders).imbalance


def by_itself(town: Town) -> tuple[Trade, ...]:
    return town.take_up.run(town.reconcile.run(looks=1))


def by_hand(town: Town) -> str | None:
    return town.take_up.adopt(one(town).trade_id, town.reconcile.run(looks=1))


def come_to_rest(town: Town) -> None:
    for _ in range(40):
        work(town)
        town.pass_time(500)


def test_a_leg_is_taken_up_by_itself_after_a_minute_and_evened_out(town):
    assert by_itself(town) == ()
    town.pass_time(MINUTE_MS)
    assert [trade.state for trade in by_itself(town)] == [TradeState.REPAIRING]
    come_to_rest(town)
    assert one(town).state is TradeState.CLOSED
    assert imbalance(town) == 0
    assert town.sessions.get(SESSION).mode_reason == reason_text(Cause.NO_LEG_ALONE)
    assert not town.drifts()


def test_the_operator_need_not_wait(town):
    assert by_hand(town) is None
    assert by_hand(town) is None  # twice is once
    come_to_rest(town)
    assert one(town).state is TradeState.CLOSED
    assert by_hand(town) == "it is closed and was not handed over"
    assert town.take_up.adopt("nobody", Reconciled()) == "there is no such trade in this session"


def test_the_session_stays_reduced_until_the_leg_is_gone(town):
    by_hand(town)
    town.lone_legs.run()
    assert town.sessions.get(SESSION).mode_reason == reason_text(Cause.LEG_ALONE)


def test_each_failure_hands_it_over_again_and_the_pause_grows(town):
    for pause_ms in (MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS):
        for _ in range(10):
            town.sweep.run()
            town.pass_time(2_000)
        assert town.trades.untold(SESSION, town.clock.now_ns()) == ()
        waited_ms = (town.clock.now_ns() - one(town).closed_at_ns) // 1_000_000
        town.pass_time(pause_ms - waited_ms - 1)
        assert by_itself(town) == ()
        town.pass_time(1)
        assert len(by_itself(town)) == 1
        hand_over(town)
        assert one(town).state is TradeState.HANDED_OVER
        assert one(town).residual == imbalance(town) != 0


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_cannot_be_asked_proves_nothing(town, venue, monkeypatch):
    def away():
        raise Retryable(venue, "no answer")

    town.pass_time(MINUTE_MS)
    monkeypatch.setattr(town.venues[venue], "balances", away)
    assert by_itself(town) == ()
    assert "could not be asked" in by_hand(town)
    monkeypatch.undo()
    assert len(by_itself(town)) == 1


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("amount", ["-0.00999", "0.5", "-0.004"])
def test_a_balance_of_the_coin_that_differs_leaves_the_leg_alone(town, venue, amount):
    town.pass_time(MINUTE_MS)
    town.venues[venue].held["BTC"] += Decimal(amount)
    assert by_itself(town) == ()
    assert "reconcile --accept" in by_hand(town)


@pytest.mark.parametrize("halted", ["mode", "kill"])
def test_nothing_is_taken_up_by_itself_while_trading_is_halted(town, halted):
    town.pass_time(MINUTE_MS)
    if halted == "mode":
        town.sessions.set_mode(SESSION, Mode.HALTED, "by hand", town.clock.now_ns())
    else:
        town.switch.engage("test", town.clock.now_ns())
    assert by_itself(town) == ()
    assert by_hand(town) is None


def test_who_dies_after_the_row_leaves_the_rest_to_the_sweep(town):
    town.pass_time(MINUTE_MS)

    class Dies:
        def send(self, *_args, **_options):
            raise Killed

    found = town.reconcile.run(looks=1)
    with pytest.raises(Killed):
        replace(town.take_up, dispatcher=Dies()).run(found)
    assert one(town).state is TradeState.REPAIRING
    come_to_rest(town)
    assert one(town).state is TradeState.CLOSED
    assert imbalance(town) == 0


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("after", [False, True])
def test_wherever_its_repair_dies_the_leg_is_evened_out_once(town, calls, after):
    town.pass_time(MINUTE_MS)
    by_itself(town)
    town.collect()
    town.premium(0)
    town.run_one(trip=Tripwire(calls_left=calls, after=after))
    town.quiesce()
    assert imbalance(town) == 0
    assert not town.drifts()


def test_two_who_take_it_up_at_once_do_so_once(town):
    town.pass_time(MINUTE_MS)
    found = town.reconcile.run(looks=1)

    class Late:
        """Reads before the other one writes."""

        def __init__(self):
            self.seen = town.trades.alone(SESSION)

        def alone(self, _session_id):
            return self.seen

        def __getattr__(self, name):
            return getattr(town.trades, name)

    late = replace(town.take_up, trades=Late())
    assert len(town.take_up.run(found)) == 1
    assert late.run(found) == ()
    assert town.tables.take_ups == {one(town).trade_id: 1}


# closed by hand


def sell(town: Town, venue: Venue, share: str = "1", fee: str = "0") -> None:
    """Have somebody close that share of the leg at a venue, outside of the engine."""
    residual = one(town).residual * Decimal(share)
    town.venues[venue].held["BTC"] -= residual * (1 - Decimal(fee))
    currency, price = ("KRW", 140_000_000) if venue is Venue.UPBIT else ("USDT", 100_000)
    town.venues[venue].held[currency] += residual * price


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("fee", ["0", "0.001"])
def test_a_leg_that_was_closed_by_hand_is_offered_and_ends_when_that_is_accepted(town, venue, fee):
    sell(town, venue, fee=fee)
    town.pass_time(3_000)
    found = town.reconcile.run(looks=1)
    assert any(f"trade {one(town).trade_id} was handed over" in line for line in found.lines())
    residual = one(town).residual
    town.reconcile.accept(found, "sold it")
    assert (one(town).state, one(town).reason, one(town).residual) == (TradeState.CLOSED, BY_HAND, residual)
    assert town.reconcile.run(looks=1).explained
    assert town.trades.alone(SESSION) == ()
    town.lone_legs.run()
    assert town.sessions.get(SESSION).mode is Mode.NORMAL


def test_a_leg_that_was_closed_in_part_is_no_longer_taken_up_by_itself(town):
    sell(town, Venue.BINANCE, "0.5")
    town.pass_time(3_000)
    town.reconcile.accept(town.reconcile.run(looks=1), "half of it")
    assert (one(town).state, one(town).reason) == (TradeState.HANDED_OVER, TOUCHED)
    town.pass_time(100 * MINUTE_MS)
    assert by_itself(town) == ()


def test_money_that_is_no_coin_of_a_leg_changes_none(town):
    town.venues[Venue.BINANCE].held["USDT"] += 5
    town.pass_time(3_000)
    before = one(town)
    town.reconcile.accept(town.reconcile.run(looks=1), "a deposit")
    assert one(town) == before


def test_who_dies_between_the_trade_and_the_ledger_accepts_again(town):
    sell(town, Venue.BINANCE)
    town.pass_time(3_000)
    found = town.reconcile.run(looks=1)

    class Dies:
        def book_entry(self, *_args):
            raise Killed

        def __getattr__(self, name):
            return getattr(town.trades, name)

    with pytest.raises(Killed):
        replace(town.reconcile, trades=Dies()).accept(found, "sold it")
    assert one(town).reason == BY_HAND
    again = town.reconcile.run(looks=1)
    assert not again.explained
    town.reconcile.accept(again, "sold it")
    assert town.reconcile.run(looks=1).explained


def test_a_leg_that_is_taken_up_while_its_closing_is_accepted_keeps_the_drift(town):
    sell(town, Venue.BINANCE)
    town.pass_time(3_000)
    found = town.reconcile.run(looks=1)

    class Raced:
        def add_orders(self, trade, orders):
            raise Conflict("taken up")

        def __getattr__(self, name):
            return getattr(town.trades, name)

    replace(town.reconcile, trades=Raced()).accept(found, "sold it")
    assert any(drift.asset == "BTC" for drift in town.reconcile.run(looks=1).drifts)
