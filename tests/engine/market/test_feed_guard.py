"""Nobody feeds: halted and alarmed; somebody feeds again: it goes on by itself."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.health.alert import Severity
from arb.domain.health.assignment import Beat
from arb.domain.market.ids import Coin, SessionId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.market.feed_guard import FeedGuard
from arb.ports.trading import Session
from tests.engine.books import NOW_NS
from tests.engine.races import Raced

SESSION = SessionId("guarded")


class Alarms:
    def __init__(self) -> None:
        self.severities: list[Severity] = []

    def raise_alert(self, alert) -> None:
        self.severities.append(alert.severity)


class World:
    """A session, and a registry that a worker beats in when the test says so."""

    def __init__(self, mode: Mode = Mode.NORMAL, reason: str = "test") -> None:
        self.clock, self.alarms = ManualClock(NOW_NS), Alarms()
        self.registry = MemoryFeedRegistry(MemoryQuoteStore(self.clock))
        self.sessions = MemorySessionStore(MemoryTables())
        self.sessions.create(
            Session(
                session_id=SESSION,
                environment="mock",
                started_at_ns=NOW_NS,
                mode=mode,
                mode_reason=reason,
                mode_changed_at_ns=NOW_NS,
            )
        )
        self.guard = FeedGuard(
            session_id=SESSION, registry=self.registry, sessions=self.sessions, alerts=self.alarms
        )

    def beat(self, *coins: Coin) -> None:
        self.registry.report(
            Beat(
                worker="feed",
                incarnation=1,
                count=self.clock.now_ns(),
                capacity=9,
                fences=dict.fromkeys(coins, 1),
                at_ns=self.clock.now_ns(),
            )
        )

    def look(self, after_s: int = 0) -> tuple[Mode, str]:
        self.clock.advance_ms(after_s * 1_000)
        self.guard.run(self.clock.now_ns())
        session = self.sessions.get(SESSION)
        return session.mode, session.mode_reason


def test_a_session_that_is_fed_is_left_alone():
    world = World()
    world.beat(Coin("BTC"))
    assert world.look(5) == (Mode.NORMAL, "test")
    assert world.alarms.severities == []


def test_without_a_sign_of_life_it_is_halted_once_and_goes_on_by_itself():
    world = World()
    world.beat(Coin("BTC"))
    assert world.look(7) == (Mode.HALTED, reason_text(Cause.NO_FEED))
    assert world.look(5) == (Mode.HALTED, reason_text(Cause.NO_FEED))
    world.beat()
    assert world.look() == (Mode.HALTED, reason_text(Cause.NO_FEED)), "it lives, but feeds nothing yet"
    world.beat(Coin("BTC"))
    assert world.look() == (Mode.NORMAL, "the feeds are back")
    assert world.alarms.severities == [Severity.CRITICAL, Severity.INFO]


def test_an_empty_registry_is_nobody_only_when_it_stays_empty():
    world = World()
    assert world.look() == (Mode.NORMAL, "test")
    assert world.look(5) == (Mode.NORMAL, "test")
    assert world.look(5) == (Mode.HALTED, reason_text(Cause.NO_FEED))


@pytest.mark.parametrize(
    ("mode", "reason"), [(Mode.HALTED, "killed: by hand"), (Mode.REDUCE_ONLY, "by hand")]
)
def test_what_somebody_else_restricted_stays_as_it_is(mode, reason):
    world = World(mode, reason)
    world.beat(Coin("BTC"))
    assert world.look(60) == (mode, reason)
    world.beat(Coin("BTC"))
    assert world.look() == (mode, reason)


def test_a_registry_that_is_away_proves_nothing():
    world = World()
    world.beat(Coin("BTC"))
    world.registry.away = True
    assert world.look(60) == (Mode.NORMAL, "test")


@pytest.mark.parametrize("halted", [False, True])
def test_what_halts_a_session_between_a_look_and_its_change_stays(halted):
    world = World(*((Mode.HALTED, reason_text(Cause.NO_FEED)) if halted else (Mode.NORMAL, "test")))
    world.beat(Coin("BTC"))
    world.guard.sessions = Raced(world.sessions)
    assert world.look(0 if halted else 7) == (Mode.HALTED, Raced.REASON)
    assert world.alarms.severities == []
