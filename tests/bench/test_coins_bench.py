"""What many coins cost: the share of a core by number of coins, and how long an evaluation waits.

A stack of its own in mock mode that opens nothing. In the first run each coin has ten books a second on each
venue, and best prices as often at Binance; in the second run two. Beside the wait, before and after, the bare
hop of stock Celery. Prints, and asserts only that quotes came: `make bench ARGS="-k coins"`. BENCH_COINS is
the numbers of coins of the first run, with commas (5,50,250 by default), the last of them that of the second;
BENCH_SECONDS (20) how long each is measured.
"""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.bench import hops
from tests.bench.test_tick_bench import line, spread
from tests.bench.watching import Use

COINS = [int(count) for count in os.environ.get("BENCH_COINS", "5,50,250").split(",")]
SECONDS = os.environ.get("BENCH_SECONDS", "20")
HEAD = ("coins", "frames/s", "a coin", "evaluations/s", "ours", "feed", "evaluation", "redis", "postgres",
        "simulators", "machine", "waits, p50 ms", "degree")  # fmt: skip
SIMULATORS = ("sim-binance", "sim-upbit")


def watched(count: int, step_ms: int) -> Use:
    """Return what a stack in processes of its own used."""
    command = [sys.executable, "-m", "tests.bench.watching", str(count), str(step_ms), SECONDS]
    made = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert made.returncode == 0, made.stderr
    return Use(**orjson.loads(made.stdout.splitlines()[-1]))


@pytest.mark.integration
@pytest.mark.timeout(1_800)
def test_use_by_number_of_coins():
    rows = [(count, watched(count, step_ms=100)) for count in COINS]
    print(f"\n{os.cpu_count()} cores; percent of one core, by the processes' own time in {SECONDS} s")
    print("  ".join(HEAD))
    for count, use in rows:
        parts = (
            use.of("feed"),
            use.of("worker-evaluate"),
            use.of("redis"),
            use.of("postgres"),
            use.of(*SIMULATORS),
        )
        cells = [f"{count}", f"{use.frames:,.0f}", f"{use.frames / count:.1f}", f"{use.evaluations:.0f}"]
        cells += [f"{share:.0f}" for share in (use.ours, *parts, use.machine_pct)]
        cells += [f"{spread(use.waits_ms)[0]:.1f}", use.degree]
        print("  ".join(cell.rjust(len(name)) for cell, name in zip(cells, HEAD, strict=True)))
    assert all(use.frames > count for count, use in rows)


@pytest.mark.integration
@pytest.mark.timeout(1_800)
def test_wait_of_an_evaluation():
    before = hops.measured()
    use = watched(COINS[-1], step_ms=500)
    after = hops.measured()
    bare = [both / 2 for both in (*before.ms, *after.ms)]
    print(f"\n{COINS[-1]} coins, {use.frames:,.0f} frames/s, ours {use.ours:.0f} % of a core, {use.degree}")
    print(f"{'ms':32}{'n':>6}{'p50':>9}{'p90':>9}{'p99':>9}   x of a bare hop")
    reference = spread(bare)
    line("a bare hop, before and after", bare, reference)
    line("an evaluation waits", use.waits_ms, reference)
    assert len(use.waits_ms) > 1
