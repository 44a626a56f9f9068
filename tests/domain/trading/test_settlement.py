"""What comes next for a trade."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import AT_VENUE, OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.repair import Means, RepairRules
from arb.domain.trading.settlement import Become, Repair, Wait, settle
from arb.domain.trading.trade import ENDED, TradeState
from tests.contracts import world
from tests.domain.markets import BINANCE, NOW_NS, PAIR, UPBIT, market

RULES = RepairRules(
    time_ns_max=10 * NS_PER_S,
    loss_bps_max=Decimal(50),
    slip_bps=Decimal(10),
    attempts_max=20,
    failures_max=2,
)
RICH = {(venue, asset): Decimal("1e12") for venue in PAIR.venues for asset in ("KRW", "USDT", "BTC")}
OPENING = world.opening("s", loss_reserve_krw="40000")


def ended(order, quantity):
    """Return the order after the venue executed `quantity` of it."""
    fills = (world.fill(order, quantity),) if Decimal(quantity) else ()
    whole = bool(fills) and fills[0].quantity >= order.quantity
    return replace(order, state=OrderState.FILLED if whole else OrderState.CANCELED, fills=fills)


def pair(upbit, binance):
    return ended(OPENING.on(Venue.UPBIT), upbit), ended(OPENING.on(Venue.BINANCE), binance)


def settled(orders, found=None, trade=OPENING.trade, now_ns=NOW_NS, free=RICH):
    return settle(trade, orders, Means(market=found or market(), free=free), RULES, now_ns)


def repaired(leg, number, quantity="0", created_at_ns=NOW_NS, **values):
    """Return a repair after the venue executed `quantity` of it."""
    order = world.intent(OPENING.trade, leg, number, created_at_ns)
    return replace(ended(order, quantity), **values)


@pytest.mark.parametrize("state", sorted(AT_VENUE | {OrderState.INTENT}))
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
    exits = [ended(world.exit_intent(OPENING.trade, venue, 2), "0.01") for venue in PAIR.venues]
    trade = replace(OPENING.trade, state=TradeState.CLOSING, reason="converged")
    assert settled((*pair("0.01", "0.01"), *exits), trade=trade) == Become(TradeState.CLOSED, "converged")


@pytest.mark.parametrize(("upbit", "binance", "side"), [("0.01", "0", Side.BUY), ("0", "0.01", Side.SELL)])
def test_a_lone_leg_is_repaired_whole(upbit, binance, side):
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
    decision = settled(pair("0.01", "0.00999"))
    assert decision == Become(TradeState.OPEN, residual=Decimal("-0.00001"))


def test_dust_never_keeps_a_trade_from_closing():
    exits = [
        ended(world.exit_intent(OPENING.trade, venue, 2), quantity)
        for venue, quantity in ((Venue.UPBIT, "0.00999"), (Venue.BINANCE, "0.01"))
    ]
    decision = settled((*pair("0.01", "0.01"), *exits))
    assert decision == Become(TradeState.CLOSED, "reversed", Decimal("-0.00001"))


def test_a_pair_that_one_venue_takes_no_order_for_is_closed_as_dust():
    """0.00004 BTC is 5,600 KRW, above Upbit's minimum, and 4 USDT, below Binance's."""
    exits = [ended(world.exit_intent(OPENING.trade, venue, 2), "0.00996") for venue in PAIR.venues]
    assert settled((*pair("0.01", "0.01"), *exits)) == Become(TradeState.CLOSED, "reversed")


def test_an_unknown_leg_is_waited_for_past_every_ceiling():
    upbit, binance = pair("0.01", "0")
    late = replace(OPENING.trade, repair_since_ns=1)
    assert settled((upbit, replace(binance, state=OrderState.UNKNOWN)), trade=late) == Wait("order_working")


def test_without_a_market_it_waits():
    means = Means(market=None, free=RICH)
    assert settle(OPENING.trade, pair("0.01", "0"), means, RULES, NOW_NS) == Wait("market_unknown")


LATE_NS = NOW_NS + RULES.time_ns_max + 1
LATE = replace(OPENING.trade, repair_since_ns=NOW_NS)
GIVEN_UP = Become(TradeState.ESCALATED, "repair_time_ceiling", Decimal("-0.01"))


def test_past_the_time_ceiling_without_a_market_it_is_escalated():
    means = Means(market=None, free=RICH)
    assert settle(LATE, pair("0.01", "0"), means, RULES, LATE_NS) == GIVEN_UP


def test_past_the_time_ceiling_there_is_one_more_try():
    orders = pair("0.01", "0")
    last = settled(orders, trade=LATE, now_ns=LATE_NS)
    assert isinstance(last, Repair)
    failed = repaired(last.leg, 2, created_at_ns=LATE_NS)
    assert settled((*orders, failed), trade=LATE, now_ns=LATE_NS + 1) == GIVEN_UP


def test_past_the_number_of_repairs_it_is_escalated():
    orders = pair("0.01", "0")
    leg = settled(orders).leg
    failed = [repaired(leg, 2 + number) for number in range(RULES.attempts_max)]
    decision = settled((*orders, *failed), trade=LATE, now_ns=NOW_NS + 5 * NS_PER_S)
    assert decision == Become(TradeState.ESCALATED, "repair_attempts", Decimal("-0.01"))


def test_repairs_of_an_earlier_imbalance_do_not_count():
    orders = pair("0.01", "0")
    leg = settled(orders).leg
    early = [repaired(leg, 2 + number, created_at_ns=NOW_NS - 1) for number in range(RULES.attempts_max)]
    assert isinstance(settled((*orders, *early), trade=LATE, now_ns=NOW_NS + 5 * NS_PER_S), Repair)


def test_beyond_the_loss_ceiling_only_what_is_within_it_is_taken():
    steep = market(
        upbit_asks=(("141401000", "0.0001"), ("150000000", "1")),
        binance_asks=(("100000", "0.002"), ("110000", "1")),
    )
    assert settled(pair("0.01", "0"), steep).leg.quantity == Decimal("0.002")


def test_it_waits_while_nothing_sendable_is_within_the_loss_ceiling():
    steep = market(
        upbit_asks=(("141401000", "0.00001"), ("150000000", "1")),
        binance_asks=(("100000", "0.00001"), ("110000", "1")),
    )
    assert settled(pair("0.01", "0"), steep) == Wait("repair_beyond_ceilings")


@pytest.mark.parametrize(("already", "cost_krw"), [("0", 1_400), ("0.005", 1_401)])
def test_repairs_together_cost_no_more_than_was_reserved(already, cost_krw):
    """0.01 at 100,000 USDT costs Binance's fee of 10 bps; half of it was bought 10 bps dearer before."""
    orders, only_binance = pair("0.01", "0"), market(upbit=replace(UPBIT, tradable=False))
    leg = settled(orders, only_binance).leg
    orders += (repaired(leg, 2, already, created_at_ns=NOW_NS - NS_PER_S),)
    for reserve_krw, expected in ((cost_krw, Repair), (cost_krw - 1, Wait)):
        trade = replace(LATE, loss_reserve_krw=Decimal(reserve_krw))
        assert isinstance(settled(orders, only_binance, trade), expected)


