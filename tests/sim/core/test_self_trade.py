"""Which of two orders of one account gives way."""

from contextlib import closing
from decimal import Decimal

import msgspec
import pytest

from arb.sim.core.journal import VenueJournal
from arb.sim.core.orders import SelfTrade, Status
from tests.sim.core.worlds import book, exchange, order, show


def taking(way, price, quantity, tif="IOC", mode="cancel_taker", quote=None):
    made = order(way, price, quantity, tif, client_id="taker", quote=quote)
    return msgspec.structs.replace(made, self_trade=SelfTrade(mode))


def totals(engine):
    return {asset: engine.records.accounts.total(asset) for asset in ("USDT", "BTC")}


def locked(engine):
    return {asset: engine.balance(asset).locked for asset in ("USDT", "BTC")}


@pytest.mark.parametrize(
    ("way", "own", "limit"), [("BUY", ("SELL", "101.5"), "103"), ("SELL", ("BUY", "98.5"), "97")]
)
@pytest.mark.parametrize("tif", ["IOC", "GTC"])
def test_a_taker_that_gives_way_trades_up_to_its_own_order_and_ends(way, own, limit, tif):
    engine = exchange()
    maker = engine.place(order(*own, quantity="1", client_id="maker"))
    before = totals(engine)
    taker = engine.place(taking(way, limit, "2.5", tif))
    assert maker.is_open
    assert (taker.status, taker.executed, taker.prevented) == (Status.EXPIRED_IN_MATCH, 1, Decimal("1.5"))
    assert taker.held == 0
    assert totals(engine) == before


def test_all_or_nothing_is_nothing_and_post_only_does_not_rest():
    engine = exchange()
    maker = engine.place(order("SELL", "101.5", "1", client_id="maker"))
    assert engine.place(taking("BUY", "103", "2.5", "FOK")).executed == 0
    assert maker.is_open


def test_without_a_word_the_resting_order_gives_way():
    engine = exchange()
    maker = engine.place(order("SELL", "101.5", "1", client_id="maker"))
    taker = engine.place(order("BUY", "103", "2.5", "IOC"))
    assert maker.status is Status.EXPIRED_IN_MATCH
    assert taker.executed == Decimal("2.5")


@pytest.mark.parametrize(
    ("way", "own", "limit"), [("BUY", ("SELL", "101.5"), "103"), ("SELL", ("BUY", "98.5"), "97")]
)
def test_both_end_where_they_would_have_met(way, own, limit):
    engine = exchange()
    maker = engine.place(order(*own, quantity="1", client_id="maker"))
    taker = engine.place(taking(way, limit, "2.5", mode="cancel_both"))
    assert {maker.status, taker.status} == {Status.EXPIRED_IN_MATCH}
    assert (taker.executed, maker.executed) == (1, 0)
    assert locked(engine) == {"USDT": 0, "BTC": 0}


@pytest.mark.parametrize(
    ("way", "own", "limit"), [("BUY", ("SELL", "101.5"), "103"), ("SELL", ("BUY", "98.5"), "97")]
)
@pytest.mark.parametrize(
    ("resting", "taking_quantity", "ends", "left"),
    [
        ("1", "2.5", "maker", {"maker": ("0", "1"), "taker": ("1.5", "1")}),  # the taker goes on behind it
        ("2", "1.5", "taker", {"maker": ("0", "0.5"), "taker": ("1", "0.5")}),
        ("1", "2", "both", {"maker": ("0", "1"), "taker": ("1", "1")}),
    ],
)
def test_reducing_takes_the_smaller_off_both(way, own, limit, resting, taking_quantity, ends, left):
    engine = exchange()
    maker = engine.place(order(*own, quantity=resting, client_id="maker"))
    taker = engine.place(taking(way, limit, taking_quantity, "GTC", mode="reduce"))
    named = {"maker": maker, "taker": taker}
    assert {name: (str(one.executed), str(one.prevented)) for name, one in named.items()} == left
    over = {name for name, one in named.items() if one.status is Status.EXPIRED_IN_MATCH}
    assert over == ({"maker", "taker"} if ends == "both" else {ends})
    if ends == "taker":
        price, remaining = maker.request.price, maker.request.quantity - maker.spent
        asset, amount = ("USDT", price * remaining) if own[0] == "BUY" else ("BTC", remaining)
        assert locked(engine)[asset] == maker.held == amount
    else:
        assert locked(engine) == {"USDT": 0, "BTC": 0}


@pytest.mark.parametrize(
    ("way", "own", "limit"), [("BUY", ("SELL", "101.5"), "103"), ("SELL", ("BUY", "98.5"), "97")]
)
def test_allowed_they_trade_with_each_other_and_each_pays(way, own, limit):
    engine = exchange()
    maker = engine.place(order(*own, quantity="2", client_id="maker"))
    taker = engine.place(taking(way, limit, "2.5", "GTC", mode="allow"))
    assert (taker.status, taker.executed) == (Status.FILLED, Decimal("2.5"))
    assert (maker.status, maker.executed) == (Status.PARTIALLY_FILLED, Decimal("1.5"))
    assert maker.executed_quote == Decimal("1.5") * maker.request.price
    assert all(maker.fees.values()) and all(taker.fees.values())


def test_a_total_that_meets_the_accounts_own_order_spends_it_there():
    engine = exchange()
    maker = engine.place(order("SELL", "100.5", "1", client_id="maker"))
    taker = engine.place(taking("BUY", None, None, mode="allow", quote="201.6"))
    assert (maker.executed, taker.executed, taker.status) == (1, 2, Status.FILLED)


def test_what_would_be_reduced_fills_nothing_that_wants_all():
    engine = exchange()
    maker = engine.place(order("SELL", "101.5", "1", client_id="maker"))
    taker = engine.place(taking("BUY", "103", "2", "FOK", mode="reduce"))
    assert (taker.executed, maker.prevented, maker.is_open) == (0, 0, True)


def test_an_amended_order_locks_less_and_keeps_its_place():
    engine = exchange()
    first = engine.place(order("BUY", "99", "2", client_id="first"))
    second = engine.place(order("BUY", "99", "1", client_id="second"))
    engine.amend(first, Decimal("0.5"), "renamed")
    assert (first.held, first.request.client_id) == (Decimal("49.5"), "renamed")
    show(engine, book(asks=(("99", "0.6"), ("102", "2"))))
    assert (first.status, first.executed) == (Status.FILLED, Decimal("0.5"))
    assert second.executed == Decimal("0.1")


@pytest.mark.parametrize("mode", ["reduce", "allow", "cancel_both", "cancel_maker", "cancel_taker"])
def test_a_journal_read_back_says_the_same(tmp_path, mode):
    with closing(VenueJournal(tmp_path / "journal")) as journal:
        engine = exchange(journal)
        maker = engine.place(order("SELL", "101.5", "2", client_id="maker"))
        engine.amend(maker, Decimal("1.5"), "less")
        engine.place(taking("BUY", "103", "2", "IOC", mode=mode))
        before = (totals(engine), locked(engine), list(engine.orders.select()))
    with closing(VenueJournal(tmp_path / "journal")) as journal:
        again = exchange(journal)
        assert (totals(again), locked(again), list(again.orders.select())) == before
