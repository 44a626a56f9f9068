"""Pairs of venues, and which way a pair is opened."""

import copy
import pickle
from decimal import Decimal
from itertools import permutations

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Direction, Pair
from tests.domain.markets import PAIR


def test_a_direction_buys_on_one_venue_and_sells_on_the_other():
    for pair in (Pair(*venues) for venues in permutations(Venue, 2)):
        selling, buying = pair.directions
        assert (selling.sell_on, selling.buy_on) == pair.venues
        assert selling.opposite is buying
        assert {selling.side(venue) for venue in pair.venues} == {Side.BUY, Side.SELL}
        assert selling.side(pair.first) is Side.SELL


def test_every_direction_has_a_text_of_its_own_that_it_is_read_from():
    ways = [way for venues in permutations(Venue, 2) for way in Pair(*venues).directions]
    texts = {str(way) for way in ways}
    assert len(texts) == len(set(ways)) == len(list(permutations(Venue, 2)))
    assert {Direction(text) for text in texts} == set(ways)


def test_the_words_of_rows_and_files_of_older_versions_still_mean_the_same():
    assert Direction("sell_upbit").sell_on is Venue.UPBIT
    assert Direction("sell_upbit").buy_on is Venue.BINANCE
    assert Direction("buy_upbit") is Direction("sell_upbit").opposite
    assert [str(way) for way in PAIR.directions] == ["sell_upbit", "buy_upbit"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda way: pickle.loads(pickle.dumps(way))])
def test_a_copy_of_a_direction_is_the_direction(copied):
    for way in PAIR.directions:
        assert copied(way) is way


@pytest.mark.parametrize("text", ["", "sell", "sell_nowhere", "SELL_UPBIT"])
def test_what_is_no_direction_is_refused(text):
    with pytest.raises(ValueError, match="not a direction"):
        Direction(text)


def test_venues_that_quote_in_one_currency_need_no_rate(monkeypatch):
    monkeypatch.setattr(Venue.BINANCE, "quote", "KRW")
    pair = Pair(Venue.UPBIT, Venue.BINANCE)
    assert (pair.currency, pair.rate_key, pair.rate_of({(Venue.UPBIT, "USDT/KRW"): 1})) == ("KRW", None, None)
    assert pair.krw(Venue.BINANCE, Decimal(7), Decimal(1_400)) == 7


def test_one_venue_is_no_pair():
    with pytest.raises(ValueError, match="two venues"):
        Pair(Venue.UPBIT, Venue.UPBIT)


def test_a_pair_is_accounted_in_what_its_first_venue_quotes_in():
    assert (PAIR.currency, PAIR.rate_key) == ("KRW", (Venue.UPBIT, "USDT/KRW"))
    turned = Pair(Venue.BINANCE, Venue.UPBIT)
    assert turned.currency == "USDT"
    assert [PAIR.other(venue) for venue in PAIR.venues] == [Venue.BINANCE, Venue.UPBIT]
