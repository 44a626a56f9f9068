"""A trade that becomes the operator's: what is left of it is written down, and being told is certain."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.memory.venue import Trouble
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from arb.engine.kill.wind_down import Left, WindDown
from arb.engine.trading.escalate import Escalate, alarm_of, valued
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, SESSION, EngineTestbed, Killed, Nowhere
from tests.engine.trading.test_settle import leave_leg_alone, only_trade, run_due

WHO = ("settle", "kill")


@pytest.fixture
def testbed() -> EngineTestbed:
    """One leg is filled, the other one was refused, and nobody has looked at it yet."""
    testbed = EngineTestbed()
    leave_leg_alone(testbed)
    testbed.pending.clear()
    return testbed


def wind_down(testbed: EngineTestbed, escalate: Escalate) -> WindDown:
    return WindDown(
        session_id=SESSION,
        trades=testbed.trades,
        execute=testbed.execute,
        settle=testbed.settle,
        escalate=escalate,
    )


def give_up(testbed: EngineTestbed, who: str, escalate: Escalate | None = None) -> None:
    """Have the trade escalated, by whoever does it."""
    chosen = escalate or testbed.escalate
    match who:
        case "settle":
            settle, trade_id = replace(testbed.settle, escalate=chosen), only_trade(testbed).trade_id
            settle.run(trade_id)
            testbed.pass_time(61_000)  # beyond its time ceiling
            settle.run(trade_id)
        case "kill":
            wind_down(testbed, chosen).escalate_rest(Left((), testbed.trades.active(SESSION)))


def nobody_answers(testbed: EngineTestbed) -> None:
    """The books grow old, and no venue tells a new one."""
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.pass_time(10_000)


def alarms(testbed: EngineTestbed) -> list[str]:
    return [alert.message for _, alert in testbed.tables.alerts if alert.kind == "trade_handed_over"]


def sweep_for(testbed: EngineTestbed, seconds: int) -> None:
    for _ in range(seconds // 2):
        testbed.sweep.run()
        testbed.pass_time(2_000)


class Interrupted:
    """A store whose commit of an escalation happens, and whose caller never sees it."""

    def __init__(self, testbed: EngineTestbed, error: BaseException) -> None:
        self._trades, self._error = testbed.trades, error

    def add_orders(self, trade, orders):
        self._trades.add_orders(trade, orders)
        raise self._error


@pytest.mark.parametrize("error", [Killed(), StoreUnavailable("the answer to the commit was lost")])
@pytest.mark.parametrize("who", WHO)
def test_whoever_is_cut_off_after_the_commit_the_operator_is_told_once(testbed, who, error):
    nobody_answers(testbed)
    cut_off = replace(testbed.escalate, trades=Interrupted(testbed, error))
    with suppress(Killed, StoreUnavailable):
        give_up(testbed, who, cut_off)
    assert only_trade(testbed).state is TradeState.ESCALATED
    assert alarms(testbed) == []
    sweep_for(testbed, 8)
    [told] = alarms(testbed)
    assert f"{only_trade(testbed).residual:+f} BTC" in told
    sweep_for(testbed, 700)
    assert alarms(testbed) == [told]


@pytest.mark.parametrize("who", WHO)
def test_one_that_was_told_is_not_told_again(testbed, who):
    nobody_answers(testbed)
    give_up(testbed, who)
    sweep_for(testbed, 700)
    assert len(alarms(testbed)) == 1


@pytest.mark.parametrize("who", WHO)
def test_what_is_left_is_written_down_and_told(testbed, who):
    nobody_answers(testbed)
    give_up(testbed, who)
    trade = only_trade(testbed)
    orders = testbed.trades.view(trade.trade_id).orders
    assert trade.residual == trade_position(orders).imbalance != 0
    assert trade.pnl_krw == 0
    [told] = alarms(testbed)
    assert f"is not hedged: {trade.residual:+f} BTC" in told
    assert trade.reason in told
    assert "not known: no market" in told


def test_it_is_valued_where_there_is_a_market(testbed):
    testbed.premium(60)
    give_up(testbed, "kill")
    trade = only_trade(testbed)
    market = testbed.settle.markets.read(BTC)
    position = trade_position(testbed.trades.view(trade.trade_id).orders)
    rate, base_krw = market.rate.krw_per_usdt, market.book(Venue.BINANCE).mid * market.rate.krw_per_usdt
    assert trade.pnl_krw == position.pnl_krw(PAIR, rate, base_krw) != 0
    assert (trade.valued_krw_per_usdt, trade.valued_base_krw) == (rate, base_krw)
    assert f"{trade.pnl_krw:+.0f} KRW" in alarms(testbed)[0]
    assert (trade.closed_at_ns, trade.repair_since_ns) == (trade.updated_at_ns, 0)


def test_without_a_market_a_trade_is_valued_as_it_was_the_last_time(testbed):
    testbed.premium(60)
    give_up(testbed, "kill")
    trade, orders = only_trade(testbed), testbed.trades.view(only_trade(testbed).trade_id).orders
    before = replace(trade, pnl_krw=Decimal(0))
    assert valued(before, orders, None, PAIR) == trade
    half = [replace(order, fills=order.fills[:1]) for order in orders[:1]]
    position = trade_position(half)
    assert valued(before, half, None, PAIR).pnl_krw == position.pnl_krw(
        PAIR, trade.valued_krw_per_usdt, trade.valued_base_krw
    )


def test_an_alarm_for_one_that_went_on_does_not_hide_its_end(testbed):
    """The kill names a trade with an order of unknown fate; minutes later it is escalated after all."""
    testbed = EngineTestbed()
    leave_leg_alone(testbed, Trouble.DROPPED)
    left = Left((), testbed.trades.active(SESSION))
    wind_down(testbed, testbed.escalate).escalate_rest(left)
    [named] = alarms(testbed)
    assert "order of unknown fate may still change that" in named
    while testbed.trades.working(SESSION):
        testbed.pass_time(1_000)
        run_due(testbed)
    nobody_answers(testbed)
    testbed.trades.add_orders(replace(only_trade(testbed), state=TradeState.REPAIRING), ())
    wind_down(testbed, testbed.escalate).escalate_rest(Left((), testbed.trades.active(SESSION)))
    sweep_for(testbed, 20)
    assert len(alarms(testbed)) == 2
    assert "not known: no market" in alarms(testbed)[1]


def test_an_alarm_whose_row_was_not_written_is_raised_until_it_is(testbed):
    """PostgreSQL went just after the escalation."""
    nobody_answers(testbed)
    store = Forgetful(testbed.alert_store)
    sink = RecordedAlerts(store, SESSION, Nowhere())
    give_up(testbed, "kill", replace(testbed.escalate, alerts=sink))
    testbed.sweep = replace(testbed.sweep, alerts=sink)
    sweep_for(testbed, 8)
    assert alarms(testbed) == []
    sweep_for(testbed, 8)
    assert len(alarms(testbed)) == 1


class Forgetful:
    """An alert store that is away for the first row."""

    def __init__(self, store) -> None:
        self._store, self._away = store, True

    def add(self, session_id, alert) -> None:
        if self._away:
            self._away = False
            raise StoreUnavailable("away")
        self._store.add(session_id, alert)


def test_an_even_trade_that_nobody_settled_is_not_called_alone(testbed):
    trade = replace(
        only_trade(testbed), state=TradeState.ESCALATED, reason="stack_stopped", pnl_krw=Decimal(5)
    )
    message = alarm_of(trade, 1).message
    assert "was not settled, both of its BTC legs are even (stack_stopped); +5 KRW" in message


def test_a_trade_that_somebody_settles_at_this_moment_is_left_to_them(testbed):
    left = Left((), testbed.trades.active(SESSION))
    testbed.settle.run(only_trade(testbed).trade_id)
    assert wind_down(testbed, testbed.escalate).escalate_rest(left) == ()
    assert alarms(testbed) == []
