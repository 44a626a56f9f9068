"""Counts wait in memory for the next report, and none is lost or told twice."""

from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from arb.engine.market.tally import Tally
from tests.engine.town import Uncounted

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
    tally, told = Tally(), [Uncounted(), Uncounted()]
    for counted, report in zip((before, after), told, strict=True):
        for name, reason, amount in counted:
            tally.count(name, reason, amount)
        tally.report(report)
    expected = Uncounted()
    for name, reason, amount in before + after:
        expected.count(name, reason, amount)
    assert total(told) == expected.counts


def test_what_was_reported_is_not_reported_again():
    tally, first, second = Tally(), Uncounted(), Uncounted()
    tally.count("dropped", "stale")
    tally.report(first)
    tally.report(second)
    assert (first.counts, second.counts) == ({("dropped", "stale"): 1}, {})


def test_counts_of_several_threads_add_up():
    tally, told = Tally(), Uncounted()
    threads = [
        Thread(target=lambda: [tally.count("dropped", "stale") for _ in range(2_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.report(told)
    assert told.counts == {("dropped", "stale"): 8_000}
