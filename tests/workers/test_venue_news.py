"""What is told of the venues, and how often."""

import pytest

from arb.adapters.memory.feeds import SilentAssignmentLog
from arb.domain.market.ids import Coin, Venue
from workers.venue_news import VenueNews

BTC = (Venue.BINANCE, Coin("BTC"))


class Ears(SilentAssignmentLog):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def rejected(self, venue: Venue, coin: Coin, why: str) -> None:
        self.heard.append((venue, coin, why))

    def late(self, venue: Venue, lag_ns: int) -> None:
        self.heard.append(lag_ns)

    def in_time(self, venue: Venue) -> None:
        self.heard.append("in time")


@pytest.mark.parametrize(
    ("lags", "heard"),
    [
        ((101,), []),
        ((101, 102, 103), [102]),
        ((101, 100, 101, 100), []),
        ((101, None, 101), []),
        ((101, 102, None, None, 100), [102]),
        ((101, 102, 100, 103, 100, 100), [102, "in time"]),
        ((101, 102, 100, 100, 101, 104), [102, "in time", 104]),
    ],
)
def test_a_lag_is_told_once_when_it_lasts_and_once_when_it_is_over(lags, heard):
    ears = Ears()
    news = VenueNews(ears, 100)
    for lag_ns in lags:
        news.lag(Venue.BINANCE, lag_ns)
        news.lag(Venue.UPBIT, 100)
    assert ears.heard == heard


def test_a_coin_that_is_refused_is_told_once_until_it_is_taken():
    ears = Ears()
    news = VenueNews(ears, 100)
    for found in ({BTC: "no"}, {BTC: "no"}, {}, {BTC: "again"}):
        news.rejected(found)
    assert ears.heard == [(*BTC, "no"), (*BTC, "again")]