def test_a_repair_needs_a_balance_to_pay_with():
    orders = pair("0.01", "0")
    poor = {**RICH, (Venue.BINANCE, "USDT"): Decimal(1)}
    assert settled(orders, free=poor).leg.venue is Venue.UPBIT
    assert settled(orders, free={}) == Wait("repair_beyond_ceilings")
    some = {(Venue.BINANCE, "USDT"): Decimal(500)}
    assert Decimal("0.0049") < settled(orders, free=some).leg.quantity < Decimal("0.005")


def test_a_surplus_is_sold_where_there_is_something_to_sell():
    orders = pair("0", "0.01")
    assert settled(orders, free={**RICH, (Venue.UPBIT, "BTC"): Decimal(0)}).leg.venue is Venue.BINANCE


def test_a_venue_that_takes_no_orders_is_not_asked_to_repair():
    closed = market(binance=replace(BINANCE, tradable=False))
    assert settled(pair("0.01", "0"), closed).leg.venue is Venue.UPBIT


def test_a_warning_does_not_stop_a_repair():
    warned = market(upbit=replace(UPBIT, warning="WARNING"), binance=replace(BINANCE, warning="WARNING"))
    assert isinstance(settled(pair("0.01", "0"), warned), Repair)


def test_after_failures_in_a_row_the_other_venue_is_tried_and_then_the_first_again():
    orders, tried = pair("0.01", "0"), []
    for number in range(6):
        leg = settled(orders, trade=LATE, now_ns=NOW_NS + number * NS_PER_S).leg
        tried.append(leg.venue)
        orders += (repaired(leg, 2 + number, created_at_ns=NOW_NS + number),)
    first, other = Venue.BINANCE, Venue.UPBIT
    assert tried == [first, first, other, other, first, first]


