"""Each venue's rounding rules."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.instrument import Side
from tests.domain.markets import BINANCE, UPBIT

prices = st.decimals(min_value="0.0001", max_value="3e8", places=8)


@pytest.mark.parametrize(
    ("price", "tick"),
    [
        ("2000000", "1000"), ("1999999", "1000"), ("999999", "500"), ("500000", "500"), ("499999", "100"),
        ("100000", "100"), ("99999", "50"), ("50000", "50"), ("49999", "10"), ("10000", "10"), ("9999", "5"),
        ("5000", "5"), ("4999", "1"), ("1000", "1"), ("100", "1"), ("99", "0.1"), ("10", "0.1"),
        ("9.9", "0.01"), ("1", "0.01"), ("0.99", "0.001"), ("0.00000001", "0.00000001"),
    ],
)  # fmt: skip
def test_upbits_price_bands(price, tick):
    assert UPBIT.tick(Decimal(price)) == Decimal(tick)


@given(price=prices, side=st.sampled_from(Side), instrument=st.sampled_from([UPBIT, BINANCE]))
def test_a_rounded_price_is_valid_and_at_least_as_aggressive(price, side, instrument):
    rounded = instrument.round_price(price, side)
    if rounded > 0:
        assert rounded % instrument.tick(rounded) == 0
    assert side.sign * (rounded - price) >= 0
    assert instrument.round_price(rounded, side) == rounded


def test_rounding_up_may_enter_the_next_band():
    assert UPBIT.round_price(Decimal("999999.5"), Side.BUY) == 1_000_000


@given(quantity=st.decimals(min_value=0, max_value=10_000, places=10))
def test_a_rounded_quantity_can_be_sent_and_is_not_more(quantity):
    rounded = BINANCE.round_quantity(quantity)
    assert rounded <= quantity
    assert rounded % BINANCE.lot_step == 0
    assert rounded <= BINANCE.quantity_max


@pytest.mark.parametrize(
    ("quantity", "price", "accepted"),
    [("0.00005", "100000", True), ("0.00004", "100000", False), ("0", "100000", False),
     ("9001", "100000", False)],
)  # fmt: skip
def test_the_venues_minimums(quantity, price, accepted):
    assert BINANCE.accepts(Decimal(quantity), Decimal(price)) is accepted


def test_upbit_takes_its_fee_in_krw_and_binance_in_what_is_received():
    one, price = Decimal(1), Decimal(1000)
    assert UPBIT.fee(Side.BUY, one, price) == ("KRW", Decimal("0.5"))
    assert UPBIT.fee(Side.SELL, one, price) == ("KRW", Decimal("0.5"))
    assert BINANCE.fee(Side.BUY, one, price) == ("BTC", Decimal("0.001"))
    assert BINANCE.fee(Side.SELL, one, price) == ("USDT", Decimal(1))


@pytest.mark.parametrize(
    "change", [{"price_bands": ()}, {"lot_step": Decimal(0)}, {"taker_fee_bps": Decimal(-1)}]
)
def test_an_instrument_cannot_be_built_wrong(change):
    with pytest.raises(ValueError, match="instrument"):
        replace(UPBIT, **change)
