"""The one order that takes an imbalance away: what it may cost, what pays for it, where it goes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.market.book import sweep
from arb.domain.market.halves import HalfMarket
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import fraction
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.repair import (
    RepairRules,
    attempts,
    decided_rate,
    failures,
    is_resting,
    is_unsendable,
    repair_leg,
    spent_krw,
)
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg
from tests.contracts import world
from tests.domain.markets import BINANCE, NOW_NS, OTHER, PAIR, UPBIT, market

RULES = RepairRules(
    time_ns_max=10 * NS_PER_S,
    loss_bps_max=Decimal(50),
    slip_bps=Decimal(10),
    attempts_max=20,
    failures_max=2,
)
RICH = {(venue, asset): Decimal("1e12") for venue in PAIR.venues for asset in ("KRW", "USDT", "BTC")}
TRADE = world.opening("s", loss_reserve_krw="40000").trade
SHORT, LONG = Decimal("-0.01"), Decimal("0.01")
numbers = iter(range(2, 10_000))


def leg_for(imbalance, found=None, free=RICH, orders=(), trade=TRADE, rules=RULES):
    return repair_leg(trade, orders, imbalance, found or market(), free, rules)


def order(*fills, venue=Venue.BINANCE, side=Side.BUY, purpose=Purpose.REPAIR, at_ns=NOW_NS):
    """Return an order of the trade that is over, with these executions of (quantity, price)."""
    leg = Leg(venue=venue, side=side, purpose=purpose, quantity=Decimal(1), limit_price=world.PRICES[venue])
    intent = world.intent(TRADE, leg, next(numbers), at_ns)
    executed = tuple(world.fill(intent, quantity, Decimal(price)) for quantity, price in fills)
    return replace(intent, state=OrderState.CANCELED, fills=executed)


@pytest.mark.parametrize(("imbalance", "side"), [(SHORT, Side.BUY), (LONG, Side.SELL)])
def test_what_is_short_is_bought_and_what_is_long_is_sold(imbalance, side):
    assert leg_for(imbalance).side is side


@pytest.mark.parametrize(
    ("imbalance", "fee_bps", "venue"),
    [
        (LONG, 105, Venue.UPBIT),  # 141.4 M less 1.05 % is 139.915 M, Binance pays 139.860 M
        (LONG, 115, Venue.BINANCE),
        (SHORT, 5, Venue.BINANCE),
    ],
)
def test_the_better_venue_is_the_one_that_is_better_after_its_fee(imbalance, fee_bps, venue):
    found = market(upbit=replace(UPBIT, taker_fee_bps=Decimal(fee_bps)))
    assert leg_for(imbalance, found).venue is venue


def test_the_limit_price_leaves_room_for_the_slip_beyond_the_worst_level_needed():
    found = market(binance_asks=(("100000", "0.004"), ("100100", "1")))
    assert leg_for(SHORT, found).limit_price == Decimal("100100") * Decimal("1.001")


def test_a_level_exactly_at_the_loss_ceiling_is_taken_and_one_beyond_it_is_not():
    found = market(
        upbit=replace(UPBIT, tradable=False),
        binance_asks=(("100000", "0.001"), ("100500", "0.002"), ("100500.01", "1")),
    )
    assert leg_for(SHORT, found).quantity == Decimal("0.003")


def test_the_budget_that_is_left_is_what_was_reserved_less_what_repairs_cost():
    """Buying 0.01 costs Binance's fee of 1,400 KRW; an earlier repair spent 2,100.7 KRW."""
    only_binance = market(upbit=replace(UPBIT, tradable=False))
    spent = order(("0.005", "100000"), ("0.005", "100100"))
    enough = replace(TRADE, loss_reserve_krw=Decimal("3500.7"))
    assert leg_for(SHORT, only_binance, orders=[spent], trade=enough) is not None
    short = replace(TRADE, loss_reserve_krw=Decimal("3500.6"))
    assert leg_for(SHORT, only_binance, orders=[spent], trade=short) is None


def test_no_balance_at_any_venue_is_no_repair():
    assert leg_for(SHORT, free={}) is None
    assert leg_for(LONG, free={}) is None


def test_a_balance_that_is_overdrawn_pays_for_nothing():
    overdrawn = {key: Decimal(-5) for key in RICH}
    assert leg_for(SHORT, free=overdrawn) is None
    assert leg_for(LONG, free=overdrawn) is None


def test_a_venue_that_failed_too_often_is_worse_than_any_price():
    dear = market(upbit_asks=(("142700000", "1"),))
    failed = [order(), order()]
    assert leg_for(SHORT, dear, orders=failed[:1]).venue is Venue.BINANCE
    assert leg_for(SHORT, dear, orders=failed).venue is Venue.UPBIT


def half(gone, found=None):
    """Return what is left of a market while one venue is gone."""
    whole = found or market()
    left = OTHER[gone]
    return HalfMarket(
        coin=whole.coin, pair=whole.pair, books={left: whole.book(left)},
        rules={venue: whole.instrument(venue) for venue in PAIR.venues}, rate=whole.rate,
    )  # fmt: skip


