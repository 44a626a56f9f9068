"""The private stream of docs/protocols/upbit.md, and whatever else may arrive."""

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
from arb.sim.krw.frames import encode_frame
from arb.sim.upbit.house import EVENT_NAMES
from arb.venues.api_key import ApiKey
from arb.venues.upbit import replies as upbit_replies
from arb.venues.upbit.user_stream import UpbitUserStream

NONCE = "6f5570df-d8bc-4daf-85b4-976733feb624"
KEY = ApiKey("test-access-key-000000000000000000000000", "test-secret-key-000000000000000000000000")
STREAM = UpbitUserStream(KEY, nonce=lambda: NONCE)
TRADE = (
    b'{"type":"myOrder","code":"KRW-BTC","uuid":"ac2dc2a3-fce9-40a2-a4f6-5987c25c438f","ask_bid":"BID",'
    b'"order_type":"limit","state":"trade","trade_uuid":"68315169-fba4-4175-ade3-aff14a616657",'
    b'"price":100000000,"avg_price":100000000,"volume":0.004,"remaining_volume":0.006,'
    b'"executed_volume":0.004,"trades_count":1,"reserved_fee":500,"remaining_fee":300,"paid_fee":200,'
    b'"locked":600300,"executed_funds":400000,"time_in_force":"ioc","trade_fee":200,"is_maker":false,'
    b'"identifier":"arb-0001-u-1","smp_type":"cancel_maker","prevented_volume":0,"prevented_locked":0,'
    b'"trade_timestamp":1710751590421,"order_timestamp":1710751590000,"timestamp":1710751597500,'
    b'"stream_type":"REALTIME"}'
)
FILL = Fill(
    fill_id=FillId("68315169-fba4-4175-ade3-aff14a616657"),
    price=Decimal(100_000_000),
    quantity=Decimal("0.004"),
    fee=Decimal(200),
    fee_asset="KRW",
    ts_event_ns=1_710_751_590_421_000_000,
)
NO_TRADE = dict.fromkeys(("trade_uuid", "trade_fee", "trade_timestamp", "is_maker"))


def message(**changes: object) -> dict[str, object]:
    """Return the documented event with some of it changed."""
    return json.loads(TRADE, parse_float=Decimal) | changes


def report(form: str = "DEFAULT", **changes: object) -> StreamedReport:
    found = STREAM.read(encode_frame(message(**changes), form, {"myOrder": EVENT_NAMES}))
    assert isinstance(found, StreamedReport)
    return found


def test_the_handshake_carries_a_token_of_no_parameters():
    scheme, _, token = STREAM.headers()["Authorization"].partition(" ")
    assert scheme == "Bearer"
    assert token.rpartition(".")[2] == "_CaXfHU7Ut8oIE6QIIEvqi4cT3cgXBqbw-e1naniKkI"


def test_every_handshake_has_its_own_nonce():
    nonces = iter(("one", "two"))
    stream = UpbitUserStream(KEY, nonce=lambda: next(nonces))
    assert stream.headers() != stream.headers()


def test_the_orders_of_every_market_are_subscribed_and_the_answer_to_a_ping_follows():
    subscription, ping = STREAM.opened()
    assert json.loads(subscription) == [{"ticket": NONCE}, {"type": "myOrder"}, {"format": "SIMPLE"}]
    assert ping == STREAM.keep_alive
    assert STREAM.read(b'{"status":"UP"}') is Notice.PROGRESS


@pytest.mark.parametrize("form", ["DEFAULT", "SIMPLE"])
def test_a_trade_carries_its_one_fill_and_all_that_was_executed(form):
    found = report(form, executed_volume=Decimal("0.007"))
    assert found.venue is Venue.UPBIT
    assert found.executed == Decimal("0.007")
    assert found.report.client_order_id == "arb-0001-u-1"
    assert found.report.venue_order_id == "ac2dc2a3-fce9-40a2-a4f6-5987c25c438f"
    assert (found.report.status, found.report.fills) == (OrderState.PARTIALLY_FILLED, (FILL,))


