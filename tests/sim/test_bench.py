"""The bench of the simulators measures what it says."""

import asyncio

import pytest

from arb.sim.bench import coin_names, main, measured


def test_coins_are_those_of_the_table_first():
    assert coin_names(3) == ["BTC", "ETH", "XRP"]
    assert len(set(coin_names(250))) == 250


@pytest.mark.parametrize("venue", ["binance", "upbit"])
def test_every_socket_gets_ten_books_a_second_of_each_coin(venue):
    cost = asyncio.run(measured(venue, 8, 2, 1.0))
    assert cost.books_per_s == pytest.approx(10, abs=2.5)
    assert 0 < cost.core_percent < 100
    assert cost.megabytes_per_s > 0


def test_it_prints_a_table(capsys):
    assert main(["--coins", "1", "--seconds", "0.3"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split("|")[2].strip() for row in rows[2:]] == ["binance", "upbit"]
