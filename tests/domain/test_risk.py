"""What may be sent, and why not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.ids import Venue
from arb.domain.risk import Approved, Exposure, Mode, Refused, hold_of, review, sane
from tests.contracts import world
from tests.domain.markets import BINANCE, NOW_NS, UPBIT, market

RICH = {(venue.value, asset): Decimal("1e12") for venue in Venue for asset in ("KRW", "USDT", "BTC")}
IDLE = Exposure(
    mode=Mode.NORMAL,
    notional_by_coin_krw={},
    trades_open_by_coin={},
    realised_today_krw=Decimal(0),
    orders_last_minute=0,
    free=RICH,
)
MANY = Decimal(100_000_000)


@pytest.fixture
def proposal():
    return world.opening("s").proposal


def test_an_idle_engine_may_trade(proposal):
    assert review(proposal, world.LIMITS, IDLE) == Approved(proposal)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("mode_not_normal", {"mode": Mode.HALTED}),
        ("mode_not_normal", {"mode": Mode.REDUCE_ONLY}),
        ("trades_open", {"trades_open_by_coin": {"ETH": 50}}),
        ("trades_open_per_coin", {"trades_open_by_coin": {"BTC": 49}}),
        ("notional_per_coin", {"notional_by_coin_krw": {"BTC": MANY - 1_399_999}}),
        ("notional_total", {"notional_by_coin_krw": {"ETH": MANY, "XRP": MANY}}),
        ("daily_loss", {"realised_today_krw": Decimal(-1_000_000)}),
        ("orders_per_minute", {"orders_last_minute": 999}),
        ("balance_upbit_btc", {"free": {**RICH, ("upbit", "BTC"): Decimal("0.009")}}),
        ("balance_binance_usdt", {"free": {**RICH, ("binance", "USDT"): Decimal(1001)}}),
    ],
)
def test_each_ceiling_refuses_with_its_reason(proposal, reason, change):
    limits = replace(world.LIMITS, trades_open_per_coin_max=49)
    assert review(proposal, limits, replace(IDLE, **change)) == Refused(reason)


@pytest.mark.parametrize(
    "change",
    [
        {"trades_open_by_coin": {"BTC": 48, "ETH": 1}},
        {"notional_by_coin_krw": {"BTC": MANY - 1_400_000}},
        {"realised_today_krw": Decimal(-999_999)},
        {"orders_last_minute": 998},
    ],
)
def test_exactly_at_a_ceiling_is_allowed(proposal, change):
    limits = replace(world.LIMITS, trades_open_per_coin_max=49)
    assert isinstance(review(proposal, limits, replace(IDLE, **change)), Approved)


def test_a_hold_covers_the_order_and_its_fee(proposal):
    upbit, binance = proposal.legs
    assert hold_of(upbit, "BTC") == ("BTC", Decimal("0.01"))
    assert hold_of(binance, "BTC") == ("USDT", Decimal("1002.00"))


def test_a_fresh_market_is_sane():
    assert sane(market(), world.LIMITS, NOW_NS + world.SECOND_NS) is None


@pytest.mark.parametrize(
    ("reason", "values", "age_ns"),
    [
        ("quote_stale", {}, world.SECOND_NS + 1),
        ("premium_absurd", {"krw_per_usdt": "1200"}, 0),
        ("not_tradable_upbit", {"upbit": replace(UPBIT, tradable=False)}, 0),
        ("market_warning_binance", {"binance": replace(BINANCE, warning="delisting")}, 0),
    ],
)
def test_a_market_that_must_not_be_traded_on(reason, values, age_ns):
    assert sane(market(**values), world.LIMITS, NOW_NS + age_ns) == Refused(reason)


def test_a_rate_has_an_age_of_its_own():
    limits = replace(world.LIMITS, quote_age_ns_max=10 * world.SECOND_NS)
    assert sane(market(), limits, NOW_NS + world.SECOND_NS + 1) == Refused("rate_stale")
