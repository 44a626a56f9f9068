"""What makes no sense about a fault is said in one line, before anything changes."""

import pytest

from arb.domain.market.ids import Venue
from arb.sim.core.fault_check import complaint
from tests.sim.core.worlds import fault

COINS = {Venue.BINANCE: ("BTC", "ETH"), Venue.UPBIT: ("BTC", "ETH", "USDT")}


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("price_move", {}, "needs bps"),
        ("thin_book", {}, "needs factor"),
        ("one_sided_book", {}, "needs side"),
        ("halted_coin", {}, "needs coins"),
        ("stream_lag", {}, "needs delay_ms"),
        ("changed_rules", {"coins": ["BTC"]}, "needs tick, lot or min_notional"),
        ("gone", {"bps": 5}, "takes no bps"),
        ("drop_sockets", {"coins": ["BTC"]}, "takes no coins"),
        ("stuck_price", {"probability": 0.5}, "is a condition"),
        ("reject", {"probability": 1.5}, "probability: 0 to 1"),
        ("reject", {"count": 0}, "count: above 0"),
        ("reject", {"side": "bids"}, "side: one of BUY, SELL"),
        ("one_sided_book", {"side": "BUY"}, "side: one of bids, asks"),
        ("price_move", {"bps": -10_000}, "bps: above -10000"),
        ("price_move", {"bps": 10, "recover_s": 5}, "recover_s: needs hold_s"),
        ("book_hole", {"bps": -1}, "bps: above 0"),
        ("thin_book", {"factor": 0}, "factor: above 0"),
        ("gone", {"for_s": 0}, "for_s: above 0"),
        ("gone", {"after_s": -1}, "after_s: 0 to"),
        ("slow_accept", {"delay_ms": -1}, "delay_ms: not below 0"),
        ("halted_coin", {"coins": ["XYZ"]}, "XYZ is not traded here; BTC, ETH are"),
        ("rate_move", {"bps": 500}, "only where USDT has a price"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(kind, fields, words):
    said = complaint(fault(kind, **fields), Venue.BINANCE, COINS[Venue.BINANCE])
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("clock_skew_ms", {"delay_ms": -5_000}),
        ("price_move", {"bps": -3_000, "ramp_s": 120, "hold_s": 60, "recover_s": 3_600, "coins": ["BTC"]}),
        ("rate_move", {"bps": 500}),
        ("book_hole", {"bps": 60, "coins": ["USDT"], "side": "asks", "for_s": 0.1}),
        ("reject", {"coins": ["BTC"], "side": "SELL", "probability": 0.5}),
        ("changed_rules", {"coins": ["BTC"], "min_notional": 10_000}),
        ("maintenance", {"announced": True, "after_s": 5, "for_s": 60, "streams": "cut"}),
    ],
)
def test_what_makes_sense_is_taken(kind, fields):
    assert complaint(fault(kind, **fields), Venue.UPBIT, COINS[Venue.UPBIT]) is None


def test_upbit_has_no_lot_to_change():
    assert "lot" in complaint(fault("changed_rules", coins=["BTC"], lot=1), Venue.UPBIT, COINS[Venue.UPBIT])
