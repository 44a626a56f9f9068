"""What tells nothing new about its subject is counted; what does is told, and no flapping floods anybody."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.alert import Alert, AlertKind, Quiet, Severity, admit, summary
from arb.domain.time import NS_PER_S

QUIET_NS = 300 * NS_PER_S
LEVELS = ["ok", "warn", "error", "critical"]
SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL]


def alert(at_s: int, severity: Severity = Severity.CRITICAL) -> Alert:
    return Alert(
        kind=AlertKind.LEDGER_DRIFT, subject="upbit", severity=severity, message="m", at_ns=at_s * NS_PER_S
    )


def of_level(at_s: int, level: str) -> Alert:
    """Return an alert as the watchdog raises it."""
    grade = LEVELS.index(level)
    return replace(alert(at_s, SEVERITIES[grade]), grade=grade, message=level)


def told(story: list[tuple[int, str]]) -> list[str]:
    """Return what is told of a story, in which each level is raised at its second."""
    quiet, words = None, []
    for at_s, level in story:
        quiet, held = admit(quiet, of_level(at_s, level), QUIET_NS)
        words += [] if held is None else [level]
    return words


def after(story: list[tuple[int, str]]) -> Quiet:
    """Return the quiet time after a story."""
    quiet = None
    for at_s, level in story:
        quiet, _ = admit(quiet, of_level(at_s, level), QUIET_NS)
    assert quiet is not None
    return quiet


def test_the_first_is_told_and_equal_ones_are_counted_until_the_quiet_time_is_over():
    quiet, held = admit(None, alert(0), QUIET_NS)
    assert held == 0
    for at_s in range(1, 300):
        quiet, held = admit(quiet, alert(at_s), QUIET_NS)
        assert held is None
    _, held = admit(quiet, alert(300), QUIET_NS)
    assert held == 299


def test_a_clock_that_was_set_back_does_not_silence():
    quiet, _ = admit(None, alert(1_000), QUIET_NS)
    _, held = admit(quiet, alert(10), QUIET_NS)
    assert held == 0
    assert quiet.is_over(10 * NS_PER_S, QUIET_NS), "nothing held back waits until the clock has caught up"


def test_a_recovery_is_told_though_the_alarm_was_told_just_now():
    assert told([(0, "error"), (1, "ok")]) == ["error", "ok"]


def test_what_breaks_again_or_gets_worse_is_told_at_once():
    story = [(0, "error"), (20, "ok"), (40, "error"), (70, "error"), (100, "critical")]
    assert told(story) == ["error", "ok", "error", "critical"]


def test_a_second_relapse_is_held_back_and_the_last_word_is_how_it_is():
    story = [(0, "error"), (20, "ok"), (40, "error"), (60, "ok"), (80, "error"), (100, "ok")]
    assert told(story) == ["error", "ok", "error"]
    last = summary("watchdog_ws_lag_ms|upbit", after(story), 300 * NS_PER_S, QUIET_NS)
    assert (last.severity, last.held_back) == (Severity.INFO, 3)
    assert last.message == "ok (the last of 3 that were held back in 300 s)"


def test_equal_ones_that_say_something_else_are_summed_up_by_the_last():
    quiet, _ = admit(None, alert(0), QUIET_NS)
    quiet, _ = admit(quiet, alert(1), QUIET_NS)
    assert (
        summary("ledger_drift|upbit", quiet, 0, QUIET_NS).message
        == "1 more like this were held back in 300 s"
    )
    quiet, _ = admit(quiet, replace(alert(2), message="another"), QUIET_NS)
    assert summary("ledger_drift|upbit", quiet, 0, QUIET_NS).message.startswith("another (the last of 2 ")


def test_what_flaps_every_second_is_told_three_times_in_a_quiet_time():
    assert told([(at_s, ("error", "ok")[at_s % 2]) for at_s in range(300)]) == ["error", "ok", "error"]


@given(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=60))
def test_in_a_quiet_time_nothing_is_worse_than_the_last_word_and_words_are_few(levels):
    quiet, words = None, 0
    for at_s, level in enumerate(levels):
        found = of_level(at_s, level)
        quiet, held = admit(quiet, found, QUIET_NS)
        words += held is not None
        assert found.rank <= quiet.told
        assert quiet.last == found.rank
    assert words <= 3 * len(LEVELS)
