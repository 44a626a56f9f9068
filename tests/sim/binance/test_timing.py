"""The two-step timestamp rule, at its edges."""

import pytest

from arb.domain.time import NS_PER_MS
from arb.sim.binance.errors import BinanceError
from arb.sim.binance.timing import parse_validity

NOW_MS = 1_700_000_000_000
LATE = "Timestamp for this request is outside of the recvWindow."
EARLY = "Timestamp for this request was 1000ms ahead of the server's time."


def arrival(offset_ms, window="5000"):
    """Return the error text of a request stamped `offset_ms` after the server's time."""
    try:
        parse_validity(str(NOW_MS + offset_ms), window).check_arrival(NOW_MS * NS_PER_MS)
    except BinanceError as error:
        assert error.code == -1021
        return error.text
    return None


@pytest.mark.parametrize(
    ("offset_ms", "window", "text"),
    [
        (0, "5000", None),
        (999, "5000", None),
        (1000, "5000", EARLY),
        (-5000, "5000", None),
        (-5001, "5000", LATE),
        (-60000, "60000", None),
        (-2, "1.5", LATE),
        (-1, "1.5", None),
    ],
)
def test_arrival(offset_ms, window, text):
    assert arrival(offset_ms, window) == text


def test_engine_refuses_what_was_in_time_on_arrival_but_is_not_any_more():
    validity = parse_validity(str(NOW_MS), "100")
    validity.check_arrival(NOW_MS * NS_PER_MS)
    validity.check_engine((NOW_MS + 100) * NS_PER_MS)
    with pytest.raises(BinanceError, match="outside of the recvWindow"):
        validity.check_engine((NOW_MS + 101) * NS_PER_MS)


def test_microseconds_are_understood():
    assert parse_validity(f"{NOW_MS}123").timestamp_ns == NOW_MS * NS_PER_MS + 123_000


@pytest.mark.parametrize(
    ("timestamp", "window", "code"),
    [("12x", "5000", -1100), ("", "5000", -1102), ("1", "60001", -1131), ("1", "1.2345", -1100)],
)
def test_malformed_times_are_refused(timestamp, window, code):
    with pytest.raises(BinanceError) as refused:
        parse_validity(timestamp, window)
    assert refused.value.code == code
