"""Looks: what is late is loud."""

import pytest

from arb.cli.views.style import BAD, QUIET, aged


@pytest.mark.parametrize(("age_ms", "style"), [(500, QUIET), (501, BAD), (None, QUIET)])
def test_an_age_is_loud_beyond_its_limit(age_ms: int | None, style: str) -> None:
    assert aged(age_ms, 500).style == style
