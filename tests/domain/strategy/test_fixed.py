"""When *fixed* opens a pair, and when it closes one."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.pair import Direction
from arb.domain.strategy.fixed import ExitRules, Fixed
from arb.domain.strategy.port import Chance, OpenPair
from arb.domain.time import NS_PER_S
from tests.domain.markets import NOW_NS, market
from tests.domain.trading.test_exits import THIN, WHOLE, opened_pair
from tests.engine.trading.test_proposals import SIZE, edges_at

EXITS = ExitRules(
    converged_bps=Decimal(0),
    take_profit_bps=Decimal(40),
    stop_loss_bps=Decimal(200),
    holding_ns_max=3_600 * NS_PER_S,
    rate_loss_bps_max=Decimal(1_000),
    holding_loss_bps_max=Decimal(1_000),
)
FIXED = Fixed(edge_bps_min=Decimal(25), exits=EXITS)


def held(pair, quantity, found, now_ns):
    trade, position = pair
    return OpenPair(trade=trade, position=position, orders=(), quantity=quantity, market=found, now_ns=now_ns)


def opens(found, least=25):
    chance = Chance(market=found, edges=edges_at(found, SIZE), now_ns=NOW_NS)
    return replace(FIXED, edge_bps_min=Decimal(least)).entry(chance)


def test_the_better_edge_is_taken_from_the_least_one_on():
    best = opens(market())
    assert best.direction is Direction("sell_upbit")
    assert opens(market(), best.net_bps) == best
    assert opens(market(), best.net_bps + 1) is None


@pytest.mark.parametrize(
    ("reason", "values", "age_ns"),
    [
        (None, {}, 0),
        ("holding_time", {}, EXITS.holding_ns_max),
        ("take_profit", {"upbit_asks": (("139000000", "1"),), "upbit_bids": (("138999000", "1"),)}, 0),
        ("stop_loss", {"upbit_asks": (("145000000", "1"),), "upbit_bids": (("144999000", "1"),)}, 0),
        ("converged", {"upbit_asks": (("139999000", "1"),), "upbit_bids": (("139998000", "1"),)}, 0),
        (None, {"upbit_asks": (("140100000", "1"),), "upbit_bids": (("139700000", "1"),)}, 0),  # by middles
    ],
)
def test_why_an_open_pair_is_closed(reason, values, age_ns):
    trade, position = opened_pair()
    now_ns = trade.opened_at_ns + age_ns
    rules = replace(EXITS, take_profit_bps=Decimal(500)) if reason in ("converged", None) else EXITS
    assert (
        replace(FIXED, exits=rules).exit(held((trade, position), WHOLE, market(**values), now_ns)) == reason
    )


@pytest.mark.parametrize(("loss_bps_max", "reason"), [(0, None), (54, None), (55, "holding_time")])
def test_the_clock_closes_no_pair_for_a_larger_loss_than_it_may(loss_bps_max, reason):
    trade, position = opened_pair("141060000")  # 24 bps below where it is closed, and 30 of fees
    rules = replace(EXITS, holding_loss_bps_max=Decimal(loss_bps_max))
    for age_ns in (rules.holding_ns_max, 100 * rules.holding_ns_max):
        assert (
            replace(FIXED, exits=rules).exit(
                held((trade, position), WHOLE, market(), trade.opened_at_ns + age_ns)
            )
            == reason
        )


def test_of_what_the_books_show_the_profit_of_the_whole_pair_is_told():
    thin = market(**THIN)
    assert FIXED.exit(held(opened_pair(), Decimal("0.004"), thin, NOW_NS)) == "take_profit"


def test_a_pair_is_late_once_its_time_is_over():
    assert not FIXED.is_late(EXITS.holding_ns_max - 1)
    assert FIXED.is_late(EXITS.holding_ns_max)
