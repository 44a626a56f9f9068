"""Numbers and times as a person reads them."""

from decimal import Decimal

import pytest

from arb.cli.views import text


@pytest.mark.parametrize(
    ("value", "said"),
    [("141400000", "141,400,000"), ("123.456", "123.46"), ("0.123456", "0.1235"), (None, "-")],
)
def test_a_price_has_the_digits_that_matter(value: str | None, said: str) -> None:
    assert text.price(None if value is None else Decimal(value)) == said


@pytest.mark.parametrize(("value", "said"), [("12.500", "12.5"), ("12.000", "12"), ("100", "100")])
def test_a_bare_amount_has_no_zeros_at_its_end(value: str, said: str) -> None:
    assert text.bare(value) == said


@pytest.mark.parametrize(("ms", "said"), [(-5, "0 ms"), (9_999, "9999 ms"), (61_000, "61 s"), (None, "-")])
def test_an_age_is_in_milliseconds_while_they_matter(ms: int | None, said: str) -> None:
    assert text.age(ms) == said


@pytest.mark.parametrize(("seconds", "said"), [(-1, "00:00"), (61, "01:01"), (3_661, "1:01:01")])
def test_a_duration_is_what_a_clock_shows(seconds: int, said: str) -> None:
    assert text.duration(seconds) == said


def test_a_difference_has_its_sign() -> None:
    assert [text.signed(Decimal(value), 0) for value in ("12345", "-1")] == ["+12,345", "-1"]