def test_a_repair_that_executed_nothing_is_followed_by_a_pause():
    orders = pair("0.01", "0")
    failed = (*orders, repaired(settled(orders).leg, 2))
    assert settled(failed, trade=LATE, now_ns=NOW_NS + 99 * NS_PER_MS) == Wait("repair_pause")
    assert isinstance(settled(failed, trade=LATE, now_ns=NOW_NS + 100 * NS_PER_MS), Repair)


def test_a_shallow_book_repairs_what_it_can():
    shallow = market(upbit_asks=(("141401000", "0.002"),), binance_asks=(("100000", "0.003"),))
    assert settled(pair("0.01", "0"), shallow).leg.quantity == Decimal("0.003")


LOT = Decimal("0.00001")
lots = st.integers(0, 1000)


@given(upbit=lots, binance=lots)
def test_a_repair_that_fills_leaves_legs_even_or_dust(upbit, binance):
    orders = pair(str(upbit * LOT), str(binance * LOT))
    decision = settled(orders)
    if isinstance(decision, Repair):
        after = settled((*orders, repaired(decision.leg, 2, str(decision.leg.quantity))))
        assert isinstance(after, Become)
        assert after.state in (TradeState.OPEN, TradeState.CLOSED)


depths = st.sampled_from(["0.00001", "0.0003", "0.004", "1"])


@settings(deadline=None, max_examples=60)
@given(upbit=lots, binance=lots, data=st.data())
def test_settling_always_ends_and_no_repair_makes_it_worse(upbit, binance, data):
    trade, orders, now_ns = OPENING.trade, pair(str(upbit * LOT), str(binance * LOT)), NOW_NS
    for number in range(10 * RULES.attempts_max):
        depth = data.draw(depths)
        found = market(upbit_asks=(("141401000", depth),), binance_bids=(("99999.99", depth),))
        decision = settled(orders, found, trade, now_ns)
        if isinstance(decision, Become):
            return
        trade = replace(trade, repair_since_ns=trade.repair_since_ns or now_ns)
        if isinstance(decision, Repair):
            before = trade_position(orders).imbalance
            filled = decision.leg.quantity * data.draw(st.sampled_from([0, 0, 1]))
            orders += (repaired(decision.leg, 2 + number, str(filled), created_at_ns=now_ns),)
            after = trade_position(orders).imbalance
            assert abs(after) <= abs(before)
            assert after * before >= 0
        now_ns += data.draw(st.sampled_from([1, 100 * NS_PER_MS, 300 * NS_PER_MS, 2 * NS_PER_S]))
    assert now_ns < NOW_NS + RULES.time_ns_max, "neither the number of repairs nor the time ended it"
