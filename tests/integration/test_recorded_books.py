"""A stack on recorded books, in both modes: each trades on them, and a command says how they differ."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from arb.adapters.local.book_files import BookFiles
from arb.adapters.local.clock import ManualClock
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from tests.cli.command import arb
from tests.integration.page import PATIENT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
BEGAN_NS = 1_763_640_000 * NS_PER_S
SETTINGS = """
coins: [BTC]
strategy: {name: fixed, holding_s_max: 60}
risk: {rate_settle_s: 3, entry_cooldown_ms: 60000, trades_open_per_coin_max: 1}
"""


def a_book(at_ms: int, venue: Venue, symbol: str, middle: Decimal, half: str, depth: str) -> Book:
    at_ns = BEGAN_NS + at_ms * NS_PER_MS
    levels = [
        tuple(Level(middle + side * Decimal(half) * (n + 1), Decimal(depth)) for n in range(3))
        for side in (-1, 1)
    ]
    return Book(
        venue=venue, symbol=Symbol(symbol), sequence=at_ms + 1, ts_event_ns=at_ns, ts_recv_ns=at_ns,
        bids=levels[0], asks=levels[1],
    )  # fmt: skip


def a_recording() -> Iterator[Book]:
    """Half a minute in which a premium of 100 bps comes after eight seconds and is gone after sixteen."""
    for at_ms in range(0, 30_000, 100):
        krw = 141_400_000 if 8_000 <= at_ms < 16_000 else 140_000_000
        yield a_book(at_ms, Venue.UPBIT, "USDT/KRW", Decimal(1_400), "1", "100000")
        yield a_book(at_ms, Venue.BINANCE, "BTC/USDT", Decimal(100_000), "0.01", "5")
        yield a_book(at_ms, Venue.UPBIT, "BTC/KRW", Decimal(krw), "1000", "5")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    made = BookFiles(tmp_path / "books", "feed", ManualClock(BEGAN_NS), 10**9, lambda *_: None)
    for each in a_recording():
        made.note(each)
    made.write()
    return tmp_path / "books"


def test_both_modes_open_and_close_on_the_same_books_in_sessions_of_their_own(tmp_path, books):
    (tmp_path / "own.yml").write_text(SETTINGS)
    own = {**PATIENT, "ARB_CONFIG": str(tmp_path / "own.yml")}
    for mode in ("paper", "mock"):
        ended = arb(
            tmp_path / "home",
            "up",
            "--mode",
            mode,
            "--data",
            str(books),
            "--loops",
            "1",
            "--interval",
            "25",
            **own,
        )
        assert ended.returncode == 0, ended.stderr
    listed = json.loads(arb(tmp_path / "home", "sessions", "--json").stdout)["sessions"]
    assert {(row["environment"], row["group"], row["trades_ended"]) for row in listed} == {
        ("paper", "recorded", 1),
        ("mock", "recorded", 1),
    }
    ids = [row["session_id"] for row in listed]
    found = arb(tmp_path / "home", "sessions", "compare", *ids, "--json")
    document = json.loads(found.stdout)
    assert found.returncode == 0, document["differences"]
    assert [sum(counts.values()) for counts in document["counts"].values()] == [1, 1]
    again = arb(
        tmp_path / "home", "resume", ids[0], "--mode", listed[0]["environment"], "--group", "recorded", **own
    )
    assert again.returncode != 0
    assert "traded on recorded books" in again.stderr
