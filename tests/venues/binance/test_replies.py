"""Binance's replies as values."""

from decimal import Decimal

import pytest

from arb.domain.errors import DataError
from arb.domain.trading.order import OrderState
from arb.venues.binance import replies as replies
from arb.venues.reply import read
from tests.venues.samples import BINANCE_FULL, BINANCE_ROW, BINANCE_TRADES, response


def test_full_reply_of_an_ioc_order_that_filled_in_part():
    report = read(response(200, BINANCE_FULL), replies.placed)
    (fill,) = report.fills
    assert (report.status, report.reason) == (OrderState.EXPIRED, "UNFILLED_IOC_QUANTITY_EXPIRED")
    assert (report.client_order_id, report.venue_order_id) == ("6gCrw2kRUAF9CvJDGP16IP", "28")
    assert (fill.fill_id, fill.price, fill.quantity) == ("56", 4000, 1)
    assert (fill.fee, fill.fee_asset, fill.ts_event_ns) == (4, "USDT", 1507725176595_000_000)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("NEW", OrderState.ACCEPTED),
        ("PENDING_NEW", OrderState.ACCEPTED),
        ("FILLED", OrderState.FILLED),
        ("CANCELED", OrderState.CANCELED),
        ("REJECTED", OrderState.REJECTED),
        ("EXPIRED", OrderState.EXPIRED),
        ("EXPIRED_IN_MATCH", OrderState.EXPIRED),
    ],
)
def test_status(status: str, expected: OrderState):
    row = read(response(200, {**BINANCE_ROW, "status": status}), replies.order_row)
    assert row.report(()).status is expected


def test_an_order_is_not_over_while_its_fills_are_missing():
    row = replies.order_row({**BINANCE_ROW, "status": "EXPIRED", "executedQty": "13"})
    fills = read(response(200, BINANCE_TRADES), replies.fills)
    assert row.report(()).status is OrderState.ACCEPTED
    assert row.report(fills).status is OrderState.PARTIALLY_FILLED
    assert row.report(fills).fills == fills


def test_trades_carry_fee_asset_id_and_stamp():
    (fill,) = replies.fills(BINANCE_TRADES)
    assert (fill.fill_id, fill.fee, fill.fee_asset) == ("28457", Decimal("10.1"), "BNB")
    assert fill.ts_event_ns == 1499865549590_000_000


def test_balances_are_free_plus_locked_without_zeros():
    body = {
        "balances": [
            {"asset": "BTC", "free": "4723846.89208129", "locked": "0.00000001"},
            {"asset": "LTC", "free": "0.0", "locked": "0"},
        ]
    }
    assert replies.balances(body) == {"BTC": Decimal("4723846.89208130")}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"orderId": 1}',
        b'{"clientOrderId":"a","orderId":1,"status":"ODD","executedQty":"1"}',
        b'{"clientOrderId":"a","orderId":1,"status":"NEW","executedQty":"NaN"}',
        b'{"clientOrderId":"a","orderId":1,"status":"NEW","executedQty":NaN}',
        b'{"clientOrderId":"a","orderId":1,"status":"NEW","executedQty":"one"}',
        b"\xff\xfe",
    ],
)
def test_a_malformed_reply_is_a_data_error(body: bytes):
    with pytest.raises(DataError, match="reply_malformed"):
        read(response(200, body), replies.order_row)


def test_an_account_is_known_by_its_uid():
    assert read(response(200, {"balances": [], "uid": 354937868}), replies.account) == "354937868"


@pytest.mark.parametrize("body", [{}, {"uid": None}, {"uid": "x"}])
def test_a_reply_without_a_uid_names_no_account(body):
    with pytest.raises(DataError):
        read(response(200, body), replies.account)
