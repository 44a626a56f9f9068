"""How many rows a list of the past has at most."""

import pytest

from arb.sim.binance.errors import BinanceError
from arb.sim.binance.history import LIMIT_MAX, _limit


@pytest.mark.parametrize(("asked", "given"), [("1", 1), ("999", 999), ("1000", 1_000), ("1001", 1_000)])
def test_no_list_has_more_than_a_thousand_rows(asked, given):
    assert _limit({"limit": asked}) == given <= LIMIT_MAX


def test_none_are_not_asked_for():
    with pytest.raises(BinanceError):
        _limit({"limit": "0"})