@pytest.mark.parametrize("gone", list(PAIR.venues))
@pytest.mark.parametrize("imbalance", [SHORT, LONG])
def test_a_leg_is_evened_out_on_the_venue_that_is_left(gone, imbalance):
    leg = leg_for(imbalance, half(gone))
    closed = replace(market().instrument(gone), tradable=False)
    assert leg == leg_for(imbalance, market(**{gone: closed}))
    assert leg.venue is OTHER[gone]


def test_the_loss_ceiling_holds_on_half_a_market():
    poor = replace(TRADE, loss_reserve_krw=Decimal(1_399))  # the fee of 0.01 at Binance is 1,400 KRW
    assert leg_for(SHORT, half(Venue.UPBIT), trade=poor) is None


def test_what_repairs_cost_at_the_venue_that_is_gone_is_part_of_the_budget():
    spent = order(("0.01", "141400000"), venue=Venue.UPBIT)
    enough = replace(TRADE, loss_reserve_krw=Decimal(707 + 1_400))
    assert leg_for(SHORT, half(Venue.UPBIT), orders=[spent], trade=enough) is not None
    short = replace(TRADE, loss_reserve_krw=Decimal(707 + 1_399))
    assert leg_for(SHORT, half(Venue.UPBIT), orders=[spent], trade=short) is None


def test_dust_is_judged_by_the_price_of_the_venue_that_is_left():
    dust, whole = Decimal("0.00003"), Decimal("0.0002")
    for gone in PAIR.venues:
        assert is_unsendable(dust, half(gone), RULES)
        assert not is_unsendable(whole, half(gone), RULES)


def test_a_venue_whose_rules_are_not_known_may_take_what_the_other_one_does_not():
    found = half(Venue.UPBIT)
    unknown = replace(found, rules={Venue.BINANCE: found.rules[Venue.BINANCE]})
    assert not is_unsendable(Decimal("0.00003"), unknown, RULES)


CHEAP_ON_UPBIT = {"found": market(upbit_asks=(("139000000", "1"),), upbit_bids=(("138999000", "1"),))}


@pytest.mark.parametrize(
    ("state", "purpose", "venue"),
    [
        (OrderState.REJECTED, Purpose.REPAIR, Venue.BINANCE),
        (OrderState.EXPIRED, Purpose.REPAIR, Venue.BINANCE),
        (OrderState.EXPIRED, Purpose.ENTRY, Venue.BINANCE),
        (OrderState.EXPIRED, Purpose.EXIT, Venue.BINANCE),
        (OrderState.REJECTED, Purpose.ENTRY, Venue.UPBIT),  # a corrected order may still be taken
        (OrderState.CANCELED, Purpose.REPAIR, Venue.UPBIT),  # a book that moved away
        (OrderState.DENIED, Purpose.ENTRY, Venue.UPBIT),  # by us
    ],
)
def test_a_venue_that_has_just_failed_comes_after_the_other_one(state, purpose, venue):
    failed = replace(order(venue=Venue.UPBIT, purpose=purpose), state=state)
    assert leg_for(SHORT, orders=[failed], **CHEAP_ON_UPBIT).venue is venue


def test_an_order_that_expired_at_the_venue_only_found_no_price():
    expired = replace(order(venue=Venue.UPBIT), state=OrderState.EXPIRED, venue_order_id="77")
    assert leg_for(SHORT, orders=[expired], **CHEAP_ON_UPBIT).venue is Venue.UPBIT


def test_repairs_that_fail_everywhere_take_turns():
    orders, tried = [], []
    for _ in range(4):
        leg = leg_for(SHORT, orders=orders, **CHEAP_ON_UPBIT)
        tried.append(leg.venue)
        orders.append(replace(order(venue=leg.venue), state=OrderState.EXPIRED))
    assert tried == [Venue.UPBIT, Venue.BINANCE, Venue.UPBIT, Venue.BINANCE]


def test_a_venue_that_failed_is_used_where_it_is_the_only_one_with_a_market():
    failed = replace(order(venue=Venue.BINANCE), state=OrderState.EXPIRED)
    assert leg_for(SHORT, half(Venue.UPBIT), orders=[failed]).venue is Venue.BINANCE


@pytest.mark.parametrize("way", PAIR.directions)
def test_the_rate_that_a_trade_was_decided_at_is_known_to_a_fee_and_a_slip(way):
    opening = world.opening("s", direction=way)
    rate = decided_rate(opening.trade, opening.orders, PAIR)
    assert abs(rate.krw_per_usdt / 1_400 - 1) < Decimal("0.01")


quantities = st.integers(-1_000, 1_000).filter(bool).map(lambda lots: lots * Decimal("0.00001"))
depths = st.sampled_from(["0.00001", "0.0007", "0.004", "0.02"])
balances = st.decimals("0", "3000", places=2)


