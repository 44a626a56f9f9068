"""Recorded books as what a session trades on: which coins, in which group, never mixed with live quotes."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.app.accounts import _unkeyed
from arb.app.choose_session import data_of
from arb.app.sim_world import stack_settings, write_world
from arb.app.tape import RECORDED, Tape, begin_tape, group_on_books
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.domain.market.pair import Pair
from arb.sim.core.config import load_config
from arb.sim.core.market import build_market
from arb.stack.home import Home
from config.settings import load
from tests.sim.core.test_recorded import FIRST, a_book, recorded

PAIR = Pair(Venue.UPBIT, Venue.BINANCE)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    return made


@pytest.fixture
def tape(tmp_path):
    alone = a_book(30, Venue.UPBIT, "BTC", 1000)
    return Tape(path=recorded(tmp_path / "books", [*FIRST, alone]), speed="1")


def settings_of(home, mode="paper", **more):
    return load(mode, {"ARB_HOME": str(home.path), **more})


def test_its_coins_are_those_of_both_venues_at_their_first_price(tape):
    assert tape.prices(PAIR) == {"BTC": Decimal("500.5"), "ETH": Decimal("50.5")}


@pytest.mark.parametrize(
    ("left_out", "words"), [("USDT", "no book of the rate"), (("BTC", "ETH"), "no coin has books at both")]
)
def test_books_that_no_pair_can_be_traded_on_say_what_they_lack(tmp_path, left_out, words):
    books = [each for each in FIRST if each.venue is Venue.UPBIT and not each.symbol.startswith(left_out)]
    with pytest.raises(ConfigError, match=words):
        Tape(path=recorded(tmp_path / "books", books), speed="1").prices(PAIR)


def test_the_world_of_recorded_books_has_their_coins_and_begins_when_it_is_told(home, tape):
    world = write_world(home, settings_of(home), tape, ManualClock(7), SeededEntropy(1))
    config = load_config(home.sim_file)
    assert (list(config.coins), config.tape, config.epoch_ns) == (["BTC", "ETH"], str(tape.path), 7)
    assert Decimal(world["balances"]["binance"]["BTC"]) == Decimal("99.900")  # 50,000 USDT at 500.5
    market = build_market(config)
    assert len(market.books(Venue.UPBIT, 0)) == len(market.books(Venue.UPBIT, 900)) == 3
    begin_tape(home, 900 * 100_000_000 + 7)
    assert [len(market.books(Venue.UPBIT, step)) for step in (901, 902, 903)] == [3, 2, 0]


def test_a_world_that_is_written_again_waits_again(home, tape):
    begin_tape(home, 1)
    write_world(home, settings_of(home), tape, ManualClock(7), SeededEntropy(1))
    assert not home.tape_begins_file.exists()


def test_paper_mode_is_told_where_the_simulators_are_and_none_of_their_keys(home, tape):
    plan = SimpleNamespace(mode="paper", simulators={"upbit": "http://127.0.0.1:9000"})
    for mode, known in (("paper", False), ("mock", True)):
        settings = settings_of(home, mode)
        world = write_world(home, settings, tape, ManualClock(7), SeededEntropy(1))
        tree = stack_settings(plan, world, settings)["upbit"]
        assert tree["rest_url"] == "http://127.0.0.1:9000"
        assert ("credentials" in tree) is known


def test_a_session_on_recorded_books_has_a_group_and_paper_accounts_of_its_own(home, tape):
    assert group_on_books(tape.path, "paper", "") == RECORDED
    assert group_on_books(tape.path, "mock", "mine") == "mine"
    names = {
        played: _unkeyed(settings_of(home, ARB_GROUP=RECORDED, ARB_SIM__PLAYED_S=played))[Venue.UPBIT]
        for played in ("0", "1763640000", "1763640001")
    }
    assert names["0"] == "paper:recorded"
    assert len(set(names.values())) == 3


def test_live_mode_and_a_folder_without_books_are_refused(tmp_path, tape):
    with pytest.raises(ConfigError, match="--data: live mode"):
        group_on_books(tape.path, "live", "")
    with pytest.raises(ConfigError, match="holds no recorded books"):
        group_on_books(tmp_path, "paper", "")
    with pytest.raises(ConfigError, match="no folder of recorded books"):
        Tape(path=tmp_path, speed="1")


@pytest.mark.parametrize(
    ("frozen", "data"),
    [(None, None), ({}, None), ({"sim": {"seed": 1}}, None), ({"sim": {"data": "/monday"}}, "/monday")],
)
def test_what_a_session_trades_on_is_what_was_frozen_with_it(frozen, data):
    newest = None if frozen is None else SimpleNamespace(settings=frozen)
    assert data_of(SimpleNamespace(generation=lambda _: newest), "s") == data
