"""Recorded prices as a fair path: BTC follows the tape, everything else stays seeded.

Two formats, plain or gzip. CSV: 5-minute closes of Binance BTC/USDT and Upbit BTC/KRW; one row is
300 s, the mid is interpolated between rows, KRW per USDT is 1,379 (the tape's mean ratio) and the
premium is what is left. Of a tape with holes its longest piece without one is played, forth and back, so
that no step is one that the market did not make. JSONL: raw Binance frames; the fair price is the mid of the
recorded bookTicker in force, the premium is seeded. It holds its last price.
"""

import csv
import gzip
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from arb.sim.core.config import SPEED_WITHOUT_LIMIT, SimConfig, SimConfigError
from arb.sim.core.path import FairPath, FairState, SeededPath

ROW_S: Final = 300.0
TAPE_USDT_KRW: Final = 1379.0
TAPE_COIN: Final = "BTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeFrame:
    """One recorded line: when it was received, and the frame exactly as received."""

    recv_ns: int
    raw: bytes


def _open_tape(path: Path) -> BinaryIO | gzip.GzipFile:
    """Open a tape, unpacking it if it is gzipped."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def is_frame_tape(path: Path) -> bool:
    """Whether the tape holds raw frames (JSONL) rather than closes (CSV)."""
    return path.name.removesuffix(".gz").endswith(".jsonl")


def has_frame_tape(config: SimConfig) -> bool:
    """Whether the configuration replays raw frames, so that BTC on Binance is not seeded."""
    return config.tape is not None and is_frame_tape(Path(config.tape))


def read_frames(path: Path) -> list[TapeFrame]:
    """Return every recorded frame in the tape's order."""
    frames = []
    with _open_tape(path) as lines:
        for line in lines:
            stamp, _, raw = line.rstrip(b"\n").partition(b" ")
            frames.append(TapeFrame(recv_ns=int(stamp), raw=raw))
    return frames


class _RowsPath:
    """A seeded path whose first BTC price and premium come from (usdt, krw) rows, forth and back."""

    def __init__(self, seeded: SeededPath, rows: list[tuple[float, float]], rows_per_step: float) -> None:
        self._seeded = seeded
        self._rows = rows
        self._rows_per_step = rows_per_step

    def at(self, step: int) -> FairState:
        whole, share = divmod(step * self._rows_per_step, 1.0)
        this = self._row(int(whole))
        following = self._row(int(whole) + 1) if share else this
        usdt, krw = (a + (b - a) * share for a, b in zip(this, following, strict=True))
        state = self._seeded.at(step)
        return replace(
            state,
            usdt_krw=TAPE_USDT_KRW,
            price_usdt=(usdt, *state.price_usdt[1:]),
            premium=(krw / usdt / TAPE_USDT_KRW - 1.0, *state.premium[1:]),
        )

    def _row(self, number: int) -> tuple[float, float]:
        last = len(self._rows) - 1
        return self._rows[last - abs(number % (2 * last) - last)] if last else self._rows[0]


class _TicksPath:
    """A seeded path whose first BTC price is the recorded mid in force, holding the last one."""

    def __init__(self, seeded: SeededPath, ticks: list[tuple[int, float]], tape_ns_per_step: float) -> None:
        self._seeded = seeded
        self._times = [recv_ns - ticks[0][0] for recv_ns, _ in ticks]
        self._mids = [mid for _, mid in ticks]
        self._tape_ns_per_step = tape_ns_per_step

    def at(self, step: int) -> FairState:
        index = bisect_right(self._times, step * self._tape_ns_per_step) - 1
        state = self._seeded.at(step)
        return replace(state, price_usdt=(self._mids[max(index, 0)], *state.price_usdt[1:]))


def load_tape_path(config: SimConfig, path: Path) -> FairPath:
    """Return the fair path that follows the tape at `path`."""
    if next(iter(config.coins)) != TAPE_COIN:
        raise SimConfigError(f"tape: the first coin must be {TAPE_COIN}")
    speed = config.speed_factor()
    factor = SPEED_WITHOUT_LIMIT if speed is None else float(speed)
    seeded = SeededPath(config)
    try:
        if is_frame_tape(path):
            return _TicksPath(seeded, _read_mids(path), factor * config.step_ms * 1_000_000)
        return _RowsPath(seeded, _read_rows(path), factor * config.step_ms / 1000 / ROW_S)
    except OSError as error:
        raise SimConfigError(f"tape {path}: {error.strerror or 'cannot be read'}") from None
    except (ValueError, KeyError, InvalidOperation, EOFError) as error:
        raise SimConfigError(f"tape {path}: {error}") from None


def _read_rows(path: Path) -> list[tuple[float, float]]:
    return longest_piece(path).rows


@dataclass(frozen=True, slots=True)
class Piece:
    """The longest part of a tape of closes without a hole, and how many holes the tape has."""

    rows: list[tuple[float, float]]
    begins: str
    ends: str
    holes: int


def longest_piece(path: Path) -> Piece:
    """Return what is played of a tape of closes. Raises: OSError, ValueError, KeyError."""
    with _open_tape(path) as raw:
        text = raw.read().decode().splitlines()
    pieces: list[list[tuple[str, float, float]]] = []
    before = None
    for row in csv.DictReader(text):
        at = datetime.fromisoformat(row["timestamp"])
        if before is None or not 0 < (at - before).total_seconds() < 2 * ROW_S:
            pieces.append([])
        closes = float(row["binance_btcusdt_close"]), float(row["upbit_btckrw_close"])
        pieces[-1].append((row["timestamp"], *closes))
        before = at
    if not pieces:
        raise ValueError("no rows")
    found = max(pieces, key=len)
    rows = [(usdt, krw) for _, usdt, krw in found]
    return Piece(rows, found[0][0], found[-1][0], len(pieces) - 1)


def _read_mids(path: Path) -> list[tuple[int, float]]:
    """Return (receive time, mid) of every recorded bookTicker."""
    ticks = []
    for frame in read_frames(path):
        if b"@bookTicker" in frame.raw[:64]:
            data = orjson.loads(frame.raw)["data"]
            ticks.append((frame.recv_ns, float((Decimal(data["b"]) + Decimal(data["a"])) / 2)))
    if not ticks:
        raise ValueError("no bookTicker frames")
    return ticks