@settings(max_examples=200)
@given(imbalance=quantities, near=depths, far=depths, base=st.decimals("0", "0.02", places=5), quote=balances)
def test_a_repair_is_paid_for_within_its_ceilings_and_never_more_than_the_imbalance(
    imbalance, near, far, base, quote
):
    found = market(
        upbit_bids=(("141400000", near), ("140900000", far), ("139000000", "1")),
        upbit_asks=(("141401000", near), ("141900000", far), ("143000000", "1")),
        binance_bids=(("99999.99", near), ("99600.00", far), ("99000.00", "1")),
        binance_asks=(("100000.00", near), ("100400.00", far), ("101000.00", "1")),
    )
    free = {(venue, "BTC"): base for venue in PAIR.venues} | {
        (Venue.BINANCE, "USDT"): quote,
        (Venue.UPBIT, "KRW"): quote * 1_400,
    }
    leg = leg_for(imbalance, found, free)
    if leg is None:
        return
    asset, amount = hold_of(leg, TRADE.coin)
    best = found.book(leg.venue).against(leg.side)[0].price
    beyond = (leg.limit_price - best) * leg.side.sign / best
    assert leg.quantity <= abs(imbalance)
    assert leg.side.sign * imbalance < 0
    assert amount <= free[leg.venue, asset]
    assert beyond <= fraction(RULES.loss_bps_max + RULES.slip_bps + 1)
    assert sweep(found.book(leg.venue).against(leg.side), leg.quantity) is not None


def test_repairs_are_counted_from_when_the_imbalance_began():
    began = replace(TRADE, repair_since_ns=NOW_NS)
    orders = [order(at_ns=NOW_NS - 1), order(at_ns=NOW_NS), order(at_ns=NOW_NS + 5)]
    assert attempts(began, orders) == 2


def test_a_trade_that_was_never_uneven_made_no_attempts():
    assert attempts(TRADE, [order()]) == 0


def test_only_repairs_are_attempts():
    began = replace(TRADE, repair_since_ns=NOW_NS)
    assert attempts(began, [order(purpose=Purpose.ENTRY), order(purpose=Purpose.EXIT)]) == 0


def test_failures_are_counted_back_to_the_newest_repair_that_executed_something():
    assert failures([order(), order(("0.1", "100000")), order(), order()]) == 2
    assert failures([order(), order(("0.1", "100000"))]) == 0


def test_failures_at_one_venue_are_counted_past_those_at_the_other():
    orders = [order(), order(venue=Venue.UPBIT), order(("0.1", "140000000"), venue=Venue.UPBIT), order()]
    assert failures(orders, Venue.BINANCE) == 2
    assert failures(orders, Venue.UPBIT) == 0


@pytest.mark.parametrize(("failed", "pause_ms"), [(1, 100), (2, 200), (3, 400), (5, 1_600), (9, 2_000)])
def test_each_failure_in_a_row_doubles_the_pause_up_to_two_seconds(failed, pause_ms):
    orders = [order() for _ in range(failed)]
    assert is_resting(orders, NOW_NS + pause_ms * NS_PER_MS - 1)
    assert not is_resting(orders, NOW_NS + pause_ms * NS_PER_MS)


def test_after_a_repair_that_executed_something_there_is_no_pause():
    assert not is_resting([order(), order(("0.1", "100000"))], NOW_NS)


def test_a_repair_costs_its_fee_and_what_was_paid_beyond_its_best_fill():
    """0.5 USDT beyond the best price and 10 bps of 1,000.5 USDT, at 1,400 KRW."""
    assert spent_krw([order(("0.005", "100000"), ("0.005", "100100"))], market()) == Decimal("2100.7")


def test_of_a_sale_the_best_fill_is_the_dearest():
    """500 KRW less than at the best price, and Upbit's 5 bps of 1,413,500 KRW."""
    sale = order(("0.005", "141400000"), ("0.005", "141300000"), venue=Venue.UPBIT, side=Side.SELL)
    assert spent_krw([sale], market()) == Decimal(500) + Decimal("706.75")


def test_what_executed_nothing_or_is_no_repair_costs_nothing():
    assert spent_krw([order(), order(("1", "100000"), purpose=Purpose.ENTRY)], market()) == 0


@pytest.mark.parametrize(
    ("imbalance", "unsendable"),
    [
        ("0.00003", True),
        ("0.00004", False),  # 5,622 KRW on Upbit at the worst price, 3.98 USDT on Binance
        ("-0.00003", True),
        ("-0.00004", False),
    ],
)
def test_dust_is_what_neither_venue_takes_at_the_worst_price_it_may_get(imbalance, unsendable):
    assert is_unsendable(Decimal(imbalance), market(), RULES) is unsendable


def test_the_minimum_is_held_against_the_worst_price_and_not_the_best_bid():
    """0.0001 BTC is 10.00 USDT at the best bid, and less at what a repair may get."""
    strict = replace(BINANCE, notional_min=Decimal("9.99999"))
    found = market(binance=strict, upbit=replace(UPBIT, notional_min=Decimal("1e9")))
    assert is_unsendable(Decimal("0.0001"), found, RULES)
