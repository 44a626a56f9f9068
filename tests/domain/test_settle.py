"""What comes next for a trade."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.ids import Venue
from arb.domain.instrument import Side
from arb.domain.order import AT_VENUE, Purpose, State
from arb.domain.position import trade_position
from arb.domain.trade import (
    ENDED,
    Become,
    ExitRules,
    Repair,
    RepairRules,
    TradeState,
    Wait,
    exit_reason,
    pair_legs,
    settle,
)
from tests.contracts import world
from tests.domain.markets import NOW_NS, market

SECOND_NS = 1_000_000_000
RULES = RepairRules(time_ns_max=10 * SECOND_NS, loss_bps_max=Decimal(50), slip_bps=Decimal(10))
EXITS = ExitRules(
    converged_bps=Decimal(0),
    take_profit_bps=Decimal(40),
    stop_loss_bps=Decimal(200),
    holding_ns_max=3_600 * SECOND_NS,
)
OPENING = world.opening("s")


def ended(order, quantity):
    """Return the order after the venue executed `quantity` of it."""
    fills = (world.fill(order, quantity),) if Decimal(quantity) else ()
    whole = bool(fills) and fills[0].quantity >= order.quantity
    return replace(order, state=State.FILLED if whole else State.CANCELED, fills=fills)


def pair(upbit, binance):
    return ended(OPENING.on(Venue.UPBIT), upbit), ended(OPENING.on(Venue.BINANCE), binance)


def settled(orders, found=None, trade=OPENING.trade, now_ns=NOW_NS):
    return settle(trade, orders, found or market(), RULES, now_ns)


@pytest.mark.parametrize("state", sorted(AT_VENUE | {State.INTENT}))
def test_it_waits_while_an_order_may_execute(state):
    upbit, binance = pair("0.01", "0")
    assert settled((upbit, replace(binance, state=state))) == Wait("order_working")


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_ended_stays_ended(state):
    assert settled(pair("0.01", "0"), trade=replace(OPENING.trade, state=state)) == Wait("ended")


def test_even_legs_are_open():
    assert settled(pair("0.01", "0.01")) == Become(TradeState.OPEN)


def test_equal_parts_are_open_too():
    assert settled(pair("0.004", "0.004")) == Become(TradeState.OPEN)


def test_nothing_filled_is_aborted():
    assert settled(pair("0", "0")) == Become(TradeState.ABORTED, "no_fill")


def test_both_legs_back_is_closed_with_its_reason():
    exits = [ended(world.exit_intent(OPENING.trade, venue, 2), "0.01") for venue in Venue]
    trade = replace(OPENING.trade, state=TradeState.CLOSING, reason="converged")
    assert settled((*pair("0.01", "0.01"), *exits), trade=trade) == Become(TradeState.CLOSED, "converged")


@pytest.mark.parametrize(("upbit", "binance", "side"), [("0.01", "0", Side.BUY), ("0", "0.01", Side.SELL)])
def test_a_lonely_leg_is_repaired_whole(upbit, binance, side):
    decision = settled(pair(upbit, binance))
    assert isinstance(decision, Repair)
    assert (decision.leg.side, decision.leg.quantity) == (side, Decimal("0.01"))
    assert decision.leg.purpose is Purpose.REPAIR


def test_a_repair_takes_the_cheaper_venue():
    """Short 0.01: buying on Binance costs 140 M KRW a coin, buying back on Upbit 141.4 M."""
    assert settled(pair("0.01", "0")).leg.venue is Venue.BINANCE
    dear = market(binance_asks=(("102000", "1"),))
    assert settled(pair("0.01", "0"), dear).leg.venue is Venue.UPBIT


def test_a_difference_too_small_to_send_is_booked_not_chased():
    """0.00001 BTC is 1,400 KRW or 1 USDT: below both minimums."""
    assert settled(pair("0.01", "0.00999")) == Become(TradeState.OPEN)


def test_without_a_market_it_waits():
    assert settle(OPENING.trade, pair("0.01", "0"), None, RULES, NOW_NS) == Wait("market_unknown")


@pytest.mark.parametrize("known", [True, False])
def test_past_the_time_ceiling_it_is_handed_over(known):
    trade = replace(OPENING.trade, repair_since_ns=NOW_NS)
    late_ns = NOW_NS + RULES.time_ns_max + 1
    decision = settle(trade, pair("0.01", "0"), market() if known else None, RULES, late_ns)
    assert decision == Become(TradeState.HANDED_OVER, "repair_time_ceiling")


def test_beyond_the_loss_ceiling_it_waits():
    steep = market(
        upbit_asks=(("141401000", "0.0001"), ("150000000", "1")),
        binance_asks=(("100000", "0.0001"), ("110000", "1")),
    )
    assert settled(pair("0.01", "0"), steep) == Wait("repair_beyond_loss_ceiling")


def test_a_shallow_book_repairs_what_it_can():
    shallow = market(upbit_asks=(("141401000", "0.002"),), binance_asks=(("100000", "0.003"),))
    assert settled(pair("0.01", "0"), shallow).leg.quantity == Decimal("0.003")


@given(upbit=st.integers(0, 1000), binance=st.integers(0, 1000))
def test_a_repair_that_fills_leaves_legs_even_or_dust(upbit, binance):
    lot = Decimal("0.00001")
    orders = pair(str(upbit * lot), str(binance * lot))
    decision = settled(orders)
    if isinstance(decision, Repair):
        repair = world.intent(OPENING.trade, decision.leg, 2)
        after = settled((*orders, ended(repair, str(decision.leg.quantity))))
        assert isinstance(after, Become)
        assert after.state in (TradeState.OPEN, TradeState.CLOSED)


def opened_pair(premium_krw="141400000"):
    """Return an open trade and its position: sold on Upbit at `premium_krw`, bought at 100,000."""
    upbit, binance = OPENING.on(Venue.UPBIT), OPENING.on(Venue.BINANCE)
    orders = (
        replace(upbit, state=State.FILLED, fills=(world.fill(upbit, price=Decimal(premium_krw)),)),
        ended(binance, "0.01"),
    )
    return replace(OPENING.trade, state=TradeState.OPEN), trade_position(orders)


@pytest.mark.parametrize(
    ("reason", "values", "age_ns"),
    [
        (None, {}, 0),
        ("holding_time", {}, EXITS.holding_ns_max),
        ("take_profit", {"upbit_asks": (("139000000", "1"),), "upbit_bids": (("138999000", "1"),)}, 0),
        ("stop_loss", {"upbit_asks": (("145000000", "1"),), "upbit_bids": (("144999000", "1"),)}, 0),
        ("converged", {"upbit_asks": (("140001000", "1"),), "upbit_bids": (("139990000", "1"),)}, 0),
    ],
)
def test_why_an_open_pair_is_closed(reason, values, age_ns):
    trade, position = opened_pair()
    now_ns = trade.opened_at_ns + age_ns
    rules = EXITS if reason != "converged" else replace(EXITS, take_profit_bps=Decimal(500))
    assert exit_reason(trade, position, market(**values), rules, now_ns) == reason


def test_a_pair_that_the_books_cannot_take_is_held():
    trade, position = opened_pair()
    thin = market(upbit_asks=(("139000000", "0.001"),), upbit_bids=(("138999000", "1"),))
    assert exit_reason(trade, position, thin, EXITS, NOW_NS) is None


def test_both_legs_of_a_pair_have_the_same_quantity_and_opposite_sides():
    legs = pair_legs(market(), OPENING.trade.direction, Purpose.ENTRY, Decimal("0.1"), Decimal(10))
    assert [leg.venue for leg in legs] == [Venue.UPBIT, Venue.BINANCE]
    assert {leg.side for leg in legs} == set(Side)
    assert {leg.quantity for leg in legs} == {Decimal("0.1")}


def test_a_pair_needs_depth_on_both_venues():
    assert pair_legs(market(), OPENING.trade.direction, Purpose.ENTRY, Decimal(2), Decimal(10)) is None
