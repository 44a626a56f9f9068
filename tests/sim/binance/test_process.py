"""The process: restarts, replays, keepalive, and ends without a word."""

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arb.sim.binance.replay import EVENT_TIME
from tests.sim.binance.conftest import CONFIG, running

RECORDED = Path(__file__).parents[4] / "shared" / "tapes" / "binance_btcusdt_20240808.jsonl.gz"
STREAMS = "/stream?streams=btcusdt@bookTicker/btcusdt@depth@100ms/btcusdt@trade"


def test_killed_simulator_comes_back_with_orders_fills_and_balances(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with running(tmp_path, journal, end=signal.SIGKILL) as binance:
        binance.order(quantity="0.01", price=binance.buy_price(), newClientOrderId="done")
        price = binance.rest_price()
        binance.order(timeInForce="GTC", quantity="0.01", price=price, newClientOrderId="open")
        before = [binance.sim(what) for what in ("orders", "fills", "balances")]
    with running(tmp_path, journal) as binance:
        assert [binance.sim(what) for what in ("orders", "fills", "balances")] == before
        assert binance.cancel("open").json["status"] == "CANCELED"
        assert binance.order("SELL", "MARKET", quantity="0.001").json["orderId"] == 3


def test_two_processes_send_the_same_bytes_for_the_same_steps(tmp_path):
    epoch_ns = time.time_ns()
    left, right = {}, {}
    with (
        running(tmp_path, epoch_ns=epoch_ns, step_ms=20) as one,
        running(tmp_path, epoch_ns=epoch_ns, step_ms=20) as two,
        one.socket("/ws/btcusdt@depth20@100ms") as first,
        two.socket("/ws/btcusdt@depth20@100ms") as second,
    ):
        while len(left.keys() & right.keys()) < 10:
            for socket, frames in ((first, left), (second, right)):
                frame = socket.recv()
                frames[json.loads(frame)["lastUpdateId"]] = frame
    assert all(left[step] == right[step] for step in left.keys() & right.keys())


def take(socket, count):
    return [socket.recv() for _ in range(count)]


def test_busy_process_ends_at_once_on_a_signal(tmp_path):
    with running(tmp_path, epoch_ns=time.time_ns(), step_ms=20) as binance, binance.socket(STREAMS) as socket:
        socket.recv()
        begin = time.monotonic()
    assert time.monotonic() - begin < 5


def test_unknown_venue_and_bad_configuration_end_with_code_2(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(CONFIG | {"colour": "red"}))
    for venue in ("binance", "nowhere"):
        command = [sys.executable, "-m", "arb.sim", venue, "--config", str(bad), "--port", "1"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr
        assert "colour" in ended.stderr or venue == "nowhere"


def recorded(update_id, bid, ask):
    """Return a snapshot's diff and top as recorded lines; odd spacing must survive."""
    ticker = {"u": update_id, "s": "BTCUSDT", "b": bid, "B": "1.00000000", "a": ask, "A": "1.00000000"}
    diff = {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": update_id, "u": update_id}
    diff |= {"b": [[bid, "1.0"]], "a": [[ask, "1.0"]]}
    return [
        '{"stream":"btcusdt@bookTicker","data":' + json.dumps(ticker) + "}",
        '{"stream":"btcusdt@depth@100ms","data":' + json.dumps(diff, separators=(" ,", ": ")) + "}",
    ]


@pytest.fixture
def tape(tmp_path):
    snapshot = {"lastUpdateId": 1, "bids": [["100.0", "5.0"]], "asks": [["200.0", "5.0"]]}
    frames = [json.dumps(snapshot), *recorded(2, "101.0", "199.0"), *recorded(3, "102.0", "198.0")]
    path = tmp_path / "frames.jsonl"
    path.write_text("".join(f"{1_000_000_000 + number} {frame}\n" for number, frame in enumerate(frames)))
    return path, frames[1:]


def unstamped(frames):
    return [EVENT_TIME.sub(b'"E":0', frame.encode(), count=1) for frame in frames]


def test_tape_is_replayed_and_orders_meet_its_book(tmp_path, tape):
    path, frames = tape
    with running(tmp_path, tape=str(path), speed="max") as binance:
        with binance.socket(STREAMS) as socket:
            assert unstamped(take(socket, len(frames))) == unstamped(frames)
        binance.until(lambda: binance.top() == (102.0, 198.0))
        answer = binance.order(quantity="2", price="200").json
        assert [fill["price"] for fill in answer["fills"]] == ["198.00000000", "199.00000000"]


def test_tape_at_a_speed_begins_at_the_epoch(tmp_path, tape):
    path, frames = tape
    for lead_s in (1, 5, 25):
        epoch_ns = time.time_ns() + lead_s * 10**9
        with (
            running(tmp_path, tape=str(path), epoch_ns=epoch_ns) as binance,
            binance.socket(STREAMS) as socket,
        ):
            if time.time_ns() < epoch_ns:  # else this machine was too slow to be there in time
                socket.settimeout(2 * lead_s + 5)
                taken = take(socket, len(frames))
                assert unstamped(taken) == unstamped(frames)
                assert all(json.loads(frame)["data"]["E"] * 10**6 >= epoch_ns for frame in taken[1::2])
                return
    raise TimeoutError("the simulator did not start in time")


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded tape is not here")
def test_recorded_tape_is_replayed_as_it_was_but_for_the_time_of_sending(tmp_path):
    with gzip.open(RECORDED, "rt") as lines:
        frames = [line.rstrip("\n").partition(" ")[2] for line in lines if '"stream"' in line]
    with running(tmp_path, tape=str(RECORDED), speed="max") as binance, binance.socket(STREAMS) as socket:
        assert unstamped(take(socket, len(frames))) == unstamped(frames)
        depth = binance.until(lambda: binance.public("/api/v3/depth", symbol="BTCUSDT", limit=1).json)
        assert float(depth["bids"][0][0]) < float(depth["asks"][0][0])
