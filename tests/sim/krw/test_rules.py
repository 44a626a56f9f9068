import json
from decimal import Decimal

import pytest

from arb.sim.core.ticks import krw_tick
from arb.sim.krw.errors import KrwRejection
from arb.sim.krw.parameters import from_json
from arb.sim.krw.rules import check_size, read_order
from arb.sim.krw.switches import MIN_TOTAL_KRW

MARKETS = frozenset({"KRW-BTC", "KRW-USDT"})
LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100000000"}
BEST_BID = Decimal(140_000_000)


def unit_at(_market, price):
    return krw_tick(price)


def read(**changes):
    body = {name: value for name, value in (LIMIT | changes).items() if value is not None}
    return read_order(from_json(json.dumps(body).encode()), MARKETS)


def refusal(**changes):
    with pytest.raises(KrwRejection) as caught:
        check_size(read(**changes), BEST_BID, unit_at, MIN_TOTAL_KRW)
    return caught.value.reply.name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"time_in_force": "ioc"},
        {"time_in_force": "fok", "side": "ask"},
        {"time_in_force": "post_only"},
        {"time_in_force": "post_only", "smp_type": "none"},
        {"smp_type": "reduce"},
        {"ord_type": "price", "volume": None, "price": "5000"},
        {"ord_type": "market", "side": "ask", "price": None},
        {"ord_type": "best", "volume": None, "price": "5000", "time_in_force": "ioc"},
        {"ord_type": "best", "side": "ask", "price": None, "time_in_force": "fok"},
        {"volume": 0.01, "price": 100000000},
        {"volume": "0.00005"},
    ],
)
def test_every_documented_shape_is_taken(changes):
    check_size(read(**changes), BEST_BID, unit_at, MIN_TOTAL_KRW)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"market": "KRW-NONE"}, "validation_error"),
        ({"market": None}, "validation_error"),
        ({"side": "buy"}, "validation_error"),
        ({"ord_type": "stop"}, "validation_error"),
        ({"volume": "abc"}, "validation_error"),
        ({"volume": "NaN"}, "validation_error"),
        ({"volume": "-1"}, "validation_error"),
        ({"volume": "0.010000001"}, "validation_error"),
        ({"identifier": "한글"}, "validation_error"),
        ({"identifier": "x" * 65}, "validation_error"),
        ({"volume": None}, "create_bid_error"),
        ({"price": None, "side": "ask"}, "create_ask_error"),
        ({"ord_type": "market", "side": "ask"}, "create_ask_error"),
        ({"ord_type": "market", "price": None}, "create_bid_error"),
        ({"ord_type": "price", "side": "ask", "volume": None}, "create_ask_error"),
        ({"ord_type": "price"}, "create_bid_error"),
        ({"ord_type": "best", "volume": None}, "create_bid_error"),
        ({"ord_type": "price", "volume": None, "time_in_force": "ioc"}, "create_bid_error"),
        ({"time_in_force": "gtd"}, "create_bid_error"),
        ({"smp_type": "other"}, "create_bid_error"),
        ({"time_in_force": "post_only", "smp_type": "reduce"}, "create_bid_error"),
        ({"price": "100000500"}, "invalid_price_bid"),
        ({"price": "100000500", "side": "ask"}, "invalid_price_ask"),
        ({"volume": "0.00004999"}, "under_min_total_bid"),
        ({"volume": "0.00004999", "side": "ask"}, "under_min_total_ask"),
        ({"ord_type": "price", "volume": None, "price": "4999"}, "under_min_total_bid"),
        ({"ord_type": "market", "side": "ask", "price": None, "volume": "0.00003"}, "under_min_total_ask"),
        ({"volume": "10.00001"}, "invalid_parameter"),
    ],
)
def test_everything_else_is_refused_by_name(changes, name):
    assert refusal(**changes) == name


def test_smp_defaults_to_cancel_maker():
    assert read().smp_type == "cancel_maker"
    assert read(time_in_force="post_only").smp_type == "none"
