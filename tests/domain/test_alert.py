"""Equal alerts are told once in a quiet time, and counted."""

from arb.domain.alert import Alert, Severity, admit

SECOND = 1_000_000_000
QUIET_NS = 300 * SECOND


def alert(at_s: int, severity: Severity = Severity.CRITICAL) -> Alert:
    return Alert(kind="drift", subject="upbit", severity=severity, message="m", at_ns=at_s * SECOND)


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


def test_a_recovery_is_told_though_the_alarm_was_told_just_now():
    assert alert(0).key != alert(0, Severity.INFO).key
