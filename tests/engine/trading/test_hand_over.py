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
from arb.engine.kill.unwind import Left, Unwind
from arb.engine.trading.hand_over import HandOver, alarm_of, valued
from tests.domain.markets import PAIR
from tests.engine.town import BTC, SESSION, Killed, Nowhere, Town
from tests.engine.trading.test_settle import lonely, only_trade, run_due

WHO = ("settle", "kill")


@pytest.fixture
def town() -> Town:
    """One leg is filled, the other one was refused, and nobody has looked at it yet."""
    town = Town()
    lonely(town)
    town.pending.clear()
    return town


def unwind(town: Town, hand_over: HandOver) -> Unwind:
    return Unwind(
        session_id=SESSION, trades=town.trades, execute=town.execute, settle=town.settle, hand_over=hand_over,
    )  # fmt: skip


def give_up(town: Town, who: str, hand_over: HandOver | None = None) -> None:
    """Have the trade handed over, by whoever does it."""
    chosen = hand_over or town.hand_over
    match who:
        case "settle":
            settle, trade_id = replace(town.settle, hand_over=chosen), only_trade(town).trade_id
            settle.run(trade_id)
            town.pass_time(61_000)  # beyond its time ceiling
            settle.run(trade_id)
        case "kill":
            unwind(town, chosen).give_up(Left((), town.trades.active(SESSION)))


def nobody_answers(town: Town) -> None:
    """The books grow old, and no venue tells a new one."""
    for venue in town.venues.values():
        venue.silent = True
    town.pass_time(10_000)


def alarms(town: Town) -> list[str]:
    return [alert.message for _, alert in town.tables.alerts if alert.kind == "trade_handed_over"]


def sweep_for(town: Town, seconds: int) -> None:
    for _ in range(seconds // 2):
        town.sweep.run()
        town.pass_time(2_000)


class Interrupted:
    """A store whose commit of a hand-over happens, and whose caller never sees it."""

    def __init__(self, town: Town, error: BaseException) -> None:
        self._trades, self._error = town.trades, error

    def add_orders(self, trade, orders):
        self._trades.add_orders(trade, orders)
        raise self._error


@pytest.mark.parametrize("error", [Killed(), StoreUnavailable("the answer to the commit was lost")])
@pytest.mark.parametrize("who", WHO)
def test_whoever_is_cut_off_after_the_commit_the_operator_is_told_once(town, who, error):
    nobody_answers(town)
    cut_off = replace(town.hand_over, trades=Interrupted(town, error))
    with suppress(Killed, StoreUnavailable):
        give_up(town, who, cut_off)
    assert only_trade(town).state is TradeState.HANDED_OVER
    assert alarms(town) == []
    sweep_for(town, 8)
    [told] = alarms(town)
    assert f"{only_trade(town).residual:+f} BTC" in told
    sweep_for(town, 700)
    assert alarms(town) == [told]


@pytest.mark.parametrize("who", WHO)
def test_one_that_was_told_is_not_told_again(town, who):
    nobody_answers(town)
    give_up(town, who)
    sweep_for(town, 700)
    assert len(alarms(town)) == 1


@pytest.mark.parametrize("who", WHO)
def test_what_is_left_is_written_down_and_told(town, who):
    nobody_answers(town)
    give_up(town, who)
    trade = only_trade(town)
    orders = town.trades.view(trade.trade_id).orders
    assert trade.residual == trade_position(orders).imbalance != 0
    assert trade.pnl_krw == 0
    [told] = alarms(town)
    assert f"is not hedged: {trade.residual:+f} BTC" in told
    assert trade.reason in told
    assert "not known: no market" in told


def test_it_is_valued_where_there_is_a_market(town):
    town.premium(60)
    give_up(town, "kill")
    trade = only_trade(town)
    market = town.settle.markets.read(BTC)
    position = trade_position(town.trades.view(trade.trade_id).orders)
    rate, base_krw = market.rate.krw_per_usdt, market.book(Venue.BINANCE).mid * market.rate.krw_per_usdt
    assert trade.pnl_krw == position.pnl_krw(PAIR, rate, base_krw) != 0
    assert (trade.valued_krw_per_usdt, trade.valued_base_krw) == (rate, base_krw)
    assert f"{trade.pnl_krw:+.0f} KRW" in alarms(town)[0]
    assert (trade.closed_at_ns, trade.repair_since_ns) == (trade.updated_at_ns, 0)


def test_without_a_market_a_trade_is_valued_as_it_was_the_last_time(town):
    town.premium(60)
    give_up(town, "kill")
    trade, orders = only_trade(town), town.trades.view(only_trade(town).trade_id).orders
    before = replace(trade, pnl_krw=Decimal(0))
    assert valued(before, orders, None, PAIR) == trade
    half = [replace(order, fills=order.fills[:1]) for order in orders[:1]]
    position = trade_position(half)
    assert valued(before, half, None, PAIR).pnl_krw == position.pnl_krw(
        PAIR, trade.valued_krw_per_usdt, trade.valued_base_krw
    )


def test_an_alarm_for_one_that_went_on_does_not_hide_its_end(town):
    """The kill names a trade with an order of unknown fate; minutes later it is handed over after all."""
    town = Town()
    lonely(town, Trouble.DROPPED)
    left = Left((), town.trades.active(SESSION))
    unwind(town, town.hand_over).give_up(left)
    [named] = alarms(town)
    assert "order of unknown fate may still change that" in named
    while town.trades.working(SESSION):
        town.pass_time(1_000)
        run_due(town)
    nobody_answers(town)
    town.trades.add_orders(replace(only_trade(town), state=TradeState.REPAIRING), ())
    unwind(town, town.hand_over).give_up(Left((), town.trades.active(SESSION)))
    sweep_for(town, 20)
    assert len(alarms(town)) == 2
    assert "not known: no market" in alarms(town)[1]


def test_an_alarm_whose_row_was_not_written_is_raised_until_it_is(town):
    """PostgreSQL went just after the hand-over."""
    nobody_answers(town)
    store = Forgetful(town.alert_store)
    sink = RecordedAlerts(store, SESSION, Nowhere())
    give_up(town, "kill", replace(town.hand_over, alerts=sink))
    town.sweep = replace(town.sweep, alerts=sink)
    sweep_for(town, 8)
    assert alarms(town) == []
    sweep_for(town, 8)
    assert len(alarms(town)) == 1


class Forgetful:
    """An alert store that is away for the first row."""

    def __init__(self, store) -> None:
        self._store, self._away = store, True

    def add(self, session_id, alert) -> None:
        if self._away:
            self._away = False
            raise StoreUnavailable("away")
        self._store.add(session_id, alert)


def test_an_even_trade_that_nobody_settled_is_not_called_lonely(town):
    trade = replace(
        only_trade(town), state=TradeState.HANDED_OVER, reason="stack_stopped", pnl_krw=Decimal(5)
    )
    message = alarm_of(trade, 1).message
    assert "was not settled, both of its BTC legs are even (stack_stopped); +5 KRW" in message


def test_a_trade_that_somebody_settles_at_this_moment_is_left_to_them(town):
    left = Left((), town.trades.active(SESSION))
    town.settle.run(only_trade(town).trade_id)
    assert unwind(town, town.hand_over).give_up(left) == ()
    assert alarms(town) == []
