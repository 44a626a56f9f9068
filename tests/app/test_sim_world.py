"""The simulated world: keys and money for every venue, and where each one's streams are."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.app.sim_world import stack_settings, write_world
from arb.app.start import _venues_beside
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.sim.core.config import load_config
from arb.stack.files import read_json, write_json
from arb.stack.home import Home
from config.settings import load


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    made.create()
    return made


@pytest.fixture
def settings(home):
    return load("mock", {"ARB_HOME": str(home.path)})


def world_of(home, settings, seed=1):
    return write_world(home, settings, None, ManualClock(1), SeededEntropy(seed))


def test_every_venue_has_keys_of_its_own_and_money_in_what_it_quotes_in(home, settings):
    world = world_of(home, settings)
    keys = [part for venue in Venue for part in world["credentials"][venue].values()]
    assert len(set(keys)) == 2 * len(Venue)
    assert all(Decimal(world["balances"][venue][venue.quote]) > 0 for venue in Venue)
    load_config(home.sim_file)


def test_a_world_that_is_there_keeps_its_keys_and_gets_those_that_it_lacks(home, settings):
    before = world_of(home, settings)["credentials"]
    known = read_json(home.sim_file)
    del known["credentials"][Venue.BINANCE]
    write_json(home.sim_file, known)
    after = world_of(home, settings, seed=2)["credentials"]
    assert after[Venue.UPBIT] == before[Venue.UPBIT]
    assert after[Venue.BINANCE].keys() == before[Venue.BINANCE].keys()


def test_the_streams_are_where_each_venue_has_them(home, settings):
    addresses = {venue: f"http://127.0.0.1:{9000 + number}" for number, venue in enumerate(Venue)}
    plan = SimpleNamespace(mode="mock", simulators=addresses)
    tree = stack_settings(plan, world_of(home, settings), settings)
    assert tree["upbit"]["user_stream_url"] == "ws://127.0.0.1:9000/websocket/v1/private"
    assert tree["upbit"]["stream_url"] == "ws://127.0.0.1:9000/websocket/v1"
    assert tree["binance"]["user_stream_url"] == "ws://127.0.0.1:9001/ws-api/v3"
    assert tree["binance"]["stream_url"] == "ws://127.0.0.1:9001"


def test_beside_a_stack_of_another_pair_the_venue_that_it_lacks_is_named(home, settings, monkeypatch):
    monkeypatch.setattr("arb.stack.home.answers", lambda _: True)
    home.write_settings({"mode": "mock", "upbit": {"rest_url": "http://127.0.0.1:9001"}})
    with pytest.raises(ConfigError, match="simulates no binance: give it the same pair"):
        _venues_beside(home, settings)
