"""The gate lets believable books through, in order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError
from arb.domain.time import NS_PER_MS
from arb.engine.market.gate import BookGate, GateLimits
from tests.engine.books import BTC_USDT, NOW_NS, a_book

LIMITS = GateLimits(
    lag_ns_max=1_500 * NS_PER_MS,
    ahead_ns_max=5_000 * NS_PER_MS,
    jump_bps_max=Decimal(2_000),
    jump_window_ns=1_000 * NS_PER_MS,
)


def refused(gate: BookGate, book, lag_ns: int | None = 0) -> str:
    with pytest.raises(DataError) as caught:
        gate.admit(book, lag_ns)
    return caught.value.reason


@pytest.mark.parametrize("lag_ms", [-5_000, -1, 1, 1_500])
def test_a_lag_within_the_limits_is_admitted(lag_ms):
    BookGate(LIMITS).admit(a_book(), lag_ms * NS_PER_MS)


@pytest.mark.parametrize(
    ("lag_ns", "reason"),
    [(1_501 * NS_PER_MS, "stale"), (-5_001 * NS_PER_MS, "ahead"), (None, "unstamped")],
)
def test_a_lag_beyond_the_limits_or_unknown_is_refused(lag_ns, reason):
    assert refused(BookGate(LIMITS), a_book(), lag_ns) == reason


def test_a_sequence_may_repeat_but_not_go_back_until_a_reset():
    gate = BookGate(LIMITS)
    gate.admit(a_book(sequence=5), 0)
    gate.admit(a_book(sequence=5), 0)
    assert refused(gate, a_book(sequence=4)) == "out_of_order"
    gate.admit(a_book(BTC_USDT, sequence=4), 0)
    gate.reset()
    gate.admit(a_book(sequence=4), 0)


def test_a_jump_is_absurd_within_a_second_and_a_move_after_it():
    gate = BookGate(LIMITS)
    gate.admit(a_book(bid="100"), 0)
    assert refused(gate, a_book(bid="121", ts_recv_ns=NOW_NS + 999 * NS_PER_MS)) == "absurd"
    assert refused(gate, a_book(bid="79", ts_recv_ns=NOW_NS + 999 * NS_PER_MS)) == "absurd"
    gate.admit(a_book(bid="119", ts_recv_ns=NOW_NS + 999 * NS_PER_MS), 0)
    gate.admit(a_book(bid="300", ts_recv_ns=NOW_NS + 1_999 * NS_PER_MS), 0)


@given(st.lists(st.integers(0, 9), max_size=30))
def test_what_is_admitted_never_goes_back(sequences):
    gate, admitted = BookGate(LIMITS), []
    for sequence in sequences:
        try:
            gate.admit(a_book(sequence=sequence), 0)
        except DataError:
            continue
        admitted.append(sequence)
    assert admitted == sorted(admitted)
    assert set(admitted) <= set(sequences)
    assert not sequences or max(sequences) == admitted[-1]
