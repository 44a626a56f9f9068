"""How `to` is read: by UTC at one venue, by the Korean clock at the other."""

import pytest

from arb.sim.krw.candle_routes import korean_moment, utc_moment

MIDNIGHT_S = 1_738_281_600  # 2025-01-31T00:00:00Z


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (utc_moment, "2025-01-31T00:00:00Z"),
        (utc_moment, "2025-01-31 00:00:00"),
        (utc_moment, "2025-01-31T09:00:00+09:00"),
        (korean_moment, "2025-01-31 09:00:00"),
        (korean_moment, "2025-01-31T09:00:00Z"),
        (korean_moment, "2025-01-31T09:00:00+09:00"),
        (korean_moment, "2025-01-31T00:00:00+00:00"),
    ],
)
def test_one_moment_in_the_words_of_each_venue(read, text):
    assert read(text).timestamp() == MIDNIGHT_S


@pytest.mark.parametrize("read", [utc_moment, korean_moment])
def test_what_is_no_time_is_none(read):
    with pytest.raises(ValueError, match="isoformat"):
        read("yesterday")
