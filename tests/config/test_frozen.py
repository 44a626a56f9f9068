"""A session has the settings that it began with, whatever stands in files or variables since."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation, changes
from arb.stack.home import Home
from config import settings as shipped
from config.frozen import copy_of, frozen_of, in_force, thaw, usable
from config.frozen_copy import read_copy, write_copy
from config.settings import load

SECRET = "abCD1234efGH5678"
OWN = f"""
strategy: {{entry_edge_bps: "31"}}
watchdog: {{dead_man_url: "https://ping.example/{SECRET}"}}
logs: {{level: DEBUG}}
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(OWN)
    return path


@pytest.fixture
def environ(home, own):
    return {"ARB_HOME": str(home.path), "ARB_CONFIG": str(own), "ARB_MODE": "paper"}


def freeze(home, environ, number=3):
    generation = Generation(
        session_id=SessionId("paper-1"),
        number=number,
        settings=frozen_of(load(environ=environ)),
        frozen_at_ns=7,
        why="new",
    )
    write_copy(home, copy_of(generation, environ))
    return generation


def found(environ):
    result = in_force(environ)
    settings = result.settings
    return settings.strategy.entry_edge_bps, settings.generation, result.ignored


def test_without_a_session_the_files_are_in_force(environ):
    assert found(environ) == (31, 0, ())


def test_an_edited_threshold_changes_nothing(home, environ, own):
    freeze(home, environ)
    own.write_text('strategy: {entry_edge_bps: "99"}')
    assert found(environ) == (31, 3, ())
    assert load(environ=environ).strategy.entry_edge_bps == 99


@pytest.mark.parametrize("variable", ["ARB_STRATEGY__ENTRY_EDGE_BPS", "ARB_STRATGY__X", "ARB_COINS"])
def test_a_variable_changes_nothing(home, environ, variable):
    freeze(home, environ)
    assert found({**environ, variable: "99"}) == (31, 3, ())


