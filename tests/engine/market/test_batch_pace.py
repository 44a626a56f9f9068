"""A feed pauses an interval between flushes on average, and less behind quiet."""

from hypothesis import given
from hypothesis import strategies as st

from arb.engine.market.batch_pace import BATCH_FULL, QUIET_INTERVALS_MAX, BatchPace

INTERVAL_NS = 2_000_000


def a_busy_pace() -> BatchPace:
    pace = BatchPace(INTERVAL_NS)
    for _ in range(2 * QUIET_INTERVALS_MAX):
        pace.pause_ns(0)
    return pace


def test_what_comes_behind_the_first_book_after_quiet_is_handed_on_soon():
    pace = a_busy_pace()
    pace.waited(INTERVAL_NS)
    assert pace.pause_ns(1) == INTERVAL_NS // BATCH_FULL
    assert pace.pause_ns(1) == INTERVAL_NS - INTERVAL_NS // BATCH_FULL, "the rest of what the quiet was worth"
    assert pace.pause_ns(1) == INTERVAL_NS


def test_a_busy_market_is_handed_on_once_an_interval_however_few_books_each_time():
    pace = a_busy_pace()
    assert {pace.pause_ns(books) for books in (0, 1, 15, 16, 500)} == {INTERVAL_NS}


def test_many_books_are_followed_by_a_whole_interval_whatever_came_before():
    assert BatchPace(INTERVAL_NS).pause_ns(BATCH_FULL) == INTERVAL_NS
    assert BatchPace(INTERVAL_NS).pause_ns(100 * BATCH_FULL) == INTERVAL_NS


def test_a_clock_that_goes_back_takes_nothing_away():
    pace = a_busy_pace()
    pace.waited(-5 * INTERVAL_NS)
    assert pace.pause_ns(1) == INTERVAL_NS


@given(st.lists(st.tuples(st.integers(0, 10 * INTERVAL_NS), st.integers(0, 40)), max_size=50))
def test_flushes_and_quiet_together_take_an_interval_each_but_for_a_few(steps):
    pace, spent_ns = BatchPace(INTERVAL_NS), 0
    for quiet_ns, books in steps:
        pace.waited(quiet_ns)
        pause_ns = pace.pause_ns(books)
        assert min(books, BATCH_FULL) * INTERVAL_NS // BATCH_FULL <= pause_ns <= INTERVAL_NS
        spent_ns += quiet_ns + pause_ns
    assert spent_ns >= (len(steps) - QUIET_INTERVALS_MAX) * INTERVAL_NS
