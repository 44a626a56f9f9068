"""Rules that one process found to be old, over a real Redis: another process reads them anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from arb.adapters.broker.dispatch import SilentDispatcher
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.venue import MemoryVenue
from arb.adapters.venues import instruments
from arb.app.control import RULES as RULES_TOPIC
from arb.app.control import broadcast, outdated
from arb.app.listener import listener_of
from arb.app.stores import connect_stores
from arb.app.wiring import Engine, wire
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.review import Mode
from arb.domain.state.owner import Owner
from arb.engine.market.rules import GAP_NS
from arb.ports.trading import Session
from config.settings import load
from tests.engine.testbed import RULES

pytestmark = pytest.mark.integration
SESSION = SessionId("rules")
UPBIT = RULES[Venue.UPBIT]
KEY = (Venue.UPBIT, UPBIT.symbol)


@pytest.fixture
def environ(
    tmp_path: Path, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    found = {"ARB_HOME": str(tmp_path), "ARB_REDIS_URL": redis_url, "ARB_DATABASE_URL": database_url}
    for name, text in found.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(instruments, "GAP_NS", GAP_NS // 10)
    return found


@contextmanager
def process(environ: dict[str, str]) -> Iterator[Engine]:
    """One process's engine on the shared stores; its Upbit has the rules that a test gives it."""
    settings = load("mock", environ)
    stores = connect_stores(settings, Owner(environment="mock"))
    if stores.sessions.get(SESSION) is None:
        now_ns = time.time_ns()
        stores.sessions.create(Session(
            session_id=SESSION, environment="mock", started_at_ns=now_ns, mode=Mode.NORMAL,
            mode_reason="test", mode_changed_at_ns=now_ns,
        ))  # fmt: skip
    engine = wire(settings, SESSION, stores, SilentDispatcher())
    for venue, rule in RULES.items():
        engine.venues[venue] = MemoryVenue(
            venue=venue, rules={rule.symbol: rule}, quotes=MemoryQuoteStore(engine.clock), clock=engine.clock,
            held={},
        )  # fmt: skip
    listener = listener_of(engine)
    listener.start()
    try:
        eventually(lambda: listener.state.resyncs > 0)
        yield engine
    finally:
        listener.stop()
        stores.redis.close()
        stores.trades.engine.dispose()


def eventually(condition, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_refusal_in_one_process_says_of_the_rules_is_heard_by_another(environ: dict[str, str]):
    changed = replace(UPBIT, warning="changed")
    with process(environ) as executing, process(environ) as evaluating:
        assert evaluating.instruments[KEY].warning == ""
        evaluating.venues[Venue.UPBIT].rules[UPBIT.symbol] = changed
        executing.trading.execute.reread_rules.run(Venue.UPBIT)
        eventually(lambda: evaluating.instruments[KEY].warning == "changed", within_s=3 * GAP_NS / 1e9)


def test_a_venue_of_another_pair_is_told_of_in_vain_and_what_comes_after_is_heard(environ: dict[str, str]):
    with process(environ) as engine:
        engine.venues[Venue.UPBIT].rules[UPBIT.symbol] = replace(UPBIT, warning="changed")
        for venue in (Venue.BITHUMB, Venue.UPBIT):
            assert broadcast(engine.settings, RULES_TOPIC, outdated([venue], engine.clock.now_ns()))
        eventually(lambda: engine.instruments[KEY].warning == "changed", within_s=3 * GAP_NS / 1e9)
