"""What was decided on which quotes."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.market.ids import TradeId, Venue
from arb.engine.trading.journal import BookSeen, decision
from tests.domain.markets import NOW_NS, market, with_book

FOUND = with_book(market(), Venue.UPBIT, fence=3)
FOUND = replace(
    with_book(FOUND, Venue.BINANCE, fence=4, ts_recv_ns=NOW_NS - 5),
    rate=replace(FOUND.rate, fence=9, krw_per_usdt=Decimal("1.4E+3"), ts_recv_ns=NOW_NS - 7),
)
MADE = decision("open", TradeId("t"), FOUND, NOW_NS)


def test_a_decision_says_what_was_done_when_for_which_trade():
    assert (MADE.action, MADE.trade_id, MADE.coin, MADE.at_ns) == ("open", "t", "BTC", NOW_NS)


def test_each_book_is_kept_with_the_ownership_that_it_came_in_under():
    assert MADE.seen[:2] == (
        BookSeen("upbit", 3, NOW_NS, "141400000", "141401000"),
        BookSeen("binance", 4, NOW_NS - 5, "99999.99", "100000"),
    )


def test_the_rate_is_kept_like_a_book_and_by_its_value():
    assert MADE.seen[2:] == (BookSeen("rate", 9, NOW_NS - 7, "", ""),)
    assert MADE.krw_per_usdt == "1400"
