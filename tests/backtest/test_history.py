"""Fetching candles: what was fetched is not asked for again, holes stay holes, offline is said at once."""

import os
from contextlib import suppress
from decimal import Decimal
from shutil import rmtree
from time import monotonic

import numpy as np
import pytest
from typer.testing import CliRunner

from arb.adapters.local.clock import ManualClock, SystemClock, SystemEntropy
from arb.app.venues import public_gateways
from arb.backtest.asked import ReplayRequest, load_series, settings_of
from arb.backtest.history.candle_archive import CandleArchive
from arb.backtest.history.fetch import CandleRequest, Fetch, markets_of
from arb.backtest.history.summary import summary
from arb.cli.main import app
from arb.domain.errors import Rejected, Retryable
from arb.domain.market.candle import Candle
from arb.domain.market.ids import Venue
from arb.domain.market.pair import Pair
from arb.domain.time import ALWAYS
from tests.adapters.venues.simulators import running
from tests.backtest.series import PAIR, SETTINGS, seconds

FROM_S = 1_738_281_600  # 2025-01-31, so that a month ends in it
MINUTES = 3_000
MARKETS = markets_of(PAIR, ("BTC",))
BITHUMB = Pair(Venue.BITHUMB, Venue.BINANCE)
HOLE = range(FROM_S + 600 * 60, FROM_S + 900 * 60)


class Killed(BaseException):
    """The process died here."""


