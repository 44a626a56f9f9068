"""Books with a hole and a rate that is in doubt: what waits for them, for how long, and what does not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.belief import RateBelief
from arb.domain.market.book import Level
from arb.domain.market.halves import base_price_krw
from arb.domain.market.ids import Venue
from arb.domain.trading.exits import STOP_LOSS
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, RATE, EngineTestbed, close_by
from tests.known_losses.helpers import (
    closed_trades,
    go_on,
    open_pairs,
    open_trades,
    quote,
    tell,
    trades,
    upbit_books,
    work,
)

CALM = ("1399", "1401")
BINANCE = ("99999.50", "100000.50")
HOLES = [("1399", "1540"), ("1260", "1401"), ("1", "1401"), ("1399", "999999")]
MINUTE_MS, TICK_MS = 60_000, 100
FAR = Decimal("0.02")


def refused(testbed: EngineTestbed, reason: str) -> int:
    return testbed.counters.counts.get(("refused", reason), 0)


def waited(testbed: EngineTestbed, why: str) -> int:
    return testbed.counters.counts.get(("exit_waits", why), 0)


def with_pairs(premium_bps: int, count: int = 3) -> EngineTestbed:
    testbed = EngineTestbed()
    open_pairs(testbed, premium_bps, count)
    return testbed


def restarted(testbed: EngineTestbed) -> EngineTestbed:
    """Have the testbed's evaluation begin anew, with nothing seen of the rate."""
    markets = replace(testbed.evaluate.markets, belief=RateBelief(RATE))
    testbed.evaluate = replace(testbed.evaluate, markets=markets)
    return testbed


