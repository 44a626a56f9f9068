"""Rules in town: what is said where they are missing."""

from dataclasses import replace

import pytest

from arb.domain.ids import Venue
from tests.engine.town import BTC, RULES, Town


@pytest.mark.parametrize("venue", list(Venue))
def test_a_coin_without_rules_is_counted_as_refused(venue: Venue):
    town = Town()
    town.venues[venue].rules.clear()
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", f"no_rules_{venue}"] == 1
    assert ("refused", f"no_rules_{venue.other}") not in town.counters.counts
    assert [(alert.kind, alert.subject) for _, alert in town.tables.alerts] == [
        ("coin_unlisted", f"{BTC} on {venue}")
    ]


def test_a_coin_without_books_is_not_counted_as_without_rules():
    town = Town()
    town.quotes.put([town.book(Venue.BINANCE, "ETH/USDT", "99", "100", "5")], ["ETH"])
    town.venues[Venue.BINANCE].rules["ETH/USDT"] = replace(RULES[Venue.BINANCE], symbol="ETH/USDT")
    town.venues[Venue.UPBIT].rules["ETH/KRW"] = replace(RULES[Venue.UPBIT], symbol="ETH/KRW")
    town.evaluate_now()
    assert not [reason for name, reason in town.counters.counts if name == "refused"]
