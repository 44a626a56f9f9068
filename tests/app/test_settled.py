"""A trade that ended is worth an image of its session, once an interval."""

from dataclasses import replace

import pytest

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.app.settled import Settled
from arb.domain.errors import DispatchError
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState
from tests.contracts import world

TRADE = replace(world.opening(world.session().session_id).trade, state=TradeState.CLOSED)
IMAGE = ("arb.snapshot", ("on_trade", TRADE.session_id), 0)


@pytest.fixture
def settled():
    return Settled(
        dispatcher=MemoryDispatcher(), clock=ManualClock(100 * NS_PER_S), interval_ns=10 * NS_PER_S
    )


@pytest.mark.parametrize("state", [TradeState.CLOSED, TradeState.ABORTED, TradeState.ESCALATED])
def test_of_the_trades_that_end_in_one_interval_one_asks_for_an_image(settled, state):
    for _ in range(3):
        settled(replace(TRADE, state=state))
    assert settled.dispatcher.take() == [IMAGE]
    settled.clock.advance_ms(10_000)
    settled(TRADE)
    assert settled.dispatcher.take() == [IMAGE]


@pytest.mark.parametrize("trade", [None, replace(TRADE, state=TradeState.OPEN)])
def test_what_has_not_ended_asks_for_none(settled, trade):
    settled(trade)
    assert settled.dispatcher.take() == []


def test_one_that_could_not_be_asked_for_is_left_to_the_next_trade(settled, monkeypatch):
    def refuse(*_):
        raise DispatchError("both brokers are away")

    with monkeypatch.context() as away:
        away.setattr(MemoryDispatcher, "send", refuse)
        settled(TRADE)
    settled(TRADE)
    assert settled.dispatcher.take() == [IMAGE]