BROKEN = {
    "no YAML": "strategy: {entry_edge_bps: [",
    "a tab": "strategy:\n\t- 3",
    "a list": "- 3",
    "a wrong value": 'strategy: {entry_edge_bps: "much"}',
    "an unknown key": "strategy: {entry_egde_bps: 3}",
    "an unknown section": "stratgy: {}",
    "a wrong level": "logs: {level: LOUD}",
    "a wrong address": f"watchdog: {{dead_man_url: '{SECRET}'}}",
    "a conflict": 'strategy: {converged_bps: "99"}',
    "no text": "\x00\x01",
    "nested without end": "[" * 1_000,
    "a number as key": "1: 2",
    "empty": "",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_changes_nothing(home, environ, own, text):
    freeze(home, environ)
    own.write_text(text)
    edge, number, ignored = found(environ)
    assert (edge, number) == (31, 3)
    assert SECRET not in str(ignored)
    assert all(len(line.splitlines()) == 1 for line in ignored)


@pytest.mark.parametrize("how", ["gone", "a directory", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_said_and_what_it_said_holds(home, environ, own, how):
    freeze(home, environ)
    own.unlink()
    if how == "a directory":
        own.mkdir()
    elif how == "not UTF-8":
        own.write_bytes(b"logs: {level: \xff}")
    result = in_force(environ)
    assert result.settings.strategy.entry_edge_bps == 31
    assert result.settings.watchdog.dead_man_url.get_secret_value().endswith(SECRET)
    assert result.settings.logs.level == "DEBUG"
    [line] = result.ignored
    assert line.startswith(str(own))


@pytest.mark.parametrize("name", ["default", "watchdog", "paper"])
@pytest.mark.parametrize("text", ["- 1", "nonsense: 1", "strategy: 5", "risk: {"])
def test_a_broken_file_of_ours_changes_nothing(home, environ, tmp_path, monkeypatch, name, text):
    folder = tmp_path / "config"
    folder.mkdir()
    for each in ("default", "watchdog", "paper"):
        (folder / f"{each}.yml").write_text((shipped.FOLDER / f"{each}.yml").read_text())
    monkeypatch.setattr(shipped, "FOLDER", folder)
    freeze(home, environ)
    (folder / f"{name}.yml").write_text(text)
    edge, number, _ = found(environ)
    assert (edge, number) == (31, 3)


def test_secrets_addresses_and_log_levels_are_those_of_now(home, environ, own):
    freeze(home, environ)
    own.write_text(OWN.replace("DEBUG", "ERROR").replace(SECRET, "other"))
    settings = in_force({**environ, "ARB_REDIS_URL": "redis://127.0.0.1:1/0"}).settings
    assert settings.logs.level == "ERROR"
    assert settings.watchdog.dead_man_url.get_secret_value() == "https://ping.example/other"
    assert settings.redis_url.get_secret_value() == "redis://127.0.0.1:1/0"


def test_a_variable_that_is_wrong_is_left_out_alone(home, environ):
    freeze(home, environ)
    variables = {
        "ARB_REDIS_URL": f"nonsense{SECRET}",
        "ARB_DATABASE_URL": "postgresql://arb@127.0.0.1:1/arb",
        "ARB_BROKER_URL_FILE": "/nowhere/broker",
    }
    result = in_force({**environ, **variables})
    assert result.settings.redis_url is None
    assert result.settings.database_url is not None
    assert sorted(line.partition(":")[0] for line in result.ignored) == ["ARB_BROKER_URL_FILE", "redis_url"]
    assert SECRET not in str(result.ignored)


def test_no_secret_and_no_address_is_frozen():
    keys = {
        f"ARB_{venue}__CREDENTIALS__{part}": SECRET
        for venue in ("BINANCE", "UPBIT")
        for part in ("KEY", "SECRET")
    }
    url = f"postgresql://arb:{SECRET}@127.0.0.1:1/arb"
    settings = load(
        "mock", {**keys, "ARB_DATABASE_URL": url, "ARB_ALERTS__WEBHOOK_URL": f"https://a.b/{SECRET}"}
    )
    text = json.dumps(frozen_of(settings))
    assert SECRET not in text
    assert '_url"' not in text
    assert json.loads(text)["coins"] == list(settings.coins)


def test_the_copy_is_private_and_comes_back_as_it_was(home, environ):
    generation = freeze(home, environ)
    file = home.frozen_file("paper")
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_copy(home, "paper").generation == generation
    assert [path for path in file.parent.iterdir() if path != file] == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"number": 1}', '{"number": "x", "settings": 3}'])
def test_a_copy_that_is_no_copy_is_none(home, environ, text):
    freeze(home, environ)
    home.frozen_file("paper").write_text(text)
    assert found(environ) == (31, 0, ())


def test_the_session_of_another_mode_or_group_is_not_meant(home, environ):
    freeze(home, environ)
    assert in_force({**environ, "ARB_MODE": "mock"}).settings.generation == 0
    assert in_force({**environ, "ARB_GROUP": "b"}).settings.generation == 0


def test_a_group_that_is_named_in_the_file_is_found_though_the_file_breaks(home, environ, own):
    own.write_text(OWN + "group: b\n")
    freeze(home, environ)
    assert in_force(environ).settings.scope == "paper:b"
    own.write_text("{")
    assert in_force(environ).settings.scope == "paper:b"


def test_what_an_older_or_a_newer_version_froze_is_read(home, environ):
    settings = frozen_of(load(environ=environ))
    del settings["risk"]["rate_memory_s"]
    settings["strategy"]["of_old"] = 3
    settings["old"] = {"section": 1}
    generation = Generation(session_id=SessionId("s"), number=1, settings=settings, frozen_at_ns=0, why="")
    write_copy(home, copy_of(generation, environ))
    assert in_force(environ).settings.risk.rate_memory_s == load(environ=environ).risk.rate_memory_s


def test_a_generation_takes_the_place_of_another_one(environ):
    settings = load(environ=environ)
    tree = frozen_of(load(environ={**environ, "ARB_STRATEGY__ENTRY_EDGE_BPS": "44"}))
    tree["paper"]["balances"]["upbit"] = {"KRW": "5"}
    generation = Generation(session_id=SessionId("s"), number=9, settings=tree, frozen_at_ns=0, why="")
    thawed = thaw(settings, generation)
    assert (thawed.strategy.entry_edge_bps, thawed.generation) == (Decimal(44), 9)
    assert thawed.paper.balances["upbit"] == {"KRW": 5}
    assert thawed.watchdog.dead_man_url == settings.watchdog.dead_man_url
    assert frozen_of(thawed) == tree


def test_nobody_sets_a_generation(environ, own):
    with pytest.raises(ConfigError, match=r"^generation: unknown key"):
        load(environ={**environ, "ARB_GENERATION": "3"})


def test_enough_of_the_files_can_be_used_to_stop_with(environ, own):
    own.write_text("strategy: [")
    result = usable(
        {**environ, "ARB_REDIS_URL": "nonsense", "ARB_DATABASE_URL": "postgresql://a@127.0.0.1:1/a"}
    )
    assert result.settings.database_url is not None
    assert len(result.ignored) == 2
    live = usable({**environ, "ARB_MODE": "live"})
    assert live.settings.mode == "live"


def test_changes_are_named_by_their_keys():
    before = {"a": {"b": "1", "c": [1, 2]}, "d": 1}
    after = {"a": {"b": "2", "c": [1]}, "e": 1}
    assert [str(each) for each in changes(before, after)] == [
        "a.b: 1 -> 2", "a.c: 1,2 -> 1", "d: 1 -> -", "e: - -> 1",
    ]  # fmt: skip
    assert changes(before, before) == ()


def test_what_was_frozen_before_strategies_had_names_goes_on_by_the_only_one_there_was(home, environ):
    before = freeze(home, environ)
    assert in_force(environ).settings.strategy.name == "pair"
    nameless = {key: value for key, value in before.settings["strategy"].items() if key != "name"}
    old = replace(before, settings={**before.settings, "strategy": nameless})
    write_copy(home, copy_of(old, environ))
    assert in_force(environ).settings.strategy.name == "fixed"
    assert thaw(load(environ=environ), old).strategy.name == "fixed"
