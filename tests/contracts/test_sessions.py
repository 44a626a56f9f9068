"""Sessions and how much they allow."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from arb.domain.errors import Conflict, InvariantError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.risk.mode import PASSING, Cause, ModeChange, reason_text
from arb.domain.risk.review import Mode
from arb.domain.state.generation import Generation
from arb.domain.state.recovery import Recovery
from tests.contracts import world

NOW_NS = world.NOW_NS


def test_a_session_comes_back_as_it_was(stores, session):
    assert stores.sessions.get(session.session_id) == session
    assert stores.sessions.get("s-none") is None


def test_an_id_is_used_once(stores, session):
    with pytest.raises(Conflict):
        stores.sessions.create(session)


def test_the_newest_of_an_environment_is_current(stores):
    old, new = (world.session(environment="paper", started_at_ns=NOW_NS + age) for age in (-5, 7))
    other = world.session(environment="live", started_at_ns=NOW_NS + 9)
    for item in (new, old, other):
        stores.sessions.create(item)
    assert stores.sessions.current("paper") == new


def test_an_environment_without_sessions_has_no_current_one(stores):
    assert stores.sessions.current("none") is None


def test_a_change_of_mode_is_there_with_its_reason(stores, session):
    stores.sessions.set_mode(session.session_id, Mode.HALTED, "kill switch", NOW_NS + 3)
    assert stores.sessions.get(session.session_id) == replace(
        session, mode=Mode.HALTED, mode_reason="kill switch", mode_changed_at_ns=NOW_NS + 3
    )


def test_the_newest_change_of_mode_but_for_some_reasons_is_found(stores, session):
    starting, stopping = reason_text(Cause.STARTING), reason_text(Cause.STOPPING)
    for mode, reason, age in (
        (Mode.REDUCE_ONLY, "by hand", 3), (Mode.HALTED, starting, 2), (Mode.HALTED, stopping, 1),
    ):  # fmt: skip
        stores.sessions.set_mode(session.session_id, mode, reason, NOW_NS - age)
    other = world.session()
    stores.sessions.create(other)
    by_hand = ModeChange(mode=Mode.REDUCE_ONLY, reason="by hand", at_ns=NOW_NS - 3)
    assert stores.sessions.last_mode(session.session_id, besides={Cause.STARTING, Cause.STOPPING}) == by_hand
    assert stores.sessions.last_mode(session.session_id, besides=()).cause is Cause.STOPPING
    assert stores.sessions.last_mode(other.session_id, besides=PASSING).reason == other.mode_reason


def test_a_session_that_does_not_exist_has_no_mode(stores):
    with pytest.raises(InvariantError):
        stores.sessions.set_mode("s-none", Mode.HALTED, "why", NOW_NS)


def test_a_mode_that_nobody_changed_since_it_was_read_is_changed(stores, session):
    assert stores.sessions.change_mode(session, Mode.HALTED, "starting", NOW_NS + 3)
    changed = replace(session, mode=Mode.HALTED, mode_reason="starting", mode_changed_at_ns=NOW_NS + 3)
    assert stores.sessions.get(session.session_id) == changed
    assert stores.sessions.change_mode(changed, Mode.NORMAL, "reconciled", NOW_NS + 4)
    assert stores.sessions.get(session.session_id).mode is Mode.NORMAL


@pytest.mark.parametrize(
    "meanwhile",
    [(Mode.HALTED, "killed: by hand", NOW_NS + 1), (Mode.NORMAL, "start", NOW_NS + 1)],
)
def test_a_mode_that_somebody_changed_since_it_was_read_stays(stores, session, meanwhile):
    stores.sessions.set_mode(session.session_id, *meanwhile)
    assert not stores.sessions.change_mode(session, Mode.NORMAL, "the feeds are back", NOW_NS + 2)
    assert stores.sessions.get(session.session_id).stands_at == meanwhile


def test_a_change_of_mode_whose_answer_was_lost_is_ours(stores, session):
    for _ in range(2):
        assert stores.sessions.change_mode(session, Mode.HALTED, "starting", NOW_NS + 3)


def test_of_eight_changes_at_once_one_is_made(stores, session):
    def change(number):
        return stores.sessions.change_mode(session, Mode.HALTED, f"reason {number}", NOW_NS + 3)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(change, range(8)))
    assert sum(made) == 1
    assert stores.sessions.get(session.session_id).mode_reason == f"reason {made.index(True)}"


def test_a_session_that_does_not_exist_is_not_changed(stores):
    assert not stores.sessions.change_mode(world.session(), Mode.HALTED, "why", NOW_NS)


def test_alerts_are_kept_with_and_without_a_session(stores, session):
    alert = Alert(
        kind=AlertKind.LEDGER_DRIFT,
        subject="upbit:BTC",
        severity=Severity.CRITICAL,
        message="0.1",
        at_ns=NOW_NS,
    )
    for owner in (session.session_id, None):
        stores.alerts.add(owner, alert)
    assert stores.inside.alerts()[-2:] == [
        (session.session_id, "ledger_drift", "critical"),
        (None, "ledger_drift", "critical"),
    ]


def test_a_session_that_is_taken_up_sets_the_others_aside(stores):
    old, new = (world.session(environment="live", started_at_ns=NOW_NS + 10 + age) for age in (0, 1))
    other = world.session(environment="paper", started_at_ns=NOW_NS + 20)
    for item in (old, new, other):
        stores.sessions.create(item)
    stores.sessions.take_up(old.session_id, NOW_NS)
    assert stores.sessions.current("live") == old
    assert stores.sessions.current("paper") == other
    assert list(stores.sessions.listed("live"))[:2] == [new, old]
    stores.sessions.take_up(new.session_id, NOW_NS)
    assert stores.sessions.current("live") == new


def test_each_group_has_a_session_in_use(stores):
    one, two = (world.session(environment="live", group=group) for group in ("one", "two"))
    newer = world.session(environment="live", group="one", started_at_ns=NOW_NS + 1)
    for item in (one, two, newer):
        stores.sessions.create(item)
    stores.sessions.take_up(one.session_id, NOW_NS)
    assert stores.sessions.current("live", "one") == one
    assert stores.sessions.current("live", "two") == two
    assert stores.sessions.current("live") not in (one, two, newer)


def test_recoveries_are_kept_and_the_newest_come_first(stores, session):
    first, second, third = (
        Recovery(component="redis", cause="gone", lost_at_ns=at, recovered_at_ns=at + 5, detail="whole")
        for at in (1, 2, 3)
    )
    for recovery in (second, third, first):
        stores.sessions.recovered(session.session_id, recovery)
    assert stores.sessions.recoveries(session.session_id, 2) == (third, second)
    assert stores.sessions.recoveries("s-none", 2) == ()


def test_the_accounts_of_a_session_are_named_once(stores, session):
    stores.sessions.name_accounts(session.session_id, world.accounts("abc"))
    stores.sessions.name_accounts(session.session_id, world.accounts("another"))
    assert stores.sessions.get(session.session_id) == replace(session, accounts=world.accounts("abc"))


def test_a_session_that_does_not_exist_cannot_be_taken_up(stores):
    with pytest.raises(InvariantError):
        stores.sessions.take_up("s-none", NOW_NS)


def test_what_was_not_judged_is_kept_and_replaced(stores, session):
    assert stores.sessions.unjudged(session.session_id) == {}
    since = {"binance:BTC": 1_763_640_000_000_000_001, "venues": 2}
    stores.sessions.keep_unjudged(session.session_id, since)
    assert stores.sessions.unjudged(session.session_id) == since
    stores.sessions.keep_unjudged(session.session_id, {})
    assert stores.sessions.unjudged(session.session_id) == {}


def generation(session, number, **settings):
    return Generation(
        session_id=session.session_id,
        number=number,
        settings=settings,
        frozen_at_ns=NOW_NS + number,
        why="new",
    )


def test_a_session_of_before_they_were_kept_has_no_generation(stores, session):
    assert stores.sessions.generation(session.session_id) is None
    assert stores.sessions.get(session.session_id).generation == 0


def test_the_newest_generation_is_in_force(stores, session):
    first, second = generation(session, 1, a={"b": "1"}), generation(session, 2, a={"b": "2", "c": [1]})
    stores.sessions.begin_generation(first)
    assert stores.sessions.generation(session.session_id) == first
    stores.sessions.begin_generation(second)
    assert stores.sessions.generation(session.session_id) == second
    assert stores.sessions.get(session.session_id) == replace(session, generation=2)
    assert stores.sessions.current(session.environment).generation == 2


def test_a_generation_begins_once_and_in_its_turn(stores, session):
    first = generation(session, 1, a="1")
    stores.sessions.begin_generation(first)
    stores.sessions.begin_generation(first)  # the answer to its commit was lost
    for other in (generation(session, 1, a="2"), generation(session, 3, a="1")):
        with pytest.raises(Conflict):
            stores.sessions.begin_generation(other)
    assert stores.sessions.generation(session.session_id) == first


def test_of_several_that_would_follow_one_does(stores, session):
    def begin(number):
        try:
            stores.sessions.begin_generation(generation(session, 1, a=str(number)))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(begin, range(4))) == 1


def test_a_change_of_mode_leaves_the_generation_alone(stores, session):
    stores.sessions.begin_generation(generation(session, 1))
    stores.sessions.set_mode(session.session_id, Mode.HALTED, "why", NOW_NS + 3)
    assert stores.sessions.get(session.session_id).generation == 1
