"""A replay of recorded books has their prices and their depth, and no book that was old by then."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from arb.adapters.local.book_files import BookFiles
from arb.adapters.local.clock import ManualClock
from arb.backtest.asked import ReplayRequest, load_series, settings_of
from arb.backtest.replay.books import RowBooks
from arb.backtest.replay.rules import rules_of
from arb.backtest.replay.run import ReplayPlan, replay
from arb.domain.errors import ConfigError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.time import ALWAYS, NS_PER_S
from tests.backtest.series import PAIR

NOW_NS = 1_763_640_000 * NS_PER_S
BTC = Coin("BTC")
FIXED = settings_of(["strategy.name=fixed", "strategy.holding_s_max=60", "risk.rate_settle_s=3"], {})


def a_book(second, venue, symbol, middle, half, depth):
    at_ns = NOW_NS + int(second * NS_PER_S)
    levels = [
        tuple(Level(Decimal(middle) + side * (Decimal(half) + n), Decimal(depth)) for n in range(3))
        for side in (-1, 1)
    ]
    return Book(
        venue=venue, symbol=Symbol(symbol), sequence=at_ns, ts_event_ns=at_ns, ts_recv_ns=at_ns,
        bids=levels[0], asks=levels[1],
    )  # fmt: skip


def a_second(second, premium_bps=0, depth="5"):
    upbit = int(Decimal(140_000_000) * (1 + Decimal(premium_bps) / 10_000)) // 1_000 * 1_000
    return [
        a_book(second + 0.1, Venue.UPBIT, "USDT/KRW", "1400", "0.5", "100000"),
        a_book(second + 0.2, Venue.BINANCE, "BTC/USDT", "100000", "0.5", depth),
        a_book(second + 0.3, Venue.UPBIT, "BTC/KRW", str(upbit), "500", depth),
    ]


def recorded(folder, books):
    made = BookFiles(folder, "feed", ManualClock(NOW_NS), 10**9, lambda *_: None)
    for each in books:
        made.note(each)
    made.write()
    asked = ReplayRequest(data=folder, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7)
    return load_series(asked, FIXED)


def test_a_row_has_the_newest_books_with_all_their_levels(tmp_path):
    books = [each for second in range(5) for each in a_second(second, second)]
    series = recorded(tmp_path, books)
    assert (series.coins, len(series)) == (("BTC",), 5)
    rules = rules_of(PAIR, BTC, 100_000.0, ReplayPlan(series=series, settings=FIXED).fees_bps)
    shown = RowBooks(series, PAIR, rules).of_coin(3, BTC, 77)
    by_venue = {each.venue: each for each in books[9:12] if each.symbol != "USDT/KRW"}
    for each in shown:
        kept = by_venue[each.venue]
        assert (each.bids, each.asks, each.ts_recv_ns) == (kept.bids, kept.asks, 77)
    assert RowBooks(series, PAIR, rules).of_rate(3, 77).bids == books[9].bids


def test_of_books_within_a_second_the_newest_counts(tmp_path):
    later = [replace(each, ts_recv_ns=each.ts_recv_ns + NS_PER_S // 2) for each in a_second(0, 50)]
    series = recorded(tmp_path, [*a_second(0, 0), *later])
    assert len(series) == 1
    assert series.prices[Venue.UPBIT, "BTC"][0] == pytest.approx(140_700_000)


def test_a_book_that_is_too_old_is_not_there(tmp_path):
    only_upbit = [a_second(second)[2] for second in range(1, 10)]
    series = recorded(tmp_path, [*a_second(0), *only_upbit])
    there = ~np.isnan(series.prices[Venue.BINANCE, "BTC"])
    assert there[0]
    assert not there[-1]
    assert not np.isnan(series.prices[Venue.UPBIT, "BTC"]).any()


def test_a_premium_that_was_recorded_is_traded_at_its_depth(tmp_path):
    def premium(second):
        return 60 if 20 <= second < 40 else 0

    deep = recorded(tmp_path / "deep", [e for s in range(80) for e in a_second(s, premium(s))])
    found = replay(ReplayPlan(series=deep, settings=FIXED))
    assert found.records
    assert all(each.pnl_krw > 0 for each in found.records)
    assert found.records == replay(ReplayPlan(series=deep, settings=FIXED, screened=False)).records
    thin = recorded(tmp_path / "thin", [e for s in range(80) for e in a_second(s, premium(s), "0.0001")])
    assert replay(ReplayPlan(series=thin, settings=FIXED)).records == ()


def test_a_coin_that_was_not_recorded_is_named(tmp_path):
    recorded(tmp_path, a_second(0))
    asked = ReplayRequest(
        data=tmp_path, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7, coins=("XRP",)
    )
    with pytest.raises(ConfigError, match="no book of XRP"):
        load_series(asked, FIXED)
