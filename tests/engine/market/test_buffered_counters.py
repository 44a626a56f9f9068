"""Counts wait in memory for the next report, and none is lost or told twice."""

from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from arb.engine.market.buffered_counters import BufferedCounters
from tests.engine.testbed import Uncounted

counts = st.lists(
    st.tuples(st.sampled_from(["dropped", "read"]), st.sampled_from(["stale", "absurd"]), st.integers(1, 9))
)


def total(told: list[Uncounted]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for each in told:
        for key, amount in each.counts.items():
            found[key] = found.get(key, 0) + amount
    return found


@given(before=counts, after=counts)
def test_reports_together_tell_what_was_counted(before, after):
    buffered, told = BufferedCounters(), [Uncounted(), Uncounted()]
    for counted, report in zip((before, after), told, strict=True):
        for name, reason, amount in counted:
            buffered.count(name, reason, amount)
        buffered.report(report)
    expected = Uncounted()
    for name, reason, amount in before + after:
        expected.count(name, reason, amount)
    assert total(told) == expected.counts


def test_what_was_reported_is_not_reported_again():
    buffered, first, second = BufferedCounters(), Uncounted(), Uncounted()
    buffered.count("dropped", "stale")
    buffered.report(first)
    buffered.report(second)
    assert (first.counts, second.counts) == ({("dropped", "stale"): 1}, {})


def test_counts_of_several_threads_add_up():
    buffered, told = BufferedCounters(), Uncounted()
    threads = [
        Thread(target=lambda: [buffered.count("dropped", "stale") for _ in range(2_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    buffered.report(told)
    assert told.counts == {("dropped", "stale"): 8_000}
