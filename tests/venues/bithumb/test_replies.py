"""What Bithumb answers: an end is what the trades say, whatever it is called."""

from decimal import Decimal
from typing import Any

import pytest

from arb.domain.errors import DataError
from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.domain.trading.order import OrderState
from arb.venues.bithumb.listed import page
from arb.venues.bithumb.replies import order_report, placed, settled_report
from arb.venues.krw.replies import balances
from arb.venues.reply import read
from tests.venues.samples import BITHUMB_ORDER, response

FEE = Decimal("0.0025")


def order(**changes: Any) -> dict[str, Any]:
    return {**BITHUMB_ORDER, **changes}


def test_an_order_filled_in_part_is_done_and_has_lost_its_rest():
    report = order_report(order(), FEE)
    assert (report.status, report.executed) == (OrderState.CANCELED, Decimal("0.004"))
    (fill,) = report.fills
    assert (fill.quantity, fill.fee, fill.fee_asset, fill.fee_is_assumed) == (
        Decimal("0.004"),
        Decimal(224),
        "KRW",
        True,  # less than the rate: more may be named in a moment
    )
    assert fill.ts_event_ns == 1_794_535_126_000_000_000


def test_an_order_filled_as_a_whole_is_filled():
    assert order_report(order(volume="0.004"), FEE).status is OrderState.FILLED


def test_an_order_that_met_no_price_is_cancelled():
    report = order_report(order(state="cancel", executed_volume="0", trades=[]), FEE)
    assert (report.status, report.fills) == (OrderState.CANCELED, ())


def test_an_order_whose_trades_lag_works_on_and_tells_none():
    report = order_report(order(trades=[], volume="0.004"), FEE)
    assert (report.status, report.fills, report.executed) == (OrderState.ACCEPTED, (), Decimal("0.004"))


def test_of_an_old_order_the_named_fee_is_the_last_word():
    (fill,) = settled_report(order(), FEE).fills
    assert (fill.fee, fill.fee_is_assumed) == (Decimal(224), False)
    (fill,) = settled_report(order(paid_fee=None), FEE).fills
    assert (fill.fee, fill.fee_is_assumed) == (Decimal(1_400), False)


def test_a_reply_to_an_order_says_accepted_at_best():
    report = placed({"order_id": "C01", "client_order_id": "a1-abcdefghijkl2-t1"})
    assert (report.venue_order_id, report.status) == ("C01", OrderState.ACCEPTED)


@pytest.mark.parametrize("body", [{}, [], "x", None, {"order_id": None, "state": "gone"}])
def test_what_is_no_order_is_malformed(body: Any):
    with pytest.raises(DataError):
        read(response(200, body), lambda found: order_report(found, FEE))


def test_balances_add_what_is_locked_and_leave_out_nothing():
    rows = [
        {"currency": "KRW", "balance": "100.5", "locked": "0.5"},
        {"currency": "BTC", "balance": "0", "locked": "0"},
    ]
    assert balances(rows) == {"KRW": 101}


def test_a_page_has_its_orders_and_the_key_of_the_next():
    row = {name: value for name, value in order(order_id="C01").items() if name != "uuid"}
    (listed,), key = page({"data": [row], "next_key": "abc"})
    assert (listed.venue_order_id, listed.symbol, listed.side) == ("C01", Symbol("BTC/KRW"), Side.BUY)
    assert (listed.status, listed.executed, listed.is_ours) == (OrderState.CANCELED, Decimal("0.004"), True)
    assert key == "abc"
    assert page({"data": [], "next_key": None}) == ((), "")


def test_an_order_of_somebody_else_is_listed_by_the_venues_own_name_of_its_market():
    (listed,), _ = page({"data": [order(order_id="C01", market="ODD", client_order_id=None)]})
    assert (listed.symbol, listed.client_order_id, listed.is_ours) == ("ODD", "", False)
