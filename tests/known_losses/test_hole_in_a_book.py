"""A hole in one side of a book decides nothing: no good pair is closed by it, and none is opened.

When the asks of a book are pulled for a moment, its middle jumps and nothing can be traded there. By middles
pairs were closed as converged although that lost money, and opened although no coin cost more anywhere.
"""

from decimal import Decimal

import pytest

from arb.domain.market.money import floor_to
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import (
    go_on,
    open_pairs,
    open_trades,
    quote,
    run_all,
    trades,
    upbit_books,
    work,
)

PAIRS = 3
RATE, BINANCE = ("1399", "1401"), ("99999.50", "100000.50")
ASKS_PULLED_RATE, BIDS_PULLED_RATE = ("1399", "1540"), ("1260", "1401")
Prices = tuple[str, str]


def pull(prices: Prices, side: str, by_bps: int, tick: str) -> Prices:
    """Return the best prices once one side is that far away."""
    bid, ask = (Decimal(price) for price in prices)
    away = Decimal(by_bps) / 10_000
    if side == "bids":
        return str(floor_to(bid * (1 - away), Decimal(tick))), prices[1]
    return prices[0], str(floor_to(ask * (1 + away), Decimal(tick)))


def with_pairs(premium_bps: int) -> EngineTestbed:
    testbed = EngineTestbed()
    open_pairs(testbed, premium_bps, count=PAIRS)
    return testbed


def show_for_a_tick(
    testbed: EngineTestbed, premium_bps: int, *, upbit: Prices, binance: Prices = BINANCE, rate: Prices = RATE
) -> None:
    """Show these books for one tick, then the market as it was."""
    quote(testbed, upbit=upbit, binance=binance, rate=rate)
    work(testbed)
    testbed.pass_time(100)
    go_on(testbed, for_ms=1_500, step_ms=100, quoting=lambda: testbed.premium(premium_bps))


@pytest.mark.parametrize(
    ("premium_bps", "rate"),
    [
        (60, ASKS_PULLED_RATE),
        (-60, BIDS_PULLED_RATE),
        (60, BIDS_PULLED_RATE),
        (-60, ASKS_PULLED_RATE),
    ],
)
def test_a_hole_in_the_book_of_the_rate_closes_no_pair(premium_bps: int, rate: Prices):
    testbed = with_pairs(premium_bps)
    show_for_a_tick(testbed, premium_bps, upbit=upbit_books(premium_bps), rate=rate)
    held = len(open_trades(testbed))
    assert held == PAIRS


@pytest.mark.parametrize(
    ("premium_bps", "side", "by_bps"),
    [
        (60, "bids", 50),
        (-60, "asks", 50),
        (60, "bids", 120),
        (60, "bids", 200),
        (-60, "asks", 120),
        (-60, "asks", 200),
    ],
)
def test_a_hole_in_the_coins_book_on_upbit_closes_no_pair(premium_bps: int, side: str, by_bps: int):
    testbed = with_pairs(premium_bps)
    show_for_a_tick(testbed, premium_bps, upbit=pull(upbit_books(premium_bps), side, by_bps, "1000"))
    held = len(open_trades(testbed))
    assert held == PAIRS


@pytest.mark.parametrize(
    ("premium_bps", "side", "by_bps"),
    [
        (60, "asks", 50),
        (-60, "bids", 50),
        (60, "asks", 120),
        (-60, "bids", 120),
    ],
)
def test_a_hole_in_the_coins_book_on_binance_closes_no_pair(premium_bps: int, side: str, by_bps: int):
    testbed = with_pairs(premium_bps)
    hole = pull(BINANCE, side, by_bps, "0.01")
    show_for_a_tick(testbed, premium_bps, upbit=upbit_books(premium_bps), binance=hole)
    held = len(open_trades(testbed))
    assert held == PAIRS


@pytest.mark.parametrize("rate", [("1399", "1480"), ("1260", "1401"), ("1330", "1401")])
def test_a_hole_in_the_book_of_the_rate_opens_no_pair_at_even_prices(rate: Prices):
    testbed = EngineTestbed()
    go_on(testbed, for_ms=5_000, step_ms=500, quoting=lambda: testbed.premium(0))
    quote(testbed, upbit=upbit_books(0), rate=rate)
    testbed.evaluate_now()
    run_all(testbed)
    opened = len(trades(testbed))
    assert opened == 0
