"""What a trade holds and earned."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.domain.trading.order import State
from arb.domain.trading.position import is_dust, leg_position, trade_position
from tests.contracts import world
from tests.domain.markets import BINANCE


def filled(order, quantity=None, **changes):
    fill = replace(world.fill(order, quantity), **changes)
    return replace(order, state=State.FILLED, fills=(fill,))


def test_an_opened_pair_is_hedged_before_fees():
    """Sell 0.01 on Upbit at 140 M, buy 0.01 on Binance at 100,000."""
    position = trade_position(filled(order) for order in world.opening("s").orders)
    assert position.imbalance == 0
    assert position.hedged == Decimal("0.01")
    assert (position.upbit.base, position.binance.base) == (Decimal("-0.01"), Decimal("0.01"))
    assert (position.upbit.quote, position.upbit.quote_fee) == (Decimal(1_400_000 - 700), 700)
    assert (position.binance.quote, position.binance.base_fee) == (-1000, Decimal("0.00001"))
    assert position.binance.base_net == Decimal("0.00999")


def test_a_lonely_leg_is_an_imbalance():
    upbit, binance = world.opening("s").orders
    position = trade_position([filled(upbit), binance])
    assert position.imbalance == Decimal("-0.01")
    assert position.hedged == 0


def test_what_is_hedged_is_the_smaller_leg():
    upbit, binance = world.opening("s").orders
    position = trade_position([filled(upbit, "0.004"), filled(binance)])
    assert (position.imbalance, position.hedged) == (Decimal("0.006"), Decimal("0.004"))


def test_the_result_counts_all_that_moved():
    position = trade_position(filled(order) for order in world.opening("s").orders)
    expected = Decimal(1_400_000 - 700) - 1000 * 1400 + Decimal("-0.00001") * 140_000_000
    assert position.pnl_krw(Decimal(1400), Decimal(140_000_000)) == expected


def test_a_fee_in_a_third_asset_touches_neither_leg():
    order = filled(world.opening("s").on(Venue.BINANCE), fee=Decimal(1), fee_asset="BNB")
    leg = leg_position([order], Venue.BINANCE)
    assert (leg.base_net, leg.base_fee, leg.quote_fee) == (Decimal("0.01"), 0, 0)


def test_nothing_filled_is_nothing_held():
    position = trade_position(world.opening("s").orders)
    assert (position.imbalance, position.hedged, position.pnl_krw(Decimal(1400), Decimal(1))) == (0, 0, 0)


def test_dust_is_what_a_venue_would_not_take():
    price = Decimal(100_000)
    assert is_dust(Decimal("-0.00004"), price, BINANCE)
    assert not is_dust(Decimal("-0.00005"), price, BINANCE)
    assert is_dust(Decimal("0.000009"), price, BINANCE)