def test_numbers_with_exponents_stay_exact():
    raw = TRADE.replace(b'"volume":0.004', b'"volume":8.428e-05').replace(b'_fee":200', b'_fee":4.214')
    found = STREAM.read(raw)
    assert isinstance(found, StreamedReport)
    (fill,) = found.report.fills
    assert (fill.quantity, fill.fee) == (Decimal("0.00008428"), Decimal("4.214"))


@pytest.mark.parametrize("form", ["DEFAULT", "SIMPLE"])
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("wait", OrderState.ACCEPTED),
        ("watch", OrderState.ACCEPTED),
        ("prevented", OrderState.ACCEPTED),
        ("done", OrderState.FILLED),
        ("cancel", OrderState.CANCELED),
    ],
)
def test_what_is_no_trade_brings_no_fill_only_what_was_executed(form, state, expected):
    found = report(form, state=state, volume=Decimal("0.01"), **NO_TRADE)
    assert (found.report.status, found.report.fills) == (expected, ())
    assert found.executed == Decimal("0.004")


def test_an_order_placed_without_an_identifier_has_no_client_id():
    assert report(identifier=None).report.client_order_id == ""


@pytest.mark.parametrize(
    ("price", "volume"), [("137002000", "0.00008428"), ("1375", "5.377594"), ("0.0000041", "7")]
)
def test_a_fill_costs_the_same_on_the_stream_and_in_a_query(price, volume):
    """The stream says each trade's fee, the query only their sum."""
    funds = Decimal(price) * Decimal(volume)
    fee = funds * Decimal("0.0005")
    streamed = report(
        price=Decimal(price), volume=Decimal(volume), executed_volume=Decimal(volume), trade_fee=fee,
        trade_timestamp=1_754_725_440_597,
    )  # fmt: skip
    trade = {
        "market": "KRW-BTC", "uuid": FILL.fill_id, "price": price, "volume": volume,
        "funds": format(funds, "f"), "created_at": "2025-08-09T16:44:00.597000+09:00",
    }  # fmt: skip
    body = {
        "uuid": "u", "identifier": "arb-0001-u-1", "state": "done", "executed_volume": volume,
        "paid_fee": format(fee, "f"), "trades": [trade],
    }  # fmt: skip
    assert upbit_replies.order_report(body, Decimal("0.0005")).fills == streamed.report.fills


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_uuid": None},
        {"price": None},
        {"volume": 0},
        {"price": -1},
        {"trade_fee": None},
        {"trade_fee": "NaN"},
        {"executed_volume": "Infinity"},
        {"trade_timestamp": None},
        {"state": "abracadabra"},
        {"uuid": None},
    ],
)
def test_an_event_that_cannot_be_right_is_dropped(changes):
    with pytest.raises(DataError):
        report(**changes)


def test_a_refused_subscription_names_the_reason():
    with pytest.raises(Rejected, match="WRONG_FORMAT"):
        STREAM.read(b'{"error":{"name":"WRONG_FORMAT","message":"..."}}')


def test_assets_are_not_orders():
    assert STREAM.read(b'{"type":"myAsset","assets":[]}') is Notice.ALIVE


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"1", b"[" * 100_000, b'{"type":"myOrder"}'])
def test_a_frame_that_is_no_message_is_dropped(raw):
    with pytest.raises(DataError):
        STREAM.read(raw)


@given(
    st.dictionaries(
        st.sampled_from(list(json.loads(TRADE))),
        st.none() | st.integers() | st.text(max_size=8) | st.booleans() | st.lists(st.integers(), max_size=2),
    )
)
def test_no_event_raises_anything_but_data_errors(changes):
    changes.pop("type", None)
    with contextlib.suppress(DataError):
        STREAM.read(json.dumps(json.loads(TRADE) | changes).encode())
