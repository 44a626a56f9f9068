"""A session that runs takes up other settings: checked, by number, and only what may change under it."""

import os

import pytest

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.app import engines
from arb.app.generations import compare_running, freeze, freeze_in, keep, of_session, sessions_of
from arb.app.reload import may_change, plan_reload, put_in_force, refuse_other_sources
from arb.app.session import SessionPlace, create_session
from arb.cli.views.settings_view import running_document, running_text
from arb.domain.errors import ConfigError
from arb.stack.home import Home
from config import addresses
from config.settings import load
from tests.contracts import world

NOW_NS = world.NOW_NS


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The file of a person, of a home where nothing runs."""
    for name in [name for name in os.environ if name.startswith("ARB_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "own.yml"
    path.write_text("")
    for name, value in {"CONFIG": path, "HOME": tmp_path, "MODE": "paper"}.items():
        monkeypatch.setenv(f"ARB_{name}", str(value))
    addresses.settings.cache_clear()
    yield path
    addresses.settings.cache_clear()


@pytest.fixture
def running(own):
    """A session that was started with the defaults, and what it runs with."""
    sessions = MemorySessionStore(MemoryTables())
    sessions.create(world.session(environment="paper"))
    session_id = sessions.current("paper").session_id
    freeze_in(sessions, session_id, load(), NOW_NS, lambda _text: None)
    return sessions, of_session(load(), sessions, sessions.get(session_id))


def planned(running):
    sessions, settings = running
    return plan_reload(settings, sessions.current("paper").session_id, load(), NOW_NS)


def test_what_the_files_change_is_the_next_generation(own, running):
    sessions, _ = running
    own.write_text(
        'strategy: {entry_edge_bps: "31"}\nrisk: {trades_open_max: 3}\nbinance: {taker_fee_bps: "7.5"}'
    )
    found, kept = planned(running), []
    assert {str(each) for each in found.taken} == {
        "strategy.entry_edge_bps: 25 -> 31", "risk.trades_open_max: 15 -> 3",
        "binance.taker_fee_bps: 10 -> 7.5",
    }  # fmt: skip
    assert (found.left, found.settings.generation, found.settings.risk.trades_open_max) == ((), 2, 3)
    put_in_force(found, sessions, kept.append)
    session = sessions.current("paper")
    assert session.generation == 2
    assert kept == [sessions.generation(session.session_id)]
    assert of_session(load("paper", {}), sessions, session) == found.settings


def test_what_cannot_change_under_a_stack_is_left_and_named(own, running):
    own.write_text(
        "coins: [BTC]\nrisk: {quote_age_ms_max: 1400}\nfeed: {workers: 2}\nstrategy: {slip_bps: 7}\n"
        "orders: {http_timeout_ms: 1900}\nwatchdog: {sweep_interval_sec: 9}"
    )
    found = planned(running)
    assert [each.key for each in found.taken] == ["strategy.slip_bps"]
    assert {each.key for each in found.left} == {
        "coins", "risk.quote_age_ms_max", "feed.workers", "orders.http_timeout_ms",
        "watchdog.sweep_interval_sec",
    }  # fmt: skip
    assert found.settings.coins == ("BTC", "ETH", "XRP", "SOL", "ADA")
    assert (found.settings.risk.quote_age_ms_max, found.settings.strategy.slip_bps) == (1500, 7)


def test_where_nothing_may_change_the_generation_goes_on(own, running):
    assert planned(running).generation.number == 1
    own.write_text("coins: [BTC]\nlogs: {level: DEBUG}")
    found = planned(running)
    assert (found.generation.number, found.taken) == (1, ())


@pytest.mark.parametrize("text", ["strategy: [", "stratgy: {}", 'strategy: {converged_bps: "99"}'])
def test_a_file_that_is_wrong_changes_nothing(own, running, text):
    own.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        planned(running)
    assert len(str(refusal.value).splitlines()) == 1


def test_what_fits_only_with_what_cannot_change_is_refused(own, running):
    own.write_text("risk: {rate_age_ms_max: 100}\nfeed: {flush_interval_ms: 1}")
    assert planned(running).settings.risk.rate_age_ms_max == 100
    own.write_text("risk: {rate_age_ms_max: 2}\nfeed: {flush_interval_ms: 1}")
    with pytest.raises(ConfigError, match=r"^risk\.rate_age_ms_max"):
        planned(running)


def test_of_two_who_reload_at_once_one_does(own, running):
    sessions, _ = running
    own.write_text('strategy: {entry_edge_bps: "31"}')
    first = planned(running)
    own.write_text('strategy: {entry_edge_bps: "32"}')
    second = planned(running)
    put_in_force(first, sessions, lambda _generation: None)
    with pytest.raises(ConfigError, match="meanwhile"):
        put_in_force(second, sessions, lambda _generation: pytest.fail("kept though it is not in force"))


@pytest.mark.parametrize(
    "key", ["mode", "group", "pair", "coins", "sim.seed", "web.host", "snapshot.interval_s"]
)
def test_what_processes_read_once_may_not_change(key):
    assert not may_change(key)


def test_a_shell_without_what_the_settings_were_read_from_reloads_nothing(
    own, running, tmp_path, monkeypatch
):
    sessions, _ = running
    monkeypatch.setenv("ARB_RISK__TRADES_OPEN_MAX", "2")
    monkeypatch.setenv("ARB_COINS", "BTC")
    keep(Home(tmp_path), sessions.generation(sessions.current("paper").session_id))
    refuse_other_sources(os.environ)
    monkeypatch.delenv("ARB_COINS")  # which cannot change anyway
    refuse_other_sources(os.environ)
    monkeypatch.delenv("ARB_RISK__TRADES_OPEN_MAX")
    with pytest.raises(ConfigError, match=r"^ARB_RISK__TRADES_OPEN_MAX: was set "):
        refuse_other_sources(os.environ)
    monkeypatch.delenv("ARB_CONFIG")
    with pytest.raises(ConfigError, match=r"^ARB_CONFIG: .*own\.yml"):
        refuse_other_sources(os.environ)


@pytest.mark.integration
def test_a_worker_takes_up_what_is_in_force(own, database_url, redis_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ARB_DATABASE_URL", database_url)
    monkeypatch.setenv("ARB_REDIS_URL", redis_url)
    clock, home = SystemClock(), Home(tmp_path)
    with sessions_of(database_url) as sessions:
        session_id = create_session(sessions, SessionPlace.of(load(), {}), clock, SystemEntropy())
        freeze(load(), database_url, home, clock, lambda _text: None)
        before = engines.build(addresses.settings())
        monkeypatch.setattr(engines, "_engines", {os.getpid(): before})
        assert before.trading.evaluate.limits.generation == 1
        assert engines.renew() is None
        own.write_text('strategy: {name: fixed, entry_edge_bps: "31"}')
        put_in_force(
            plan_reload(before.settings, session_id, load(), clock.now_ns()),
            sessions,
            lambda _generation: None,
        )
    after = engines.renew()
    assert after is engines.engine()
    assert engines.renew() is None
    limits = after.trading.evaluate.limits
    assert (limits.generation, limits.entry_edge_bps_min) == (2, 31)
    assert after.instruments is before.instruments
    assert after.markets.fences is before.markets.fences
    own.write_text("risk: [")
    found = compare_running()
    document = running_document(found)
    assert (document["generation"], document["settings"]["strategy"]["entry_edge_bps"]) == (2, "31")
    assert document["problems"][0].startswith("the files cannot be used: ")
    own.write_text('strategy: {entry_edge_bps: "32"}')
    text = running_text(compare_running())
    assert text.startswith("# generation 2 of the settings")
    assert "#   strategy.entry_edge_bps: 31 -> 32\n" in text


def test_without_a_database_the_home_says_what_is_in_force(own, tmp_path, monkeypatch):
    monkeypatch.setenv("ARB_DATABASE_URL", "postgresql://arb@127.0.0.1:1/arb")
    found = compare_running()
    assert found.settings.generation == 0
    assert found.problems[0].startswith("by the home alone")
