"""Which reasons pass by themselves, and what a start returns to."""

import pytest

from arb.domain.risk.mode import (
    LIFTS,
    MODES,
    PASSING,
    PREFIXES,
    TEXTS,
    TRANSITIONS,
    Cause,
    ModeChange,
    ModeReason,
    SessionStanding,
    after,
    ended_by,
    is_chosen,
    is_reserved,
    reason_text,
    return_to,
    standing_of,
    stays_halted,
)
from arb.domain.risk.review import Mode

LASTING = (f"{reason_text(Cause.KILLED)}storm", "watchdog: beat_age_ms of beat", "by hand")


def change(mode, reason):
    return ModeChange(mode=mode, reason=reason, at_ns=1)


@pytest.mark.parametrize("reason", sorted(PASSING))
def test_a_halt_that_passes_does_not_stay(reason):
    assert not stays_halted(Mode.HALTED, reason_text(reason))


@pytest.mark.parametrize("reason", LASTING)
def test_any_other_halt_stays_until_a_person_lifts_it(reason):
    assert stays_halted(Mode.HALTED, reason)
    assert not stays_halted(Mode.REDUCE_ONLY, reason)


@pytest.mark.parametrize("mode", [Mode.REDUCE_ONLY, Mode.HALTED])
def test_a_start_returns_to_what_was_decided(mode):
    assert return_to(change(mode, "by hand")) == (mode, "by hand")


@pytest.mark.parametrize("decided", [None, change(Mode.NORMAL, "the feeds are back")])
def test_a_start_returns_to_normal_where_nothing_else_was_decided(decided):
    assert return_to(decided) == (Mode.NORMAL, reason_text(Cause.RECONCILED))


@pytest.mark.parametrize(
    ("last", "ended"),
    [
        (None, None),
        (change(Mode.NORMAL, reason_text(Cause.RECONCILED)), "killed"),
        (change(Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK)), "killed"),
        (change(Mode.REDUCE_ONLY, "by hand"), "killed"),
        (change(Mode.HALTED, reason_text(Cause.NO_FEED)), "killed"),
        (change(Mode.HALTED, reason_text(Cause.STOPPING)), "stopped"),
        (change(Mode.HALTED, "by hand"), "halted"),
    ],
)
def test_a_session_says_how_it_ended(last, ended):
    assert ended_by(last) == ended


@pytest.mark.parametrize(
    "reason",
    [
        reason_text(Cause.STARTING),
        reason_text(Cause.NO_ROOM),
        reason_text(Cause.UNKILLED),
        f"{reason_text(Cause.KILLED)}storm",
    ],
)
def test_what_the_engine_acts_on_is_nobody_elses_to_say(reason):
    assert is_reserved(reason)
    assert not is_reserved(f"by hand: {reason}")


def test_what_is_returned_to_normal_by_itself_is_nobodys_choice():
    assert is_chosen(Mode.NORMAL, "by hand", changed_at_ns=2, since_ns=1)
    assert is_chosen(Mode.NORMAL, reason_text(Cause.UNKILLED), changed_at_ns=2, since_ns=1)
    for lifted in LIFTS.keys() - {Cause.UNKILLED}:
        assert not is_chosen(Mode.NORMAL, reason_text(lifted), changed_at_ns=2, since_ns=1)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_reason_is_read_as_it_was_written(cause):
    detail = "" if cause in TEXTS else "of this time: x"
    assert ModeReason.parse(reason_text(cause, detail)) == ModeReason(cause, detail)


@pytest.mark.parametrize(
    ("text", "cause", "detail"),
    [
        ("starting: not reconciled yet", Cause.STARTING, ""),
        ("stopping", Cause.STOPPING, ""),
        ("fallback: the state store does not answer", Cause.FALLBACK, ""),
        ("degraded: no room on the disk", Cause.NO_ROOM, ""),
        ("feeds: no feed worker is alive", Cause.NO_FEED, ""),
        ("unhedged: a leg that was handed over stands alone", Cause.LEG_ALONE, ""),
        ("reconcile: an asset could not be judged for too long", Cause.UNJUDGED, ""),
        ("books opened and reconciled", Cause.RECONCILED, ""),
        ("killed: storm", Cause.KILLED, "storm"),
        ("killed: ", Cause.KILLED, ""),
        ("unkilled", Cause.UNKILLED, ""),
        ("watchdog: beat_age_ms of beat", Cause.WATCHDOG, "beat_age_ms of beat"),
        ("order_overfilled: a1-x", Cause.OVERFILLED, "a1-x"),
        ("binance: HTTP 401 no such key", Cause.BY_HAND, "binance: HTTP 401 no such key"),
        ("", Cause.BY_HAND, ""),
    ],
)
def test_what_rows_of_earlier_versions_say_is_read(text, cause, detail):
    assert ModeReason.parse(text) == ModeReason(cause, detail)


def test_every_standing_has_a_row_and_every_cause_an_arrow_or_a_person():
    assert set(TRANSITIONS) == set(MODES) == set(SessionStanding)
    assert {cause for row in TRANSITIONS.values() for cause in row} == set(Cause) - {Cause.BY_HAND}
    assert set(TEXTS) | set(PREFIXES) == set(Cause)
    assert not set(TEXTS) & set(PREFIXES)


@pytest.mark.parametrize("standing", list(SessionStanding))
@pytest.mark.parametrize("cause", list(Cause))
def test_a_cause_leads_where_the_table_says_and_nowhere_else(standing, cause):
    in_force = LIFTS.get(
        cause, Cause.FALLBACK if standing in (SessionStanding.REDUCED, SessionStanding.PAUSED) else None
    )
    reason = reason_text(in_force, "x") if in_force else "by hand"
    if standing_of(MODES[standing], reason) is not standing:
        return  # what it lifts never stands so
    following = TRANSITIONS[standing].get(cause)
    assert after(MODES[standing], reason, cause) is (following and MODES[following])


def test_what_lifts_one_cause_lifts_no_other():
    for lifting in LIFTS.keys() - {Cause.UNKILLED, Cause.RECONCILED}:
        assert after(Mode.HALTED, reason_text(Cause.STARTING), lifting) is None
        assert after(Mode.HALTED, "by hand", lifting) is None
        assert after(Mode.REDUCE_ONLY, "by hand", lifting) is None


@pytest.mark.parametrize("cause", sorted(set(Cause) - {Cause.KILLED, Cause.UNKILLED}))
def test_nothing_the_engine_says_is_written_over_a_halt_that_stays(cause):
    for lasting in LASTING:
        assert after(Mode.HALTED, lasting, cause) is None
