"""What venues hold is listed by venue, its own currency first; what has no price has no worth."""

from decimal import Decimal

from arb.domain.ledger.report import Valuation
from arb.domain.market.ids import Coin, Venue
from arb.web.inventory import inventory, worth_krw

PRICES = Valuation(krw_per_usdt=Decimal(1400), krw_per_coin={Coin("BTC"): Decimal(140_000_000)})
HELD = {
    (Venue.UPBIT, "BTC"): Decimal("0.1"),
    (Venue.UPBIT, "KRW"): Decimal(5000),
    (Venue.BINANCE, "USDT"): Decimal(2),
    (Venue.BINANCE, "DOGE"): Decimal(7),
    (Venue.BINANCE, "ETH"): Decimal(0),
}


def test_rows_are_by_venue_the_currency_first_and_nothing_that_is_not_held():
    rows = inventory(HELD, {(Venue.UPBIT, "BTC"): Decimal("0.05")}, PRICES)
    assert [(row["venue"], row["asset"]) for row in rows] == [
        ("binance", "USDT"), ("binance", "DOGE"), ("upbit", "KRW"), ("upbit", "BTC"),
    ]  # fmt: skip
    assert [row["worth_krw"] for row in rows] == [2800, None, 5000, 14_000_000]
    assert [row["free"] for row in rows] == [0, 0, 0, Decimal("0.05")]


def test_a_sum_of_what_has_no_price_is_not_known():
    fees = {(Venue.UPBIT, "KRW"): Decimal(10), (Venue.BINANCE, "USDT"): Decimal("0.5")}
    assert worth_krw(fees, PRICES) == 710
    assert worth_krw(fees | {(Venue.BINANCE, "BNB"): Decimal(1)}, PRICES) is None
    assert worth_krw(fees | {(Venue.BINANCE, "BNB"): Decimal(0)}, PRICES) == 710
    assert worth_krw(fees, Valuation()) is None
