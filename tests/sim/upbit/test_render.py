"""Shapes and amounts of docs/protocols/upbit.md."""

from decimal import Decimal

from arb.sim.krw.account_render import my_asset_json
from arb.sim.krw.forms import OrderForm, form_of
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.orders import DONE, WAIT, OrderTrade, OrderView
from arb.sim.upbit.house import EVENT_NAMES
from arb.sim.upbit.render import my_order_json, order_json, order_with_trades_json

CREATED_NS = 1_754_725_440_597_751_000  # 2025-08-09T16:44:00.597751+09:00
FEE = Decimal("0.0005")


def make(side="bid", ord_type="limit", price="100000000", volume="0.00008", tif=None, locked="0", **changes):
    form = OrderForm(
        market="KRW-BTC",
        side=side,
        ord_type=ord_type,
        price=None if price is None else Decimal(price),
        volume=None if volume is None else Decimal(volume),
        time_in_force=tif,
        identifier="arb-0001-u-1",
        smp_type="cancel_maker",
    )
    values = {"uuid": "order-1", "state": WAIT, "created_ns": CREATED_NS} | changes
    return OrderView(form=form, fee_rate=FEE, locked=Decimal(locked), **values)


def fill(price, volume):
    price, volume = Decimal(price), Decimal(volume)
    return OrderTrade(
        uuid="trade-1", price=price, volume=volume, fee=price * volume * FEE, ts_ns=CREATED_NS, maker=False
    )


def test_bid_locks_its_total_and_the_fee_on_it():
    body = order_json(make(locked="8004"))
    assert (body["locked"], body["reserved_fee"], body["remaining_fee"]) == ("8004", "4", "4")
    assert (body["state"], body["executed_volume"], body["trades_count"]) == ("wait", "0", 0)
    assert body["created_at"] == "2025-08-09T16:44:00+09:00"


def test_ask_pays_its_fee_in_krw():
    order = make("ask", "market", None, "5.377594", state=DONE, trades=[fill("1375", "5.377594")])
    body = order_with_trades_json(order)
    assert body["paid_fee"] == "3.697095875"
    assert (body["price"], body["reserved_fee"], body["remaining_volume"]) == (None, "0", "0")
    assert body["trades"][0]["funds"] == "7394.19175"
    assert body["trades"][0]["trend"] == "down"
    assert body["trades"][0]["created_at"] == "2025-08-09T16:44:00.597751+09:00"


def test_total_bid_has_no_volume():
    body = order_json(make("bid", "price", "10000", None, locked="10005"))
    assert (body["price"], body["volume"], body["remaining_volume"]) == ("10000", None, None)
    assert (body["locked"], body["reserved_fee"], body["remaining_fee"]) == ("10005", "5", "5")


def test_trade_event_carries_the_fill_and_other_events_the_order():
    trade = fill("99000000", "0.00003")
    order = make(trades=[trade])
    event = my_order_json(order, "trade", trade, CREATED_NS)
    assert (event["price"], event["volume"], event["trade_uuid"]) == (
        99_000_000,
        Decimal("0.00003"),
        "trade-1",
    )
    assert (event["trade_fee"], event["is_maker"]) == (trade.fee, False)
    event = my_order_json(order, "cancel", None, CREATED_NS)
    assert (event["price"], event["volume"], event["trade_uuid"]) == (100_000_000, Decimal("0.00008"), None)
    assert (event["trade_fee"], event["is_maker"], event["trades_count"]) == (None, None, 1)
    assert event["avg_price"] == 99_000_000


def test_request_of_the_core_keeps_the_form():
    for order in (make(tif="ioc"), make("bid", "price", "10000", None), make("ask", "best", None, tif="fok")):
        request = order.form.request(CREATED_NS, Decimal(99_000_000))
        assert form_of(request) == order.form


def test_best_order_is_a_limit_at_the_best_opposite_price():
    request = make("bid", "best", "10000", None, tif="ioc").form.request(CREATED_NS, Decimal(99_000_000))
    assert (request.price, request.quantity, request.quote_quantity) == (99_000_000, None, 10_000)


def test_formats_differ_in_names_and_wrapping():
    event = my_asset_json(
        "asset-1", [("KRW", Decimal("1386929.37231066771348207123"), Decimal(0))], CREATED_NS
    )
    default, simple = encode_frame(event, "DEFAULT"), encode_frame(event, "SIMPLE")
    assert b'"balance":1386929.37231066771348207123' in default
    assert simple.startswith(b'{"ty":"myAsset","astuid":"asset-1","ast":[{"cu":"KRW","b":1386929.3723')
    assert encode_frame(event, "JSON_LIST") == b"[" + default + b"]"
    assert encode_frame(event, "SIMPLE_LIST") == b"[" + simple + b"]"


def test_simple_my_order_uses_only_short_names():
    frame = encode_frame(
        my_order_json(make(tif="ioc"), "wait", None, CREATED_NS), "SIMPLE", {"myOrder": EVENT_NAMES}
    )
    for name in (b'"uid"', b'"rsf"', b'"rmf"', b'"tif"', b'"smpt"', b'"otms"', b'"ev"'):
        assert name in frame
    assert b"_" not in frame.replace(b"cancel_maker", b"")
