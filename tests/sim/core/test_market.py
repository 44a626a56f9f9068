"""The market is a function of the configuration and the step."""

import subprocess
import sys
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.sim.core.config import SimConfig
from arb.sim.core.market import build_market
from arb.sim.core.ticks import is_multiple, krw_tick
from tests.sim.core.worlds import CONFIG, config

STEPS = 60
ELSEWHERE = """
import sys
from arb.domain.market.ids import Venue
from arb.sim.core.config import parse_config
from arb.sim.core.market import build_market
market = build_market(parse_config(sys.argv[1].encode()))
print([market.books(Venue(sys.argv[2]), step) for step in range(20)])
"""


def sequence(made: SimConfig, venue: Venue, steps=range(STEPS)):
    market = build_market(made)
    return [market.books(venue, step) for step in steps]


@pytest.mark.parametrize("venue", [Venue.BINANCE, Venue.UPBIT])
def test_same_seed_gives_the_same_books_and_another_seed_does_not(venue):
    assert sequence(config(), venue) == sequence(config(), venue)
    assert sequence(config(), venue) != sequence(config(seed=43), venue)


def test_late_reader_sees_the_same_book_as_one_who_saw_every_step():
    assert sequence(config(), Venue.BINANCE)[-1] == sequence(config(), Venue.BINANCE, [STEPS - 1])[0]


@pytest.mark.parametrize("venue", [Venue.BINANCE, Venue.UPBIT])
def test_two_processes_agree(venue):
    def run():
        command = [sys.executable, "-c", ELSEWHERE, CONFIG.decode(), venue]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    assert run() == run() == f"{sequence(config(), venue, range(20))}\n"


def test_asking_twice_for_a_step_changes_nothing_and_going_back_is_an_error():
    market = build_market(config())
    assert market.books(Venue.BINANCE, 5) == market.books(Venue.BINANCE, 5)
    with pytest.raises(ValueError, match="runs forward"):
        market.books(Venue.BINANCE, 4)


@pytest.mark.parametrize("venue", [Venue.BINANCE, Venue.UPBIT])
def test_books_are_sorted_uncrossed_on_ticks_and_deep(venue):
    made = config()
    ticks = {coin.name: coin.tick_usdt for coin in made.coin_table()}
    for books in sequence(made, venue):
        for coin, book in books.items():
            bids, asks = ([level.price for level in levels] for levels in (book.bids, book.asks))
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            assert 0 < bids[0] < asks[0]
            assert 20 <= len(bids) <= 30 and 20 <= len(asks) <= 30
            for price in (*bids, *asks):
                assert is_multiple(price, ticks[coin] if venue == Venue.BINANCE else krw_tick(price))


def test_two_thousand_usdt_fill_within_five_basis_points():
    for books in sequence(config(), Venue.BINANCE):
        for book in books.values():
            best = book.asks[0].price
            near = [level for level in book.asks if level.price <= best * Decimal("1.0005")]
            assert sum(level.price * level.quantity for level in near) > 2_000


def test_upbit_is_fair_price_times_rate_times_premium():
    quiet = config(premium={"stdev_bps": "0", "mean_bps": "250"})
    for binance, upbit in zip(sequence(quiet, Venue.BINANCE), sequence(quiet, Venue.UPBIT), strict=True):
        ratio = mid(upbit["BTC"]) / mid(binance["BTC"]) / mid(upbit["USDT"])
        assert abs(ratio - Decimal("1.025")) < Decimal("0.0015")


def test_premium_wanders_with_the_configured_deviation():
    made = config(coins=["BTC"], premium={"stdev_bps": "60", "half_life_s": "0.3"})
    path = build_market(made)._path
    premiums = [path.at(step).premium[0] * 10_000 for step in range(5_000)]
    deviation = (sum(value**2 for value in premiums) / len(premiums)) ** 0.5
    assert 50 < deviation < 70


def test_step_counts_from_the_epoch_and_holds_before_it():
    market = build_market(config())
    assert market.step_at(0) == 0
    assert market.step_at(1_000_000_000 + 250_000_000) == 2
    assert market.starts_ns(2) == 1_200_000_000


def mid(book):
    return (book.bids[0].price + book.asks[0].price) / 2