class Archive:
    """Both venues' past, a minute a candle, with a hole; dies or is away when told to."""

    def __init__(self, venue):
        self.venue, self.asked, self.dies_after, self.away = venue, [], None, 0
        self.ahead_s = 9 * 3_600  # how far a Korean clock is ahead

    def ask(self, request, parser, wait_ms_max):
        if self.dies_after is not None and len(self.asked) >= self.dies_after:
            raise Killed
        if self.away:
            self.away -= 1
            raise Retryable(self.venue, "no answer")
        query = dict(pair.split("=") for pair in request.query.split("&"))
        self.asked.append(request.query)
        from_s, to_s = self._span(query)
        return tuple(
            Candle(
                begins_s=at_s,
                opening=Decimal(1400),
                high=Decimal(1400),
                low=Decimal(1400),
                closing=Decimal(1400 + at_s // 60 % 7),
                volume=Decimal(1),
            )
            for at_s in range(from_s, to_s, 60)
            if at_s not in HOLE
        )

    def _span(self, query):
        if "startTime" in query:
            return int(query["startTime"]) // 1000, (int(query["endTime"]) + 1) // 1000
        told = query["to"].replace("%3A", ":").replace("+", "T")
        assert told.endswith("Z") is (self.venue is Venue.UPBIT)
        to_s = int(np.datetime64(told.rstrip("Z"), "s").astype(int))
        to_s -= self.ahead_s if self.venue is Venue.BITHUMB else 0
        return to_s - 60 * int(query["count"]), to_s


@pytest.fixture
def venues():
    return {venue: Archive(venue) for venue in PAIR.venues}


def fetch(root, venues, minutes=MINUTES, markets=MARKETS):
    wanted = CandleRequest(markets=markets, from_s=FROM_S, to_s=FROM_S + 60 * minutes, interval_s=60)
    Fetch(archive=CandleArchive(root), gateways=venues, clock=ManualClock(), told=lambda _name, _s: None).run(
        wanted
    )


def contents(root):
    return {
        (venue, symbol, path.name): CandleArchive(root).read(path)
        for venue, symbol, path in CandleArchive(root).months()
    }


def test_fetch_that_is_killed_goes_on_and_ends_with_the_same(tmp_path, venues):
    fetch(tmp_path / "whole", venues)
    whole = {venue: sorted(each.asked) for venue, each in venues.items()}
    dying = {venue: Archive(venue) for venue in PAIR.venues}
    for after in (3, 9, 21, 30):
        for each in dying.values():
            each.dies_after = after
        with pytest.raises(Killed):
            fetch(tmp_path / "killed", dying)
    for each in dying.values():
        each.dies_after = None
    fetch(tmp_path / "killed", dying)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    for venue, each in dying.items():
        assert set(each.asked) >= set(whole[venue])
    before = {venue: len(each.asked) for venue, each in dying.items()}
    fetch(tmp_path / "killed", dying)
    assert {venue: len(each.asked) for venue, each in dying.items()} == before


def test_a_venue_with_a_korean_clock_is_fetched_as_the_others_are_and_goes_on_after_a_kill(tmp_path, venues):
    fetch(tmp_path / "upbit", venues)
    dying = {venue: Archive(venue) for venue in BITHUMB.venues}
    for after in (2, 5, 9, None):
        for each in dying.values():
            each.dies_after = after
        with suppress(Killed):
            fetch(tmp_path / "bithumb", dying, markets=markets_of(BITHUMB, ("BTC",)))
    assert len(dying[Venue.BITHUMB].asked) < 3 * len(venues[Venue.UPBIT].asked)
    upbit, bithumb = contents(tmp_path / "upbit"), contents(tmp_path / "bithumb")
    assert {(Venue.BITHUMB if at is Venue.UPBIT else at, *rest) for at, *rest in upbit} == set(bithumb)
    for (venue, *rest), rows in upbit.items():
        assert bithumb[Venue.BITHUMB if venue is Venue.UPBIT else venue, *rest] == rows


def test_a_venue_that_reads_the_time_otherwise_is_found_out_and_leaves_no_hole(tmp_path):
    archives = {venue: Archive(venue) for venue in BITHUMB.venues}
    archives[Venue.BITHUMB].ahead_s = 0
    with pytest.raises(Rejected, match="from after the time"):
        fetch(tmp_path, archives, markets=markets_of(BITHUMB, ("BTC",)))
    assert not contents(tmp_path)


def test_holes_are_named_and_never_filled(tmp_path, venues):
    fetch(tmp_path, venues)
    for each in summary(CandleArchive(tmp_path)):
        assert (each["rows"], each["missing"], each["holes"]) == (
            MINUTES - len(HOLE[::60]),
            len(HOLE[::60]),
            1,
        )
        assert each["longest_s"] == len(HOLE)


def test_what_was_fetched_is_replayed(tmp_path, venues):
    fetch(tmp_path, venues)
    asked = ReplayRequest(data=tmp_path, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7)
    series = load_series(asked, SETTINGS)
    assert series.coins == ("BTC",)
    assert seconds(series)[0] == FROM_S + 60  # a candle is known once it is over
    assert len(series) == MINUTES - len(HOLE[::60])
    assert len(series.gaps("BTC")) == 1


def test_venue_that_is_away_for_a_while_is_asked_again(tmp_path, venues):
    fetch(tmp_path, venues, minutes=400)
    for each in venues.values():
        each.away = 3
    with pytest.raises(Retryable):  # a fetch that nobody has answered yet ends at once
        fetch(tmp_path, venues)
    wanted = CandleRequest(markets=MARKETS, from_s=FROM_S, to_s=FROM_S + 60 * MINUTES, interval_s=60)
    clock = ManualClock()
    going_on = Fetch(
        archive=CandleArchive(tmp_path), gateways=venues, clock=clock, told=lambda _name, _s: None
    )
    for each in venues.values():
        each.away = 0
    going_on.run(CandleRequest(markets=MARKETS, from_s=FROM_S, to_s=FROM_S + 60 * 800, interval_s=60))
    for each in venues.values():
        each.away = 3
    going_on.run(wanted)
    assert clock.slept_ms
    assert len(contents(tmp_path)) == 2 * len(MARKETS)


def test_offline_says_which_host_within_seconds(tmp_path, monkeypatch):
    for venue in PAIR.venues:
        monkeypatch.setenv(f"ARB_{venue.upper()}__REST_URL", "http://127.0.0.1:9")
    began = monotonic()
    asked = ["data", "fetch", "--coins", "BTC", "--from", "2025-01-01", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert monotonic() - began < 10
    assert done.exit_code != 0
    assert "127.0.0.1" in str(done.exception)


@pytest.mark.parametrize("pair", [PAIR, BITHUMB], ids=lambda pair: pair.first)
def test_both_simulators_serve_what_is_fetched(tmp_path, monkeypatch, pair):
    clock, folder, markets = SystemClock(), tmp_path / "candles", markets_of(pair, ("BTC",))
    with running(tmp_path, pair.venues) as simulators:
        for venue, each in simulators.items():
            monkeypatch.setenv(f"ARB_{venue.upper()}__REST_URL", each.url)
        settings = settings_of([f"pair={','.join(pair.venues)}"], os.environ)
        gateways = public_gateways(settings, clock, SystemEntropy())
        until = monotonic() + 30
        while not (found := contents(folder)) or not all(found.values()) or len(found) < len(markets):
            assert monotonic() < until
            rmtree(folder, ignore_errors=True)
            now_s = clock.now_ns() // 10**9 // 60 * 60  # the minute that is not over, too: there is no other
            wanted = CandleRequest(markets=markets, from_s=now_s - 600, to_s=now_s + 60, interval_s=60)
            Fetch(
                archive=CandleArchive(folder), gateways=gateways, clock=clock, told=lambda _name, _s: None
            ).run(wanted)
            clock.sleep_ms(300)
    for rows in found.values():
        assert all(row["low"] <= row["closing"] <= row["high"] for row in rows.values())
