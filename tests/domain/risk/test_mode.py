"""Which reasons pass by themselves, and what a start returns to."""

import pytest

from arb.domain.risk.mode import (
    FALLBACK,
    KILLED,
    NO_FEED,
    NO_ROOM,
    PASSING,
    RECONCILED,
    STARTING,
    STOPPING,
    UNKILLED,
    ModeChange,
    ended_by,
    is_reserved,
    return_to,
    stays_halted,
)
from arb.domain.risk.review import Mode

LASTING = (f"{KILLED}storm", "watchdog: beat_age_ms of beat", "by hand")


def change(mode, reason):
    return ModeChange(mode=mode, reason=reason, at_ns=1)


@pytest.mark.parametrize("reason", sorted(PASSING))
def test_a_halt_that_passes_does_not_stay(reason):
    assert not stays_halted(Mode.HALTED, reason)


@pytest.mark.parametrize("reason", LASTING)
def test_any_other_halt_stays_until_a_person_lifts_it(reason):
    assert stays_halted(Mode.HALTED, reason)
    assert not stays_halted(Mode.REDUCE_ONLY, reason)


@pytest.mark.parametrize("mode", [Mode.REDUCE_ONLY, Mode.HALTED])
def test_a_start_returns_to_what_was_decided(mode):
    assert return_to(change(mode, "by hand")) == (mode, "by hand")


@pytest.mark.parametrize("decided", [None, change(Mode.NORMAL, "the feeds are back")])
def test_a_start_returns_to_normal_where_nothing_else_was_decided(decided):
    assert return_to(decided) == (Mode.NORMAL, RECONCILED)


@pytest.mark.parametrize(
    ("last", "ended"),
    [
        (None, None),
        (change(Mode.NORMAL, RECONCILED), "killed"),
        (change(Mode.REDUCE_ONLY, FALLBACK), "killed"),
        (change(Mode.REDUCE_ONLY, "by hand"), "killed"),
        (change(Mode.HALTED, NO_FEED), "killed"),
        (change(Mode.HALTED, STOPPING), "stopped"),
        (change(Mode.HALTED, "by hand"), "halted"),
    ],
)
def test_a_session_says_how_it_ended(last, ended):
    assert ended_by(last) == ended


@pytest.mark.parametrize("reason", [STARTING, NO_ROOM, UNKILLED, f"{KILLED}storm"])
def test_what_the_engine_acts_on_is_nobody_elses_to_say(reason):
    assert is_reserved(reason)
    assert not is_reserved(f"by hand: {reason}")
