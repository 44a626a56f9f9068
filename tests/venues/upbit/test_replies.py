"""Upbit's replies as values."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError
from arb.domain.trading.order import OrderState
from arb.venues.krw.replies import balances
from arb.venues.reply import read
from arb.venues.upbit import replies as replies
from tests.venues.samples import UPBIT_DONE, UPBIT_WAIT, response

FEE = Decimal("0.0005")


def with_trades(state: str, *volumes: str, executed: str | None = None, **changes: Any) -> dict[str, Any]:
    trades = [
        {
            **UPBIT_DONE["trades"][0],
            "uuid": f"trade-{number}",
            "volume": volume,
            "funds": str(Decimal(volume) * 1375),
        }
        for number, volume in enumerate(volumes)
    ]
    total = sum((Decimal(volume) for volume in volumes), Decimal(0))
    paid = {"paid_fee": str(total * 1375 * FEE), "executed_volume": executed or str(total)}
    return {**UPBIT_DONE, "state": state, "trades": trades, **paid, **changes}


def test_a_placed_order_is_accepted_without_fills():
    report = read(response(201, UPBIT_WAIT), replies.placed)
    assert (report.status, report.fills) == (OrderState.ACCEPTED, ())
    assert report.client_order_id == "arb-0001-u-1"
    assert report.venue_order_id == "cdd92199-2897-4e14-9448-f923320408ad"


def test_a_placed_order_is_accepted_even_if_the_book_was_faster():
    assert replies.placed({**UPBIT_WAIT, "state": "done"}).status is OrderState.ACCEPTED


def test_published_done_order_with_its_trade():
    report = read(response(200, UPBIT_DONE), lambda body: replies.order_report(body, Decimal("0.9")))
    (fill,) = report.fills
    assert report.status is OrderState.FILLED
    assert (fill.fill_id, fill.price) == ("795dff29-bba6-49b2-baab-63473ab7931c", 1375)
    assert (fill.quantity, fill.fee, fill.fee_asset) == (Decimal("5.377594"), Decimal("3.697095875"), "KRW")
    assert fill.ts_event_ns == 1754725440_597_751_000


@pytest.mark.parametrize(
    ("state", "volumes", "expected"),
    [
        ("wait", (), OrderState.ACCEPTED),
        ("watch", (), OrderState.ACCEPTED),
        ("wait", ("1",), OrderState.PARTIALLY_FILLED),
        ("done", ("1", "2"), OrderState.FILLED),
        ("cancel", (), OrderState.CANCELED),
        ("cancel", ("1", "2"), OrderState.CANCELED),
    ],
)
def test_state(state: str, volumes: tuple[str, ...], expected: OrderState):
    report = replies.order_report(with_trades(state, *volumes), FEE)
    assert report.status is expected
    assert [fill.quantity for fill in report.fills] == [Decimal(volume) for volume in volumes]


@pytest.mark.parametrize("state", ["done", "cancel"])
def test_an_order_is_not_over_while_its_trades_are_missing(state: str):
    none = replies.order_report(with_trades(state, executed="3"), FEE)
    some = replies.order_report(with_trades(state, "1", executed="3"), FEE)
    assert (none.status, some.status) == (OrderState.ACCEPTED, OrderState.ACCEPTED)
    assert none.executed == some.executed == 3


def test_without_all_trades_none_is_told_since_nobody_knows_what_it_paid():
    assert replies.order_report(with_trades("wait", "1", executed="3", paid_fee="99"), FEE).fills == ()


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=9), st.decimals("0", "10000", places=8))
def test_fees_add_up_to_what_the_order_paid_to_the_last_digit(lots: list[int], paid: Decimal):
    volumes = [str(Decimal(lot) / 10**8) for lot in lots]
    fills = replies.order_report(with_trades("done", *volumes, paid_fee=str(paid)), FEE).fills
    assert sum(fill.fee for fill in fills) == paid


def test_without_a_fee_in_the_order_the_known_rate_gives_it():
    body = with_trades("done", "1")
    del body["paid_fee"]
    assert replies.order_report(body, FEE).fills[0].fee == Decimal("0.6875")


@given(
    st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=8),
    st.sampled_from(["0.0005", "0.0004", "0.00139", "0"]),
)
def test_fees_of_the_fills_add_up_to_what_was_paid(units: list[int], rate: str):
    volumes = [format(Decimal(unit).scaleb(-8), "f") for unit in units]
    paid = sum((Decimal(volume) * 1375 * Decimal(rate) for volume in volumes), Decimal(0))
    report = replies.order_report(with_trades("done", *volumes, paid_fee=str(paid)), Decimal("0.5"))
    assert sum((fill.fee for fill in report.fills), Decimal(0)) == paid


def test_an_order_of_somebody_without_identifier_has_an_empty_one():
    assert replies.order_row({**UPBIT_WAIT, "identifier": None}).client_order_id == ""


def test_exponents_are_exact():
    body = b'[{"currency":"BTC","balance":8.428e-05,"locked":"0.0"},{"currency":"P","balance":0,"locked":0}]'
    assert read(response(200, body), balances) == {"BTC": Decimal("0.00008428")}


@pytest.mark.parametrize("created_at", ["2025-08-09T16:44:00", "yesterday", 5, None])
def test_a_stamp_without_offset_is_malformed(created_at: Any):
    body = with_trades("done", "1")
    body["trades"][0]["created_at"] = created_at
    with pytest.raises(DataError, match="reply_malformed"):
        read(response(200, body), lambda parsed: replies.order_report(parsed, FEE))
