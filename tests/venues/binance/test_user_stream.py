"""The user data stream of docs/protocols/binance.md, and whatever else may arrive."""

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError, Rejected
from arb.domain.market.ids import FillId, Venue
from arb.domain.trading.order import Fill, OrderState
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.api_key import ApiKey
from arb.venues.binance import replies as binance_replies
from arb.venues.binance.user_stream import BinanceUserStream, subscription

KEY = ApiKey(
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
STREAM = BinanceUserStream(KEY, now_ms=lambda: 1_747_385_641_636)
NEW = (
    b'{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,"s":"ETHBTC",'
    b'"c":"mUvoqJxFIILMdfAW5iGSOW","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000","p":"0.10264410",'
    b'"P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW","X":"NEW","r":"NONE","i":4293153,'
    b'"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1499405658657,"t":-1,'
    b'"I":8641984,"w":true,"m":false,"M":false,"O":1499405658657,"Z":"0.00000000","Y":"0.00000000",'
    b'"Q":"0.00000000","W":1499405658657,"V":"NONE"}}'
)
TRADE = {
    "x": "TRADE", "X": "PARTIALLY_FILLED", "c": "a1-abcdefghijklm-b1", "t": 56, "T": 1_507_725_176_595,
    "l": "0.40000000", "L": "4000.00000000", "z": "0.70000000", "n": "0.00040000", "N": "BTC",
}  # fmt: skip


def frame(**changes: object) -> bytes:
    """Return the documented report with some of its letters changed."""
    wrapped = json.loads(NEW)
    wrapped["event"] |= changes
    return json.dumps(wrapped).encode()


def report(**changes: object) -> StreamedReport:
    found = STREAM.read(frame(**changes))
    assert isinstance(found, StreamedReport)
    return found


def test_the_subscription_is_signed_as_documented():
    (text,) = STREAM.opened()
    request = json.loads(text)
    assert request["method"] == "userDataStream.subscribe.signature"
    assert request["params"] == {
        "apiKey": KEY.key,
        "timestamp": 1_747_385_641_636,
        "signature": "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e",
    }


def test_the_secret_is_not_sent():
    assert KEY.secret not in subscription(KEY, 1) + STREAM.keep_alive + repr(STREAM.headers())


def test_a_new_order_is_accepted_without_fills():
    found = report()
    assert found.venue is Venue.BINANCE
    assert found.executed == 0
    assert found.report.client_order_id == "mUvoqJxFIILMdfAW5iGSOW"
    assert found.report.venue_order_id == "4293153"
    assert (found.report.status, found.report.fills, found.report.reason) == (OrderState.ACCEPTED, (), "")


def test_a_trade_carries_its_one_fill_and_all_that_was_executed():
    found = report(**TRADE)
    assert found.report.status is OrderState.PARTIALLY_FILLED
    assert found.executed == Decimal("0.7")
    assert found.report.fills == (
        Fill(
            fill_id=FillId("56"),
            price=Decimal(4000),
            quantity=Decimal("0.4"),
            fee=Decimal("0.0004"),
            fee_asset="BTC",
            ts_event_ns=1_507_725_176_595_000_000,
        ),
    )


def test_a_fill_is_the_same_on_the_stream_in_the_reply_and_in_the_list_of_trades():
    streamed = report(**TRADE).report.fills
    row = {"price": "4000.00000000", "commission": "0.00040000", "commissionAsset": "BTC"}
    reply = {
        "clientOrderId": "a1-abcdefghijklm-b1", "orderId": 28, "transactTime": 1_507_725_176_595,
        "executedQty": "0.40000000", "status": "EXPIRED",
        "fills": [{**row, "qty": "0.40000000", "tradeId": 56}],
    }  # fmt: skip
    listed = [{**row, "id": 56, "qty": "0.40000000", "time": 1_507_725_176_595}]
    assert binance_replies.placed(reply).fills == streamed
    assert binance_replies.fills(listed) == streamed


def test_a_cancel_is_about_the_original_client_id():
    found = report(x="CANCELED", X="CANCELED", c="cancelMyOrder1", C="a1-abcdefghijklm-b1")
    assert found.report.client_order_id == "a1-abcdefghijklm-b1"
    assert found.report.status is OrderState.CANCELED


@pytest.mark.parametrize("original", ["", None])
def test_a_cancel_by_the_venue_keeps_the_client_id(original):
    assert report(x="CANCELED", X="CANCELED", C=original).report.client_order_id == "mUvoqJxFIILMdfAW5iGSOW"


@pytest.mark.parametrize(
    ("execution", "status", "state"),
    [
        ("NEW", "NEW", OrderState.ACCEPTED),
        ("CANCELED", "CANCELED", OrderState.CANCELED),
        ("REJECTED", "REJECTED", OrderState.REJECTED),
        ("EXPIRED", "EXPIRED", OrderState.EXPIRED),
        ("TRADE_PREVENTION", "EXPIRED_IN_MATCH", OrderState.EXPIRED),
    ],
)
def test_each_status_is_a_state_and_brings_no_fill(execution, status, state):
    found = report(x=execution, X=status, z="0.3")
    assert (found.report.status, found.report.fills, found.executed) == (state, (), Decimal("0.3"))


def test_why_it_ended_is_kept():
    assert report(x="EXPIRED", X="EXPIRED", eR="UNFILLED_IOC_QUANTITY_EXPIRED").report.reason == (
        "UNFILLED_IOC_QUANTITY_EXPIRED"
    )
    assert report(x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCES").report.reason == (
        "INSUFFICIENT_BALANCES"
    )


def test_a_fill_without_a_fee_needs_no_asset():
    (fill,) = report(**TRADE | {"n": "0", "N": None}).report.fills
    assert (fill.fee, fill.fee_asset) == (0, "")


@pytest.mark.parametrize(
    "changes",
    [
        {**TRADE, "t": -1},
        {**TRADE, "l": "0.00000000"},
        {**TRADE, "L": "0.00000000"},
        {**TRADE, "N": None},
        {**TRADE, "l": "NaN"},
        {**TRADE, "n": "Infinity"},
        {"z": "NaN"},
        {"X": "ABRACADABRA"},
        {"i": None},
        {"T": "soon"},
    ],
)
def test_a_report_that_cannot_be_right_is_dropped(changes):
    with pytest.raises(DataError):
        report(**changes)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        (
            '{"id":"userDataStream.subscribe.signature","status":200,"result":{"subscriptionId":0}}',
            "PROGRESS",
        ),
        ('{"id":"session.subscriptions","status":200,"result":[{"subscriptionId":0}]}', "PROGRESS"),
        ('{"id":"session.subscriptions","status":200,"result":[]}', "REJECTED"),
        (
            (
                '{"id":"userDataStream.subscribe.signature","status":400,'
                '"error":{"code":-2035,"msg":"User Data Stream subscription already active."}}'
            ),
            "PROGRESS",
        ),
        ('{"id":"somebody else","status":200,"result":{}}', "ALIVE"),
        ('{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}}', "SHUTDOWN"),
        ('{"event":{"e":"serverShutdown","E":1770123456789}}', "SHUTDOWN"),
        ('{"e":"serverShutdown","E":1770123456789}', "SHUTDOWN"),
        (
            (
                '{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1,"u":1,'
                '"B":[{"a":"ETH","f":"10000.000000","l":"0.000000"}]}}'
            ),
            "ALIVE",
        ),
        ('{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1,"a":"BTC","d":"100.0","T":1}}', "ALIVE"),
        ('{"subscriptionId":0,"event":{"e":"listStatus","L":"EXECUTING","O":[{"s":"A"}]}}', "ALIVE"),
    ],
)
def test_what_is_no_report_is_about_the_connection(text, notice):
    assert STREAM.read(text.encode()) is Notice[notice]


def test_a_refused_subscription_names_the_reason():
    error = b'{"id":"s","status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions."}}'
    with pytest.raises(Rejected, match="Invalid API-key") as caught:
        STREAM.read(error)
    assert caught.value.code == "-2015"


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b'{"event":1}', b'{"event":{}}', b"[" * 100_000])
def test_a_frame_that_is_no_message_is_dropped(raw):
    with pytest.raises(DataError):
        STREAM.read(raw)


@given(
    st.dictionaries(
        st.sampled_from(list(json.loads(NEW)["event"])),
        st.none() | st.integers() | st.text(max_size=8) | st.floats() | st.lists(st.integers(), max_size=2),
    )
)
def test_no_event_raises_anything_but_data_errors(changes):
    with contextlib.suppress(DataError):
        STREAM.read(frame(**changes))
