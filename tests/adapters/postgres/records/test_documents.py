"""Every domain value survives being a document, and a document that is not one is refused."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.adapters.postgres.records.documents import decode, encode
from arb.adapters.postgres.records.holds import Hold
from arb.domain.errors import DataError
from arb.domain.health.alert import Alert
from arb.domain.ledger.ledger import Entry
from arb.domain.ledger.reconcile import Drift
from arb.domain.market.book import Book
from arb.domain.market.instrument import Instrument
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge, Market, Rate
from arb.domain.risk.review import Denied, Exposure, Limits, Proposal
from arb.domain.strategy.fixed import ExitRules
from arb.domain.trading.order import Fill, Order, OrderReport
from arb.domain.trading.position import TradePosition
from arb.domain.trading.repair import RepairRules
from arb.domain.trading.trade import Leg, Trade
from arb.ports.trading import Session, TradeView
from tests.domain.markets import PAIR

amounts = st.decimals(allow_nan=False, allow_infinity=False, places=None)
positive = st.decimals(min_value="1e-18", max_value="1e18", allow_nan=False)
st.register_type_strategy(Decimal, amounts)
st.register_type_strategy(Direction, st.sampled_from(PAIR.directions))

KINDS = (
    Alert, Drift, Edge, ExitRules, Exposure, Fill, Hold, Leg, Limits, Order, OrderReport, Proposal, Rate,
    Denied, RepairRules, Session, Trade, TradePosition, TradeView,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_value_comes_back_as_it_was(kind):
    @settings(max_examples=25, deadline=None)
    @given(st.from_type(kind))
    def comes_back(value):
        text = json.dumps(encode(value))
        assert decode(kind, json.loads(text)) == value

    comes_back()


@given(bid=positive, step=positive, quantity=positive)
def test_a_book_comes_back_as_it_was(bid, step, quantity):
    book = decode(
        Book,
        {
            "venue": "upbit",
            "symbol": "BTC/KRW",
            "bids": [{"price": str(bid), "quantity": str(quantity)}],
            "asks": [{"price": str(bid * 2 + step), "quantity": str(quantity)}],
            "sequence": 1,
            "ts_event_ns": 2,
            "ts_recv_ns": 3,
            "fence": 4,
        },
    )
    assert decode(Book, encode(book)) == book


@pytest.mark.parametrize("kind", [Instrument, Market, Entry], ids=lambda kind: kind.__name__)
def test_kinds_that_check_themselves_have_a_shape(kind):
    with pytest.raises(DataError):
        decode(kind, {})


def test_amounts_are_text_without_exponents():
    document = encode(Rate(krw_per_usdt=Decimal("1E-8"), ts_recv_ns=1, fence=2))
    assert document == {
        "krw_per_usdt": "0.00000001",
        "ts_recv_ns": 1,
        "fence": 2,
        "bid": "0",
        "ask": "0",
        "low": "0",
        "high": "0",
        "half_spread": "0",
        "doubt": "",
        "is_par": False,
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        None,
        [],
        {"krw_per_usdt": "1"},
        {"krw_per_usdt": "1", "ts_recv_ns": 1, "more": 1},
        {"krw_per_usdt": "one", "ts_recv_ns": 1},
        {"krw_per_usdt": "1", "ts_recv_ns": "1"},
        {"krw_per_usdt": "1", "ts_recv_ns": True},
    ],
)
def test_what_is_no_document_is_refused(document):
    with pytest.raises(DataError):
        decode(Rate, document)


def test_an_unknown_state_is_refused():
    with pytest.raises(DataError):
        decode(OrderReport, {
            "client_order_id": "a", "venue_order_id": None, "status": "lost", "fills": [], "reason": "",
        })  # fmt: skip
