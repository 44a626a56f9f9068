"""What may be sent, and why not."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Approved, Denied, Exposure, Mode, review
from arb.domain.time import NS_PER_S
from arb.domain.trading.reentry import Losses
from arb.domain.trading.reserve import hold_of
from tests.contracts import world

RICH = {(venue.value, asset): Decimal("1e12") for venue in Venue for asset in ("KRW", "USDT", "BTC")}
IDLE = Exposure(
    mode=Mode.NORMAL,
    notional_by_coin_krw={},
    trades_open_by_coin={},
    realised_today_krw=Decimal(0),
    loss_reserved_krw=Decimal(0),
    orders_last_minute=0,
    opened_at_ns={},
    free=RICH,
)
MANY = Decimal(100_000_000)
WAY, OTHER_WAY = ("BTC", Direction("sell_upbit")), ("BTC", Direction("buy_upbit"))
COOLDOWN_NS = 2 * NS_PER_S
LOST_JUST_NOW = Losses(in_a_row=2, newest_ns=world.NOW_NS - 2 * NS_PER_S + 1)  # 1 s after the first one


@pytest.fixture
def proposal():
    return world.opening("s", loss_reserve_krw="40000").proposal


def test_an_idle_engine_may_trade(proposal):
    assert review(proposal, world.LIMITS, IDLE) == Approved(proposal)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("mode_not_normal", {"mode": Mode.HALTED}),
        ("mode_not_normal", {"mode": Mode.REDUCE_ONLY}),
        ("settings_outdated", {"generation": 1}),
        ("trades_open", {"trades_open_by_coin": {"ETH": 50}}),
        ("trades_open_per_coin", {"trades_open_by_coin": {"BTC": 49}}),
        ("notional_per_coin", {"notional_by_coin_krw": {"BTC": MANY - 1_399_999}}),
        ("notional_total", {"notional_by_coin_krw": {"ETH": MANY, "XRP": MANY}}),
        ("daily_loss", {"realised_today_krw": Decimal(-1_000_000)}),
        ("daily_loss_budget", {"realised_today_krw": Decimal(-960_001)}),
        ("daily_loss_budget", {"loss_reserved_krw": Decimal(960_001)}),
        ("orders_per_minute", {"orders_last_minute": 999}),
        ("entry_cooldown", {"opened_at_ns": {WAY: world.NOW_NS - COOLDOWN_NS + 1}}),
        ("reentry_pause", {"losses": {WAY: LOST_JUST_NOW}}),
        ("balance_upbit_btc", {"free": {**RICH, ("upbit", "BTC"): Decimal("0.009")}}),
        ("balance_binance_usdt", {"free": {**RICH, ("binance", "USDT"): Decimal(1001)}}),
    ],
)
def test_each_ceiling_refuses_with_its_reason(proposal, reason, change):
    limits = replace(world.LIMITS, trades_open_per_coin_max=49, entry_cooldown_ns=COOLDOWN_NS)
    assert review(proposal, limits, replace(IDLE, **change)) == Denied(reason)


@pytest.mark.parametrize(
    "change",
    [
        {"trades_open_by_coin": {"BTC": 48, "ETH": 1}},
        {"notional_by_coin_krw": {"BTC": MANY - 1_400_000}},
        {"realised_today_krw": Decimal(-960_000)},
        {"realised_today_krw": Decimal(-500_000), "loss_reserved_krw": Decimal(460_000)},
        {"opened_at_ns": {WAY: world.NOW_NS - COOLDOWN_NS, OTHER_WAY: world.NOW_NS}},
        {"orders_last_minute": 998},
        {"losses": {WAY: replace(LOST_JUST_NOW, newest_ns=world.NOW_NS - 2 * NS_PER_S)}},
        {"losses": {OTHER_WAY: LOST_JUST_NOW}},
    ],
)
def test_exactly_at_a_ceiling_is_allowed(proposal, change):
    limits = replace(world.LIMITS, trades_open_per_coin_max=49, entry_cooldown_ns=COOLDOWN_NS)
    assert isinstance(review(proposal, limits, replace(IDLE, **change)), Approved)


def test_a_trade_that_may_lose_too_much_alone_is_refused(proposal):
    limits = replace(world.LIMITS, loss_per_trade_krw_max=Decimal(39_999))
    assert review(proposal, limits, IDLE) == Denied("loss_per_trade")
    limits = replace(world.LIMITS, loss_per_trade_krw_max=Decimal(40_000))
    assert review(proposal, limits, IDLE) == Approved(proposal)


amounts = st.decimals("0", "2000000", places=0)


@given(share=st.decimals("0.01", "1", places=2), realised=amounts, reserved=amounts, open_krw=amounts)
def test_a_smaller_trade_is_never_refused_where_a_larger_one_passes(share, realised, reserved, open_krw):
    whole = world.opening("s", loss_reserve_krw="40000").proposal
    part = replace(
        whole,
        trade=replace(
            whole.trade,
            quantity=whole.trade.quantity * share,
            notional_krw=whole.trade.notional_krw * share,
            loss_reserve_krw=whole.trade.loss_reserve_krw * share,
        ),
        legs=tuple(replace(leg, quantity=leg.quantity * share) for leg in whole.legs),
    )
    limits = replace(world.LIMITS, notional_per_coin_krw_max=Decimal(2_500_000))
    exposure = replace(
        IDLE,
        realised_today_krw=-realised,
        loss_reserved_krw=reserved,
        notional_by_coin_krw={"BTC": open_krw},
        free={key: amount / 10**9 for key, amount in RICH.items()},
    )
    if isinstance(review(whole, limits, exposure), Approved):
        assert isinstance(review(part, limits, exposure), Approved)


def test_an_edge_below_the_least_is_refused_and_exactly_the_least_is_taken(proposal):
    least = proposal.edge.net_bps
    assert review(proposal, replace(world.LIMITS, entry_edge_bps_min=least), IDLE) == Approved(proposal)
    more = replace(world.LIMITS, entry_edge_bps_min=least + Decimal("0.0001"))
    assert review(proposal, more, IDLE) == Denied("edge_too_small")


def test_a_balance_that_pays_exactly_for_the_hold_is_enough(proposal):
    holds = {(leg.venue, *hold_of(leg, "BTC")) for leg in proposal.legs}
    exact = {(venue, asset): amount for venue, asset, amount in holds}
    assert isinstance(review(proposal, world.LIMITS, replace(IDLE, free=exact)), Approved)


def test_a_venue_of_which_no_balance_is_known_pays_for_nothing(proposal):
    assert review(proposal, world.LIMITS, replace(IDLE, free={})) == Denied("balance_upbit_btc")


def test_trades_of_all_coins_count_against_the_ceiling_of_open_trades(proposal):
    limits = replace(world.LIMITS, trades_open_max=5)
    full = replace(IDLE, trades_open_by_coin={"ETH": 2, "XRP": 3})
    assert review(proposal, limits, full) == Denied("trades_open")
    assert isinstance(review(proposal, limits, replace(IDLE, trades_open_by_coin={"ETH": 4})), Approved)
