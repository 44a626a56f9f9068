"""A session in numbers, valued at the newest prices that can be had."""

from decimal import Decimal

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.ledger.report import OpenValue, SessionTotals
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState
from arb.engine.ledger.report import MakeReport
from tests.domain.markets import PAIR, USDT_KRW
from tests.engine.testbed import BTC, SESSION, EngineTestbed

HELD = OpenValue(krw=Decimal(1_400_000), usdt=Decimal(-900), base=Decimal("0.001"))


class Totals:
    def __init__(self) -> None:
        self.held: dict[Coin, OpenValue] = {BTC: HELD}
        self.asked: list[str] = []

    def totals(self, session_id):
        self.asked.append(session_id)
        return SessionTotals(started_at_ns=NS_PER_S, held=self.held, trades={(BTC, TradeState.OPEN): 1})


class Counts:
    def __init__(self) -> None:
        self.away = False

    def count(self, name, reason, amount=1): ...

    def read(self):
        if self.away:
            raise StoreUnavailable("away")
        return {"refused": {"quote_stale": 4}, "other": {"quote_stale": 9}}


class World:
    def __init__(self) -> None:
        self.testbed, self.totals, self.counts = EngineTestbed(), Totals(), Counts()
        self.make = MakeReport(
            pair=PAIR,
            session_id=SESSION,
            store=self.totals,
            quotes=self.testbed.quotes,
            counters=self.counts,
            coins=(BTC,),
        )

    def report(self):
        return self.make.run({"at_most_once": True})


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_held_is_valued_at_binances_middle_and_the_rate(world):
    """1.4 M KRW, less 900 USDT at 1,400, and 0.001 BTC at 100,000 USDT."""
    assert world.report().pnl_krw == 1_400_000 - 1_260_000 + 140_000


def test_old_prices_are_better_than_none(world):
    before = world.report().pnl_krw
    world.testbed.pass_time(10**7)
    assert world.report().pnl_krw == before


@pytest.mark.parametrize("key", [USDT_KRW, (Venue.BINANCE, "BTC/USDT")])
def test_without_a_price_that_it_needs_nothing_is_valued(world, key):
    world.testbed.quotes.remove({key: 0})
    assert world.report().pnl_krw is None


def test_upbits_book_is_not_needed(world):
    world.testbed.quotes.remove({(Venue.UPBIT, "BTC/KRW"): 0})
    assert world.report().pnl_krw is not None


def test_a_store_of_prices_that_is_away_leaves_amounts_unvalued_and_the_rest_told(world):
    world.testbed.quotes.away = True
    report = world.report()
    assert report.pnl_krw is None
    assert report.refusals == {"quote_stale": 4}


def test_counters_that_are_away_leave_the_refusals_out(world):
    world.counts.away = True
    assert world.report().refusals == {}
    assert world.report().pnl_krw is not None


def test_the_invariants_and_the_end_are_as_they_were_given(world):
    report = world.make.run({"at_most_once": False}, 7 * NS_PER_S)
    assert (report.invariants, report.ended_at_ns) == ({"at_most_once": False}, 7 * NS_PER_S)
    assert world.report().ended_at_ns is None


def test_the_sums_are_those_of_the_session(world):
    world.report()
    assert world.totals.asked == [SESSION]
