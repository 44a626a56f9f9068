"""Positions and balances of a session in a real database, and the profit of a report."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres.report import SqlReportStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.app.facts.sources import at_risk
from arb.cli.views.accounts import balances, balances_view, positions, positions_view, profit, profit_view
from arb.cli.views.listing import newest_trades, trades_view
from arb.domain.ledger.report import Valuation, make_report
from arb.domain.market.ids import Coin, Venue
from arb.domain.trading.trade import TradeState
from arb.ports.trading import Session
from tests.cli.views.drawing import drawn
from tests.contracts import world
from tests.domain.markets import PAIR

pytestmark = pytest.mark.integration
KRW_PER_USDT = Decimal(1_400)


@pytest.fixture
def session(database: Engine) -> Session:
    """A session with a trade whose leg on Upbit is filled and whose other one waits."""
    made, store = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    opening = world.opening(made.session_id)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    order = opening.on(Venue.UPBIT)
    assert store.claim(order.client_order_id, world.NOW_NS)
    store.record(world.filled(order), world.NOW_NS)
    return made


def report_of(database: Engine, session: Session, price_krw: str):
    totals = SqlReportStore(database).totals(session.session_id)
    prices = Valuation(krw_per_usdt=KRW_PER_USDT, krw_per_coin={Coin("BTC"): Decimal(price_krw)})
    return make_report(totals, prices, {}, {}, None)


def test_a_lone_leg_is_an_unhedged_position_worth_what_its_repair_would_cost(
    database: Engine, session: Session
) -> None:
    active = SqlTradeStore(database).active(session.session_id)
    (row,) = positions(active, report_of(database, session, "141000000").by_coin, PAIR.venues)
    assert (row["coin"], row["trades"], row["upbit"], row["binance"]) == ("BTC", 1, "-0.01", "0")
    assert (row["hedged"], row["unhedged"]) == ("0", "-0.01")
    assert Decimal(row["unrealised_krw"]) == 1_400_000 - 700 - 1_410_000
    assert "-10,700" in drawn(positions_view([row], PAIR.venues))


def test_a_leg_that_was_escalated_is_unhedged_like_any_other(database: Engine, session: Session) -> None:
    store = SqlTradeStore(database)
    (view,) = store.active(session.session_id)
    alone = replace(view.trade, state=TradeState.ESCALATED, residual=Decimal("-0.01"), closed_at_ns=1)
    store.add_orders(alone, ())
    held = at_risk(SimpleNamespace(trades=store, session_id=session.session_id))  # type: ignore[arg-type]
    (row,) = positions(held, (), PAIR.venues)
    assert (row["trades"], row["unhedged"]) == (1, "-0.01")
    (shown,) = newest_trades(database, session.session_id, 1)
    assert "-0.01 BTC stands alone" in drawn(trades_view([shown], world.NOW_NS))


def test_without_a_price_the_worth_is_not_known(database: Engine, session: Session) -> None:
    active = SqlTradeStore(database).active(session.session_id)
    (row,) = positions(active, (), PAIR.venues)
    assert row["unrealised_krw"] is None
    assert "no trade is open" in drawn(positions_view([], PAIR.venues))


def test_balances_say_what_waits_for_orders(database: Engine, session: Session) -> None:
    store = SqlTradeStore(database)
    rows = balances(store.balances(session.session_id), store.free(session.session_id))
    found = {(row["venue"], row["asset"]): row for row in rows}
    assert Decimal(found["upbit", "BTC"]["total"]) == Decimal("1.99")
    assert Decimal(found["upbit", "KRW"]["total"]) == 50_000_000 + 1_400_000 - 700
    usdt = found["binance", "USDT"]
    assert Decimal(usdt["total"]) == 40_000
    assert Decimal(usdt["on_hold"]) == 40_000 - Decimal(usdt["free"]) > 1_000
    assert "KRW" in drawn(balances_view(rows))


def test_profit_adds_the_days_up_over_the_coins() -> None:
    report = {
        "pnl_krw": "30.00", "pnl_usdt": "0.02", "realised_krw": "25.00", "fees": {"upbit": {"KRW": "1"}},
        "by_coin": [{"coin": "BTC", "trades_opened": 2, "trades_closed": 1, "fills": 4,
                     "realised_krw": "25.00", "pnl_krw": "30.00"}],
        "by_day": [{"day": "2025-11-20", "coin": coin, "trades": 1, "pnl_krw": krw}
                   for coin, krw in (("BTC", "20.00"), ("ETH", "5.00"))],
    }  # fmt: skip
    found = profit(report)
    assert found["by_day"] == [{"day": "2025-11-20", "realised_krw": "25.00"}]
    assert found["by_coin"] == [
        {"coin": "BTC", "trades_closed": 1, "realised_krw": "25.00", "pnl_krw": "30.00"}
    ]
    assert "+30" in drawn(profit_view(found))
