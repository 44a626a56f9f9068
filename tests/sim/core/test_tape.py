"""Tapes drive the market: made-up ones here, the recorded ones if they are there."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from arb.app.tape import Tape
from arb.domain.market.ids import Venue
from arb.sim.core.config import SimConfigError
from arb.sim.core.market import build_market
from arb.sim.core.tape import load_tape_path, longest_piece, read_frames
from tests.sim.core.worlds import config

RECORDED = Path(__file__).parents[4] / "shared" / "tapes"
HEADER = "timestamp,binance_btcusdt_close,binance_btcusdt_volume,upbit_btckrw_close,upbit_btckrw_volume"
ROWS = ["2025-05-28 18:10:00,100000,1,140000000,1", "2025-05-28 18:15:00,101000,1,141000000,1"]
TICK = '{{"stream":"btcusdt@bookTicker","data":{{"u":1,"s":"BTCUSDT","b":"{}","B":"1","a":"{}","A":"1"}}}}'


@pytest.fixture
def closes(tmp_path):
    path = tmp_path / "closes.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return path


def path_of(tape, **changes):
    made = config(tape=str(tape), **changes)
    return load_tape_path(made, tape)


def test_each_step_is_one_row_at_3000_times_real_time_and_it_loops(closes):
    path = path_of(closes, speed="3000")
    prices = [path.at(step).price_usdt[0] for step in range(4)]
    assert prices == [100_000, 101_000, 100_000, 101_000]


def test_slower_tape_moves_between_its_rows(closes):
    state = path_of(closes, speed="1500").at(1)
    assert state.price_usdt[0] == 100_500


def test_premium_and_rate_are_the_tapes(closes):
    state = path_of(closes, speed="3000").at(0)
    assert state.usdt_krw == 1379
    assert state.price_usdt[0] * state.usdt_krw * (1 + state.premium[0]) == pytest.approx(140_000_000)


def test_holes_are_not_played_and_no_step_is_one_that_the_market_did_not_make(tmp_path):
    tape = tmp_path / "closes.csv"
    stamps = ["01 00:00", "01 00:05", "03 10:00", "03 10:05", "03 10:10"]
    rows = [f"2025-06-{at}:00,{100_000 + 1_000 * n},1,140000000,1" for n, at in enumerate(stamps)]
    tape.write_text("\n".join([HEADER, *rows]) + "\n")
    piece = longest_piece(tape)
    assert (len(piece.rows), piece.holes, piece.begins) == (3, 1, "2025-06-03 10:00:00")
    prices = [path_of(tape, speed="3000").at(step).price_usdt[0] for step in range(7)]
    assert prices == [102_000, 103_000, 104_000, 103_000, 102_000, 103_000, 104_000]


@pytest.mark.parametrize(("speed", "held_s"), [("3000", 1), ("10", 360), ("0.5", 7200), ("max", 3600)])
def test_holding_time_is_the_tapes(closes, speed, held_s):
    assert Tape(path=closes, speed=speed).holding_s(3_600) == held_s
    assert "0 holes" in Tape(path=closes, speed=speed).told()


def test_other_coins_stay_seeded(closes):
    taped, seeded = path_of(closes, speed="3000").at(7), build_market(config())._path.at(7)
    assert taped.price_usdt[1:] == seeded.price_usdt[1:]


def test_gzip_and_plain_tapes_read_alike(closes):
    packed = closes.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(closes.read_bytes()))
    assert path_of(packed).at(1) == path_of(closes).at(1)


def test_frame_tape_gives_the_mid_in_force_and_holds_the_last(tmp_path):
    tape = tmp_path / "frames.jsonl"
    tape.write_text(f"1000000000 {TICK.format(100, 102)}\n1200000000 {TICK.format(110, 112)}\n")
    path = path_of(tape, speed="1")
    assert [path.at(step).price_usdt[0] for step in (0, 1, 2, 500)] == [101, 101, 111, 111]


def test_taped_coin_is_not_made_up_on_binance_but_is_on_upbit(tmp_path):
    tape = tmp_path / "frames.jsonl"
    tape.write_text(f"1000000000 {TICK.format(100, 102)}\n")
    made = config(tape=str(tape))
    assert "BTC" not in build_market(made).books(Venue.BINANCE, 0)
    assert "BTC" in build_market(made).books(Venue.UPBIT, 0)


@pytest.mark.parametrize("text", ["", "timestamp,other\n1,2\n"])
def test_unusable_tape_is_a_configuration_error(tmp_path, text):
    tape = tmp_path / "bad.csv"
    tape.write_text(text)
    with pytest.raises(SimConfigError, match="tape"):
        path_of(tape)


def test_absent_tape_is_a_configuration_error(tmp_path):
    with pytest.raises(SimConfigError, match="absent"):
        path_of(tmp_path / "absent.csv")


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded tapes are not here")
def test_recorded_closes_move_both_venues_together():
    market = build_market(
        config(tape=str(RECORDED / "btc_premium_5m_20250528_20250823.csv.gz"), speed="3000")
    )
    assert abs(market.books(Venue.BINANCE, 0)["BTC"].bids[0].price - Decimal("107830")) < 15
    assert abs(market._path.at(1).premium[0]) < 0.03


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded tapes are not here")
def test_recorded_frames_are_read_whole():
    frames = read_frames(RECORDED / "binance_btcusdt_20240808.jsonl.gz")
    assert len(frames) == 41_249
    assert all(frame.raw.startswith(b"{") and frame.raw.endswith(b"}") for frame in frames)
