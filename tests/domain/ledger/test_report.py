"""The report adds up, values what is open, and says nothing where it knows nothing."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.ledger.report import OpenValue, Report, SessionTotals, Valuation, make_report
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState

BTC, ETH = Coin("BTC"), Coin("ETH")
TOTALS = SessionTotals(
    started_at_ns=1_700_000_000 * NS_PER_S,
    trades={
        (BTC, TradeState.CLOSED): 3,
        (BTC, TradeState.OPEN): 1,
        (ETH, TradeState.ABORTED): 1,
        (ETH, TradeState.ESCALATED): 1,
        (ETH, TradeState.REPAIRING): 1,
    },
    realised_krw={BTC: Decimal("1000.005"), ETH: Decimal(-200)},
    orders={OrderState.FILLED: 12, OrderState.REJECTED: 2},
    fills={BTC: 14, ETH: 3},
    fees={(Venue.UPBIT, "KRW"): Decimal("12.5"), (Venue.BINANCE, "BTC"): Decimal("0.00000001")},
    held={BTC: OpenValue(krw=Decimal(1_400_000), usdt=Decimal(-1000), base=Decimal("0.001"))},
)
PRICES = Valuation(krw_per_usdt=Decimal(1400), krw_per_coin={BTC: Decimal(140_000_000)})


def report(totals: SessionTotals = TOTALS, prices: Valuation = PRICES) -> Report:
    return make_report(totals, prices, {"rate_stale": 4}, {"at_most_once": True}, None)


def test_trades_are_counted_by_what_became_of_them() -> None:
    document = report().as_json()
    assert document["trades_opened"] == 7
    assert document["trades_closed"] == 3
    assert document["trades_open"] == 2
    assert document["trades_aborted"] == 1
    assert document["trades_handed_over"] == 1


def test_pnl_is_what_ended_plus_the_worth_of_what_is_open() -> None:
    made = report()
    assert made.realised_krw == Decimal("800.005")
    assert made.pnl_krw == Decimal("800.005") + 1_400_000 - 1_400_000 + 140_000
    assert made.pnl_usdt == made.pnl_krw / 1400


def test_json_has_exactly_the_promised_keys_and_plain_amounts() -> None:
    document = report().as_json()
    assert list(document) == [
        "started",
        "ended",
        "trades_opened",
        "trades_closed",
        "trades_open",
        "trades_aborted",
        "trades_handed_over",
        "orders",
        "orders_by_state",
        "fills",
        "fees",
        "pnl_krw",
        "pnl_usdt",
        "realised_krw",
        "by_coin",
        "residual",
        "refusals",
        "invariants",
    ]
    assert document["orders"] == 14
    assert document["orders_by_state"] == {"filled": 12, "rejected": 2}
    assert document["fees"] == {"binance": {"BTC": "0.00000001"}, "upbit": {"KRW": "12.5"}}
    assert document["pnl_krw"] == "140800.00"
    assert document["started"] == "2023-11-14T22:13:20+00:00"
    assert document["ended"] is None
    assert document["refusals"] == {"rate_stale": 4}
    assert document["invariants"] == {"at_most_once": True}


def test_an_open_position_without_a_price_makes_the_total_unknown_and_not_wrong() -> None:
    made = report(prices=Valuation(krw_per_usdt=Decimal(1400)))
    assert made.pnl_krw is None
    assert made.pnl_usdt is None
    assert made.realised_krw == Decimal("800.005")
    assert [line.pnl_krw for line in made.by_coin] == [None, Decimal(-200)]


def test_without_anything_open_only_the_rate_is_needed() -> None:
    flat = replace(TOTALS, held={})
    assert report(flat, Valuation()).pnl_krw == Decimal("800.005")
    assert report(flat, Valuation()).pnl_usdt is None


def test_a_session_without_trades_earned_nothing_whatever_is_known() -> None:
    made = report(SessionTotals(started_at_ns=1), Valuation())
    assert made.pnl_krw == made.pnl_usdt == Decimal(0)
    assert made.as_json()["trades_opened"] == 0


def test_what_ended_trades_left_uneven_is_named_by_coin() -> None:
    left = replace(TOTALS, residual={BTC: Decimal("-0.00001")})
    assert report(left).as_json()["residual"] == {"BTC": "-0.00001"}
    assert report().as_json()["residual"] == {}


def test_between_two_venues_in_krw_nothing_is_said_in_usdt() -> None:
    in_krw = replace(PRICES, krw_per_usdt=None, is_in_krw=True)
    flat = replace(TOTALS, held={BTC: OpenValue(krw=Decimal(7), base=Decimal("0.001"))})
    for totals in (flat, SessionTotals(started_at_ns=1)):
        made = report(totals, in_krw)
        assert made.pnl_krw is not None
        assert made.pnl_usdt is None
        assert made.as_json()["pnl_usdt"] is None
