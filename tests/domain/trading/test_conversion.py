"""The rate that a pair keeps of its entry."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.spread import Rate
from arb.domain.trading.conversion import kept_rate

CALM = Rate(krw_per_usdt=Decimal(1_400), ts_recv_ns=1)


@pytest.mark.parametrize("low", ["1400", "1399", "1398"])
def test_a_calm_rate_is_kept(low: str):
    assert kept_rate(replace(CALM, low=Decimal(low), high=Decimal(1_400))) == 1_400


@pytest.mark.parametrize(("low", "high"), [("1397", "1400"), ("1400", "1403"), ("1383", "1417")])
def test_no_rate_is_kept_of_one_that_may_be_jumping(low: str, high: str):
    assert kept_rate(replace(CALM, low=Decimal(low), high=Decimal(high))) == 0
