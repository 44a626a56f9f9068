"""What is set aside before a leg goes out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.money import fraction
from arb.domain.trading.reserve import hold_of, loss_reserve_krw
from tests.contracts import world
from tests.domain.markets import UPBIT, market


@pytest.fixture
def proposal():
    return world.opening("s", loss_reserve_krw="40000").proposal


def test_a_hold_covers_the_order_and_its_fee(proposal):
    upbit, binance = proposal.legs
    assert hold_of(upbit, "BTC") == ("BTC", Decimal("0.01"))
    assert hold_of(binance, "BTC") == ("USDT", Decimal("1002.00"))


def test_a_reserve_covers_stop_loss_repair_and_all_fees():
    """250 bps, four fees of 5 + 5 + 10 + 10 bps, and a repair's 10."""
    assert loss_reserve_krw(Decimal(1_000_000), market(), Decimal(250)) == Decimal(29_000)


@given(
    notional=st.decimals("-1e9", "1e12", places=2),
    loss_bps=st.decimals("-500", "5000", places=1),
    fee_bps=st.decimals("0", "100", places=2),
)
def test_a_reserve_is_never_negative_and_covers_the_fees(notional, loss_bps, fee_bps):
    found = market(upbit=replace(UPBIT, taker_fee_bps=fee_bps))
    assert loss_reserve_krw(notional, found, loss_bps) >= abs(notional) * fraction(3 * fee_bps) >= 0
