"""Coins beyond the table are made up by their names."""

from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.sim.core.coins import DEFAULT_COINS, named_coin
from arb.sim.core.market import build_market
from arb.sim.core.ticks import krw_tick
from tests.sim.core.worlds import config

NAMES = [f"{letter}{number}" for letter in "ABCDE" for number in range(20)]


def test_the_table_wins_and_names_decide_the_rest():
    assert named_coin("BTC") == DEFAULT_COINS["BTC"]
    assert [named_coin(name) for name in NAMES] == [named_coin(name) for name in NAMES]
    assert len({named_coin(name).price_usdt for name in NAMES}) > 95


def test_made_up_coins_can_be_traded_within_a_few_basis_points_on_both_venues():
    for coin in map(named_coin, NAMES):
        krw = coin.price_usdt * 1400
        assert krw_tick(krw) / krw <= Decimal("0.001")
        assert coin.tick_usdt / coin.price_usdt < Decimal("0.0001")
        assert coin.lot * coin.price_usdt < 1


def test_a_market_of_made_up_coins_has_whole_books():
    made = config(coins=NAMES)
    for venue in (Venue.BINANCE, Venue.UPBIT):
        for book in build_market(made).books(venue, 0).values():
            assert len(book.bids) == 25
            assert len(book.asks) > 8  # levels that reach a band with a coarser unit come together
            assert book.bids[0].price < book.asks[0].price
            prices = [level.price for level in (*reversed(book.bids), *book.asks)]
            assert prices == sorted(set(prices))
            if venue == Venue.UPBIT:
                assert all(price % krw_tick(price) == 0 for price in prices)
