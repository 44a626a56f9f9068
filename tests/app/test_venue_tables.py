"""Each table by venue has every venue."""

from importlib import import_module

import pytest

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app.streams import market_lines, user_streams
from arb.app.venues import real_clients
from arb.domain.market.ids import Venue
from arb.sim.venues import SIMULATED
from arb.venues.registry import FACTS
from config.settings import load

KEYS = {f"ARB_{venue.upper()}__CREDENTIALS__{part}": "some" for venue in Venue for part in ("KEY", "SECRET")}
SETTINGS = load("mock", KEYS)


@pytest.mark.parametrize("table", [FACTS, SIMULATED], ids=["protocols", "simulators"])
def test_a_table_has_a_row_for_each_venue(table):
    assert set(table) == set(Venue)


@pytest.mark.parametrize("venue", list(Venue))
def test_each_venue_has_a_simulator(venue):
    assert callable(import_module(f"arb.sim.{venue}.app").build)


@pytest.mark.parametrize("venue", list(Venue))
def test_each_venue_has_a_client_and_streams(venue):
    other = next(each for each in Venue if each is not venue)
    settings = SETTINGS.model_copy(update={"pair": (venue, other)})
    clock, entropy = SystemClock(), SystemEntropy()
    clients = real_clients(settings, clock, entropy)
    assert set(clients) == {venue, other}
    assert [line.stream.venue for line in market_lines(settings, entropy)] == [venue, other]
    streams = user_streams(settings, clients, clock, entropy)
    assert [stream.venue for stream, _ in streams] == [venue, other]
    assert [url for _, url in streams] == [settings.of(each).user_stream_url for each in (venue, other)]


def test_each_venue_has_settings():
    for venue in Venue:
        assert SETTINGS.of(venue) is getattr(SETTINGS, venue.value)
    assert set(SETTINGS.rest_urls) == set(SETTINGS.pair)
