"""How much of each risk ceiling is used."""

from decimal import Decimal

from arb.domain.market.ids import Coin
from arb.domain.risk.direction import Currencies
from arb.domain.risk.review import Exposure, Mode
from arb.web.budget import budget
from config.settings import load
from tests.contracts.world import SELL_UPBIT

BTC, ETH = Coin("BTC"), Coin("ETH")


def used(**changes):
    exposure = Exposure(
        **{
            "mode": Mode.NORMAL,
            "notional_by_coin_krw": {BTC: Decimal(3), ETH: Decimal(5)},
            "trades_open_by_coin": {BTC: 2, ETH: 1},
            "realised_today_krw": Decimal(0),
            "loss_reserved_krw": Decimal(0),
            "orders_last_minute": 7,
            "opened_at_ns": {},
            "free": {},
        }
        | changes
    )
    return {line["name"]: line for line in budget(load("mock", {}), exposure)}


def test_the_fullest_coin_counts_against_the_ceiling_of_one():
    lines = used()
    assert (lines["notional_total"]["used"], lines["notional_per_coin"]["used"]) == (8, 5)
    assert (lines["trades_open"]["used"], lines["trades_open_per_coin"]["used"]) == (3, 2)
    assert lines["orders_per_minute"]["limit"] == load("mock", {}).risk.orders_per_minute_max


def test_a_day_in_profit_uses_nothing_of_what_may_be_lost():
    assert used(realised_today_krw=Decimal(9), loss_reserved_krw=Decimal(4))["daily_loss"]["used"] == 0
    assert used(realised_today_krw=Decimal(-9), loss_reserved_krw=Decimal(4))["daily_loss"]["used"] == 13


def test_before_the_first_trade_nothing_is_used():
    lines = used(notional_by_coin_krw={}, trades_open_by_coin={}, orders_last_minute=0)
    assert {line["used"] for line in lines.values()} == {0}


def test_what_is_long_in_usdt_is_above_nothing_and_both_ways_use_up_the_ceiling():
    found = used(currencies=Currencies(at_risk_krw={SELL_UPBIT: Decimal(7)}, taken_in_krw=Decimal(-3)))
    assert (found["net_direction"]["used"], found["net_direction"]["signed"]) == (7, -7)
    assert (found["inventory_drift"]["used"], found["inventory_drift"]["signed"]) == (3, 3)
    assert found["trades_open"]["signed"] is None
