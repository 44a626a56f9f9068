"""What is exported: every fill with its ids and its fee in KRW, profit that adds up, spans, many rows."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from arb.adapters.postgres.export import AT_ONCE, SqlExport
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.tables import trades
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import ALWAYS, Span
from tests.contracts import world

pytestmark = pytest.mark.integration
RATE = Decimal(1400)
MANY = text(
    "INSERT INTO trades SELECT (jsonb_populate_record(t, jsonb_build_object('trade_id', 'many-' || n))).* "
    "FROM trades t, generate_series(1, :number) n WHERE trade_id = :trade_id"
)


@pytest.fixture(scope="module")
def traded(database: Engine) -> tuple[SessionId, str]:
    """A session with one trade that has ended, both legs of it filled."""
    made, store = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    opening = world.opening(made.session_id, now_ns=world.NOW_NS)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    for venue in (Venue.UPBIT, Venue.BINANCE):
        order = opening.on(venue)
        assert store.claim(order.client_order_id, world.NOW_NS)
        store.record(world.filled(order), world.NOW_NS)
    ended = {"state": "closed", "closed_at_ns": world.NOW_NS + 5, "pnl_krw": Decimal("-12.5")}
    with database.begin() as connection:
        connection.execute(update(trades).values(**ended, valued_krw_per_usdt=RATE))
        trade_id = connection.execute(text("SELECT trade_id FROM trades")).scalar_one()
    return made.session_id, trade_id


def rows(database: Engine, session_id: SessionId, what: str, span: Span = ALWAYS) -> list[dict[str, Any]]:
    with SqlExport(database, session_id, span).rows(what) as (columns, found):
        return [dict(zip(columns, row, strict=True)) for row in found]


def test_a_fill_has_the_ids_of_its_venue_and_its_fee_in_krw(
    database: Engine, traded: tuple[SessionId, str]
) -> None:
    found = {row["venue"]: row for row in rows(database, traded[0], "fills")}
    assert set(found) == {"upbit", "binance"}
    for row in found.values():
        assert row["fill_id"]
        assert row["client_order_id"]
        assert row["trade_id"] == traded[1]
        to_krw = RATE if row["currency"] == "USDT" else Decimal(1)
        assert row["value_krw"] == row["price"] * row["quantity"] * to_krw
        per_asset = to_krw * (row["price"] if row["fee_asset"] == row["coin"] else 1)
        assert row["fee_krw"] == row["fee"] * per_asset


def test_a_trade_has_both_venues_and_its_fees_are_those_of_its_fills(
    database: Engine, traded: tuple[SessionId, str]
) -> None:
    (trade,) = rows(database, traded[0], "trades")
    fees = sum(row["fee_krw"] for row in rows(database, traded[0], "fills"))
    assert (trade["fees_krw"], trade["pnl_krw"], trade["krw_per_usdt"]) == (fees, Decimal("-12.5"), RATE)
    assert trade["upbit_base"] == -trade["binance_base"]
    assert (trade["upbit_currency"], trade["binance_currency"]) == ("KRW", "USDT")


def test_profit_is_summed_up_and_the_ledger_sums_to_zero(
    database: Engine, traded: tuple[SessionId, str]
) -> None:
    (line,) = rows(database, traded[0], "pnl")
    assert (line["pnl_krw"], line["pnl_krw_so_far"]) == (Decimal("-12.5"), Decimal("-12.5"))
    sums: dict[str, Decimal] = {}
    for posting in rows(database, traded[0], "ledger"):
        sums[posting["asset"]] = sums.get(posting["asset"], Decimal(0)) + posting["amount"]
    assert sums
    assert not any(sums.values())


def test_a_trade_between_two_venues_in_krw_has_no_rate_and_no_profit_in_usdt(
    database: Engine, traded: tuple[SessionId, str]
) -> None:
    (before,) = rows(database, traded[0], "pnl")
    (known,) = (row["direction"] for row in rows(database, traded[0], "trades"))
    assert before["krw_per_usdt"] == RATE
    assert round(before["pnl_usdt"] * RATE, 9) == before["pnl_krw"]
    for way in Pair(Venue.UPBIT, Venue.BITHUMB).directions:
        with database.begin() as connection:
            connection.execute(update(trades).values(direction=way, valued_krw_per_usdt=1))
        for what in ("pnl", "trades", "fills"):
            for row in rows(database, traded[0], what):
                assert row["krw_per_usdt"] is None
                assert row.get("pnl_usdt") is None
        (line,) = rows(database, traded[0], "pnl")
        assert line["pnl_krw"] == before["pnl_krw"]
    with database.begin() as connection:
        connection.execute(update(trades).values(direction=known, valued_krw_per_usdt=RATE))


@pytest.mark.parametrize("what", ["trades", "fills", "ledger", "pnl"])
def test_a_span_before_it_all_is_empty(database: Engine, traded: tuple[SessionId, str], what: str) -> None:
    assert rows(database, traded[0], what, Span(to_ns=1)) == []


def test_more_rows_than_one_piece_all_come(database: Engine, traded: tuple[SessionId, str]) -> None:
    with database.begin() as connection:
        connection.execute(MANY, {"number": 2 * AT_ONCE, "trade_id": traded[1]})
    found = [row["trade_id"] for row in rows(database, traded[0], "trades")]
    assert len(found) == len(set(found)) == 2 * AT_ONCE + 1