def pulled(prices: tuple[str, str], side: str, tick: int) -> tuple[str, str]:
    bid, ask = prices
    if side == "bids":
        return str(int(Decimal(bid) * (1 - FAR)) // tick * tick), ask
    return bid, str(int(Decimal(ask) * (1 + FAR)) // tick * tick)


# the rate


@pytest.mark.parametrize("rate", HOLES)
@pytest.mark.parametrize("premium_bps", [60, -60])
def test_nothing_is_opened_while_the_rates_book_has_a_hole_and_at_once_when_it_is_whole(rate, premium_bps):
    testbed, upbit = EngineTestbed(), upbit_books(premium_bps)
    go_on(testbed, 3 * MINUTE_MS, 1_000, lambda: quote(testbed, upbit=upbit, rate=rate))
    assert trades(testbed) == []
    assert refused(testbed, "rate_wide") > 0 or refused(testbed, "rate_forgotten") > 0
    go_on(testbed, 1_000, TICK_MS, lambda: quote(testbed, upbit=upbit))
    assert trades(testbed)


@pytest.mark.parametrize("rate", HOLES)
@pytest.mark.parametrize("premium_bps", [60, -60])
def test_a_hole_in_the_rates_book_closes_nothing_however_long_it_lasts(rate, premium_bps):
    testbed, upbit = with_pairs(premium_bps), upbit_books(premium_bps)
    go_on(testbed, 3 * MINUTE_MS, 1_000, lambda: quote(testbed, upbit=upbit, rate=rate))
    assert len(open_trades(testbed)) == 3


@pytest.mark.parametrize("rate", HOLES)
def test_a_profit_is_taken_by_the_last_rate_while_it_is_remembered(rate):
    testbed = with_pairs(60)
    go_on(testbed, 30_000, 1_000, lambda: quote(testbed, upbit=upbit_books(60), rate=rate))
    quote(testbed, upbit=upbit_books(0), rate=rate)
    work(testbed)
    assert {trade.reason for trade in trades(testbed)} == {"take_profit"}


@pytest.mark.parametrize("rate", HOLES)
def test_a_loss_is_stopped_however_long_the_rates_book_has_a_hole(rate):
    testbed = with_pairs(60)
    go_on(testbed, 5 * MINUTE_MS, 1_000, lambda: quote(testbed, upbit=upbit_books(60), rate=rate))
    go_on(testbed, 2_000, TICK_MS, lambda: quote(testbed, upbit=upbit_books(300), rate=rate))
    assert {trade.reason for trade in closed_trades(testbed)} == {STOP_LOSS}
    assert len(closed_trades(testbed)) == 3


def test_nothing_has_converged_by_a_rate_that_is_too_old_and_a_loss_is_stopped_by_it():
    testbed = with_pairs(40)

    def without_rate(premium_bps: int) -> None:
        upbit, books = upbit_books(premium_bps), []
        for venue, symbol, prices in ((Venue.BINANCE, "BTC/USDT", BINANCE), (Venue.UPBIT, "BTC/KRW", upbit)):
            books.append(testbed.book(venue, symbol, *prices, "5"))
        tell(testbed, *books)

    go_on(testbed, 6_000, TICK_MS, lambda: without_rate(40))
    go_on(testbed, 20_000, TICK_MS, lambda: without_rate(0))
    assert len(open_trades(testbed)) == 3
    go_on(testbed, 2_000, TICK_MS, lambda: without_rate(300))
    assert {trade.reason for trade in closed_trades(testbed)} == {STOP_LOSS}


def test_a_jump_of_the_rate_that_lasts_converges_what_it_has_converged():
    testbed = with_pairs(40, count=1)
    go_on(testbed, 14_000, TICK_MS, lambda: quote(testbed, upbit=upbit_books(40), rate=("1404.6", "1406.6")))
    assert len(open_trades(testbed)) == 1
    go_on(testbed, 3_000, TICK_MS, lambda: quote(testbed, upbit=upbit_books(40), rate=("1404.6", "1406.6")))
    assert [trade.reason for trade in closed_trades(testbed)] == ["converged"]


def test_a_premium_is_taken_at_once_that_is_one_at_every_rate_of_a_jump():
    testbed = EngineTestbed()
    go_on(testbed, 20_000, 500, lambda: quote(testbed, upbit=upbit_books(0)))
    quote(testbed, upbit=upbit_books(120), rate=("1406", "1408"))
    work(testbed)
    assert len(trades(testbed)) == 1


def test_after_a_restart_nothing_is_opened_until_the_rate_is_known_for_long_enough():
    testbed = restarted(EngineTestbed())
    go_on(testbed, 14_900, TICK_MS, lambda: testbed.premium(60))
    assert trades(testbed) == []
    assert refused(testbed, "rate_unsettled") > 0
    go_on(testbed, 300, TICK_MS, lambda: testbed.premium(60))
    assert trades(testbed)


def test_after_a_restart_in_a_jump_nothing_converges_by_it():
    testbed = restarted(with_pairs(60))
    go_on(testbed, 10_000, TICK_MS, lambda: quote(testbed, upbit=upbit_books(60), rate=("1411", "1413")))
    go_on(testbed, 60_000, 500, lambda: quote(testbed, upbit=upbit_books(60)))
    assert len(open_trades(testbed)) == 3


def test_each_process_judges_a_jump_by_the_stamps_that_it_has_seen():
    testbed, upbit = with_pairs(60), upbit_books(60)
    other = restarted(EngineTestbed()).evaluate.markets
    other = replace(testbed.evaluate, markets=replace(other, quotes=testbed.quotes))
    go_on(testbed, 20_000, 500, lambda: (quote(testbed, upbit=upbit), other.run()))
    go_on(testbed, 1_000, TICK_MS, lambda: (quote(testbed, upbit=upbit, rate=("1411", "1413")), other.run()))
    assert len(open_trades(testbed)) == 3


# the coin's books


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("side", ["bids", "asks"])
@pytest.mark.parametrize("premium_bps", [60, -60])
def test_nothing_is_opened_into_a_hole_of_a_coins_book(venue, side, premium_bps):
    testbed, upbit, binance = EngineTestbed(), upbit_books(premium_bps), BINANCE
    if venue is Venue.UPBIT:
        upbit = pulled(upbit, side, tick=1_000)
    else:
        binance = pulled(binance, side, tick=1)
    go_on(testbed, 20_000, 500, lambda: quote(testbed, upbit=upbit, binance=binance))
    assert trades(testbed) == []


def test_next_to_nothing_on_top_of_a_hole_opens_nothing():
    testbed = EngineTestbed()

    def topped() -> None:
        testbed.premium(60)
        book = testbed.book(Venue.UPBIT, "BTC/KRW", *upbit_books(60), "5")
        tiny = Level(book.bid, Decimal("0.00000001"))
        tell(testbed, replace(book, bids=(tiny, Level(Decimal(100_000_000), Decimal(5)))))

    go_on(testbed, 20_000, 500, topped)
    assert trades(testbed) == []


def held_in_hole(testbed: EngineTestbed, premium_bps: int, for_ms: int) -> None:
    bid, _ = upbit_books(premium_bps)
    ask = str(int(Decimal(bid) * Decimal("1.0200")) // 1_000 * 1_000)
    go_on(testbed, for_ms, 500, lambda: quote(testbed, upbit=(bid, ask)))


def test_a_stop_loss_waits_for_a_hole_to_close():
    testbed = with_pairs(60)
    held_in_hole(testbed, 60, 59_000)
    assert len(open_trades(testbed)) == 3
    assert waited(testbed, "book_wide_upbit") > 0
    go_on(testbed, 3 * MINUTE_MS, 500, lambda: testbed.premium(60))
    assert len(open_trades(testbed)) == 3, "the hole was all that there was to stop"


def test_a_stop_loss_does_not_wait_for_ever():
    testbed = with_pairs(60)
    held_in_hole(testbed, 60, 63_000)
    assert {trade.reason for trade in closed_trades(testbed)} == {STOP_LOSS}


def test_holes_with_whole_books_between_them_do_not_add_up():
    testbed = with_pairs(60)
    for _ in range(3):
        held_in_hole(testbed, 60, 40_000)
        go_on(testbed, 6_000, 500, lambda: testbed.premium(60))
    assert len(open_trades(testbed)) == 3


def test_a_pair_whose_time_is_over_waits_until_the_book_is_whole():
    testbed = with_pairs(60)
    close_by(testbed, holding_ns_max=1, holding_loss_bps_max=Decimal(100))
    bid, _ = upbit_books(60)
    ask = str(int(Decimal(bid) * Decimal("1.0060")) // 1_000 * 1_000)
    go_on(testbed, 2 * MINUTE_MS, 500, lambda: quote(testbed, upbit=(bid, ask)))
    assert len(open_trades(testbed)) == 3
    go_on(testbed, 3_000, 500, lambda: testbed.premium(60))
    assert {trade.reason for trade in closed_trades(testbed)} == {"holding_time"}


def test_a_market_is_valued_by_the_book_that_has_no_hole():
    testbed = EngineTestbed()
    testbed.premium(0)
    tell(testbed, testbed.book(Venue.BINANCE, "BTC/USDT", "50000", "100000.50", "5"))
    assert base_price_krw(testbed.settle.markets.read(BTC)) == Decimal(140_000_000)
