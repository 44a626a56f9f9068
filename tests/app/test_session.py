"""Where a session belongs, and what a start makes of how it stood before."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.app.session import (
    SessionPlace,
    begin_trading,
    clean_session,
    create_session,
    go_on,
    resume_session,
    take_up_session,
)
from arb.app.session_switch import alert_open_pairs
from arb.domain.errors import ConfigError
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.risk.stop import Stop
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.engine.kill.test_emergency import Stopping, unknown_leg
from tests.engine.races import Raced
from tests.engine.testbed import SESSION, EngineTestbed
from tests.engine.trading.test_settle import leave_leg_alone, only_trade, open_one, run_due

NOTHING = (ManualClock(), SeededEntropy(1))


@pytest.fixture
def sessions():
    return MemorySessionStore(MemoryTables())


def test_each_group_goes_on_with_its_own_session(sessions):
    one, two = (
        SessionPlace(environment="mock", group=group, accounts=world.accounts("a"))
        for group in ("one", "two")
    )
    first = create_session(sessions, one, *NOTHING)
    second = create_session(sessions, two, *NOTHING)
    assert first.startswith("mock-one-")
    assert resumed(sessions, one) == first
    assert resumed(sessions, two) == second


def resumed(sessions, place):
    return resume_session(sessions, MemoryTradeStore(sessions.tables), place, *NOTHING)


def test_a_session_from_before_accounts_were_kept_goes_on_with_those_of_today(sessions):
    session_id = create_session(
        sessions, SessionPlace(environment="mock", accounts=world.accounts("")), *NOTHING
    )
    assert resumed(sessions, SessionPlace(environment="mock", accounts=world.accounts("new"))) == session_id
    assert sessions.get(session_id).accounts == world.accounts("new")


@pytest.mark.parametrize(
    "accounts",
    [
        world.accounts("new"),
        {Venue.UPBIT: "old", Venue.BINANCE: "new"},
        {Venue.UPBIT: "old"},
    ],
)
def test_on_other_accounts_a_session_begins_and_the_one_on_those_of_before_is_kept(sessions, accounts):
    session_id = create_session(
        sessions, SessionPlace(environment="mock", accounts=world.accounts("old")), *NOTHING
    )
    following = resumed(sessions, SessionPlace(environment="mock", accounts=accounts))
    assert following != session_id
    assert sessions.get(following).accounts == accounts
    assert sessions.get(session_id).accounts == world.accounts("old")
    assert sessions.current("mock").session_id == following


def test_a_key_of_another_account_is_refused_beside_open_pairs_in_one_line(testbed):
    testbed.sessions.name_accounts(SESSION, world.accounts("desk"))
    open_one(testbed)
    other = SessionPlace(environment="mock", accounts={Venue.UPBIT: "desk", Venue.BINANCE: "another"})
    with pytest.raises(ConfigError, match="1 trades or orders on binance=desk,upbit=desk") as refused:
        resume_session(testbed.sessions, testbed.trades, other, testbed.clock, SeededEntropy(1))
    assert "\n" not in str(refused.value)
    assert testbed.sessions.get(SESSION).accounts == world.accounts("desk")


def test_a_session_of_other_accounts_is_not_taken_up(sessions):
    old = create_session(sessions, SessionPlace(environment="mock", accounts=world.accounts("old")), *NOTHING)
    new = SessionPlace(environment="mock", accounts=world.accounts("new"))
    with pytest.raises(ConfigError, match="same account"):
        take_up_session(sessions, MemoryTradeStore(sessions.tables), old, new, *NOTHING)


def test_a_session_of_another_group_is_refused_with_what_to_do(sessions):
    session_id = create_session(sessions, SessionPlace(environment="mock", group="one"), *NOTHING)
    with pytest.raises(ConfigError, match="is of group one; resume it with the same --group"):
        take_up_session(
            sessions,
            MemoryTradeStore(sessions.tables),
            session_id,
            SessionPlace(environment="mock"),
            *NOTHING,
        )


MOCK = SessionPlace(environment="mock")


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def clean(testbed: EngineTestbed):
    return clean_session(testbed.sessions, testbed.trades, MOCK, testbed.clock, SeededEntropy(1))


def take_up_another(testbed: EngineTestbed):
    other = world.session(started_at_ns=1)
    testbed.sessions.create(other)
    return take_up_session(
        testbed.sessions, testbed.trades, other.session_id, MOCK, testbed.clock, SeededEntropy(1)
    )


def repairing(testbed: EngineTestbed) -> None:
    """Between two repairs: no order works, and nobody could be asked for a market yet."""
    leave_leg_alone(testbed)
    testbed.pass_time(5_000)
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.settle.run(only_trade(testbed).trade_id)
    testbed.pending.clear()
    assert only_trade(testbed).state is TradeState.REPAIRING
    assert testbed.trades.working(SESSION) == 0


@pytest.mark.parametrize("leave", [clean, take_up_another])
@pytest.mark.parametrize("happened", [open_one, leave_leg_alone, repairing])
def test_a_session_that_is_not_at_rest_is_not_left(testbed, leave, happened):
    happened(testbed)
    with pytest.raises(ConfigError, match="is not at rest") as refused:
        leave(testbed)
    assert only_trade(testbed).trade_id in str(refused.value)
    assert "`arb up`" in str(refused.value)
    assert "`arb kill`" in str(refused.value)
    assert testbed.sessions.current("mock").session_id == SESSION


@pytest.mark.parametrize("leave", [clean, take_up_another])
def test_a_session_whose_operator_was_not_told_of_a_trade_is_not_left(testbed, leave):
    open_one(testbed)
    run_due(testbed)
    ended = replace(only_trade(testbed), state=TradeState.ESCALATED, closed_at_ns=testbed.clock.now_ns() - 1)
    testbed.trades.add_orders(ended, ())
    with pytest.raises(ConfigError, match=ended.trade_id):
        leave(testbed)
    testbed.pass_time(6_000)
    testbed.sweep.run()
    assert leave(testbed) != SESSION


@pytest.mark.parametrize("leave", [clean, take_up_another])
def test_hedged_pairs_of_a_session_that_is_left_are_named_and_alarmed(testbed, leave):
    open_one(testbed)
    run_due(testbed)
    assert only_trade(testbed).state is TradeState.OPEN
    left = testbed.sessions.get(SESSION)
    assert leave(testbed) != SESSION
    said = alert_open_pairs(testbed.trades, testbed.escalate.alerts, left, testbed.clock.now_ns())
    assert f"{only_trade(testbed).trade_id} (BTC)" in said
    assert f"`arb resume {SESSION}`" in said
    [(_, alert)] = testbed.tables.alerts
    assert (alert.kind, alert.subject, alert.severity) == ("pairs_set_aside", SESSION, Severity.WARNING)


def test_without_pairs_there_is_nothing_to_tell(testbed):
    assert alert_open_pairs(testbed.trades, testbed.escalate.alerts, testbed.sessions.get(SESSION), 1) is None
    assert testbed.tables.alerts == []


@dataclass
class Started:
    """What beginning to trade needs of an engine."""

    testbed: EngineTestbed
    sessions: object
    session_id = SESSION

    def __getattr__(self, name):
        if name in ("trading", "ledger"):
            return self.testbed
        return getattr(self.testbed, {"kill_switch": "switch"}.get(name, name))


def test_what_halts_a_session_while_it_starts_stays(testbed):
    testbed.sessions.set_mode(SESSION, Mode.HALTED, reason_text(Cause.STARTING), 1)
    raced = Raced(testbed.sessions, reads_before=1)  # of the kill switch and the mode
    begin_trading(Started(testbed, raced), lambda _: None)
    assert testbed.sessions.get(SESSION).mode_reason == Raced.REASON


def test_a_start_that_nobody_disturbs_allows_trading(testbed):
    testbed.sessions.set_mode(SESSION, Mode.HALTED, reason_text(Cause.STARTING), 1)
    begin_trading(Started(testbed, testbed.sessions), lambda _: None)
    assert testbed.sessions.get(SESSION).mode is Mode.NORMAL


def test_what_halts_a_session_while_it_is_gone_on_with_stays(testbed):
    raced = Raced(testbed.sessions)
    assert resume_session(raced, testbed.trades, MOCK, testbed.clock, SeededEntropy(1)) == SESSION
    assert testbed.sessions.get(SESSION).mode_reason == Raced.REASON


class Resumed(Started):
    """A session that was rebuilt, with an emergency stop that was under way when its machine went."""

    def __init__(self, testbed: EngineTestbed) -> None:
        super().__init__(testbed, testbed.sessions)
        self.stop, self.readied = Stopping(testbed), 0
        self.stop.emergency.begin("ws_lag_ms of upbit")
        self.stop.tend_for(40)
        self.stop.memory.stop = replace(
            self.stop.memory.stop or Stop(session_id=SESSION, reason="watchdog: x", began_ns=1),
            starting_ns=testbed.clock.now_ns(),
        )
        resume_session(testbed.sessions, testbed.trades, MOCK, testbed.clock, SeededEntropy(1))
        self.kill = SimpleNamespace(emergency=self.stop.emergency, drain=testbed.drain)
        account = SimpleNamespace(lines=list, differences=())
        self.state = SimpleNamespace(resume=SimpleNamespace(run=lambda: account))

    def start(self) -> None:
        def ready() -> None:
            self.readied += 1

        go_on(self, self.testbed.clock.now_ns(), ready, lambda _: None)


def test_a_start_looks_after_what_a_stop_waits_for_although_its_venue_is_away(testbed):
    unknown_leg(testbed)
    resumed = Resumed(testbed)
    for client in testbed.venues.values():
        client.silent = True
    resumed.start()
    assert resumed.readied == 0
    assert resumed.stop.memory.stop.starting_ns == 0
    assert testbed.sessions.get(SESSION).mode_reason == "watchdog: ws_lag_ms of upbit"


def test_a_start_with_nothing_out_any_more_ends_the_stop_and_stays_halted(testbed):
    resumed = Resumed(testbed)
    resumed.start()
    assert resumed.readied == 1
    assert resumed.stop.memory.stop is None
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED


def test_the_stop_of_a_session_that_another_one_replaced_is_forgotten(testbed):
    resumed = Resumed(testbed)
    resumed.stop.memory.stop = replace(resumed.stop.memory.stop, session_id="mock-0")
    resumed.start()
    assert resumed.readied == 1
    assert resumed.stop.memory.stop is None
