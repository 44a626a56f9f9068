"""What moves a trade, and the two legs that open or close one."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.market.money import fraction
from arb.domain.market.pair import Direction
from arb.domain.trading.order import Purpose
from arb.domain.trading.trade import ENDED, MOVING, TradeState, pair_legs
from tests.contracts import world
from tests.domain.markets import PAIR, market

TRADE = world.opening("s").trade
HUNDREDTH = Decimal("0.01")


def test_an_imbalance_moves_a_trade_from_when_its_repair_was_decided():
    assert replace(TRADE, updated_at_ns=7, repair_since_ns=3).moving_since_ns == 3


def test_an_even_trade_moves_from_its_last_change():
    assert replace(TRADE, updated_at_ns=7).moving_since_ns == 7


def test_every_state_moves_rests_or_has_ended():
    assert {*TradeState} == {*MOVING, *ENDED, TradeState.OPEN}
    assert not ENDED & {*MOVING}


def test_a_pair_buys_on_one_venue_what_it_sells_on_the_other():
    upbit, binance = pair_legs(market(), Direction("buy_upbit"), Purpose.ENTRY, HUNDREDTH, Decimal(8))
    assert (upbit.venue, binance.venue) == (Venue.UPBIT, Venue.BINANCE)
    assert (upbit.side, binance.side) == ("buy", "sell")
    assert upbit.quantity == binance.quantity == HUNDREDTH


def test_a_pair_is_for_what_it_was_asked_for():
    legs = pair_legs(market(), Direction("sell_upbit"), Purpose.EXIT, HUNDREDTH, Decimal(8))
    assert {leg.purpose for leg in legs} == {Purpose.EXIT}


def test_a_book_that_holds_less_gives_no_pair():
    thin = market(binance_asks=(("100000", "0.00999"),))
    assert pair_legs(thin, Direction("sell_upbit"), Purpose.ENTRY, HUNDREDTH, Decimal(8)) is None


@given(
    direction=st.sampled_from(PAIR.directions),
    lots=st.integers(1, 2_000),
    near=st.sampled_from(["0.001", "0.005", "1"]),
    slip_bps=st.decimals("0", "50", places=1),
)
def test_a_limit_reaches_the_worst_level_needed_and_never_beyond_the_slip(direction, lots, near, slip_bps):
    found = market(
        upbit_bids=(("141400000", near), ("141300000", "1")),
        upbit_asks=(("141401000", near), ("141500000", "1")),
        binance_bids=(("99999.99", near), ("99950.01", "1")),
        binance_asks=(("100000", near), ("100050.01", "1")),
    )
    quantity = lots * Decimal("0.00001")
    for leg in pair_legs(found, direction, Purpose.ENTRY, quantity, slip_bps):
        levels = found.book(leg.venue).against(leg.side)
        worst = levels[0].price if quantity <= levels[0].quantity else levels[1].price
        beyond = (leg.limit_price - worst) * leg.side.sign
        assert 0 <= beyond <= worst * fraction(slip_bps)
