"""Each venue has its row, and each row its own names of markets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Coin, Venue
from arb.engine.market.markets import symbol_on
from arb.venues.registry import FACTS

COINS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)


def test_every_venue_has_its_row():
    assert set(FACTS) == set(Venue)


@pytest.mark.parametrize(
    ("venue", "symbol", "venue_symbol"),
    [(Venue.BINANCE, "BTC/USDT", "BTCUSDT"), (Venue.UPBIT, "BTC/KRW", "KRW-BTC")],
)
def test_names(venue: Venue, symbol: str, venue_symbol: str):
    assert symbol_on(venue, Coin("BTC")) == symbol
    assert FACTS[venue].venue_symbol(symbol_on(venue, Coin("BTC"))) == venue_symbol


@given(st.sampled_from(list(Venue)), COINS)
def test_names_make_the_round_trip(venue: Venue, coin: str):
    symbol = symbol_on(venue, Coin(coin))
    assert FACTS[venue].symbol(FACTS[venue].venue_symbol(symbol)) == symbol


@pytest.mark.parametrize(
    ("venue", "text"),
    [(Venue.BINANCE, "BTCKRW"), (Venue.BINANCE, "USDT"), (Venue.UPBIT, "KRWBTC"), (Venue.UPBIT, "-BTC")],
)
def test_what_is_no_market_is_an_error(venue: Venue, text: str):
    with pytest.raises(ValueError, match="not a"):
        FACTS[venue].symbol(text)
