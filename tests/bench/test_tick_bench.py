"""Tick to order over a whole stack, beside two bare Celery hops of the same run.

Prints, and asserts only that enough was measured: `make bench ARGS="-k tick"`. BENCH_ENTRIES says how many
pairs are opened (2,000 by default, at about one and a half a second), BENCH_SECONDS how long at most, and
BENCH_CONFIG with which settings.
"""

import os
import tempfile
from collections.abc import Sequence
from statistics import quantiles

import pytest

from arb.chaos.own_stack import own_stack
from arb.stack.home import CHECKOUT, Home
from arb.stack.shutdown import silent
from tests.bench import hops, ticks

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "2000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3600"))
CONFIG = os.environ.get("BENCH_CONFIG", str(CHECKOUT / "config" / "bench.yml"))


@pytest.mark.integration
@pytest.mark.timeout(7_200)
def test_tick_to_order():
    load = os.getloadavg()
    before = hops.measured()
    with (
        tempfile.TemporaryDirectory(prefix="arb-bench-") as folder,
        own_stack(Home(folder), {"ARB_CONFIG": CONFIG}, 7, silent) as engine,
    ):
        run = ticks.traded(engine, Home(folder), ENTRIES, SECONDS)
    after = hops.measured()
    shown(load, before, run, after)
    assert len(run.entries) >= min(ENTRIES, 20) // 2


def shown(load, before: hops.Hops, run: ticks.Run, after: hops.Hops) -> None:
    """Print the table; each figure beside its reference."""
    both = before.ms + after.ms
    reference = spread(both)
    print(f"\nload of the machine before: {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}, {os.cpu_count()} cores")
    print(f"{len(run.entries)} entries in {run.seconds:.0f} s, {run.orders} orders; "
          f"all cores {run.machine_pct:.0f} % busy meanwhile")  # fmt: skip
    print(f"{'ms':32}{'n':>6}{'p50':>9}{'p90':>9}{'p99':>9}   x of two hops")
    line("two bare hops, before", before.ms, reference)
    line("two bare hops, after", after.ms, reference)
    parts = [entry.parts() for entry in run.entries]
    for name in parts[0]:
        line(name, [each[name] for each in parts], reference)
    alone, together = ticks.by_moment(run.entries)
    for whose, found in (("alone", alone), ("with others", together)):
        if len(found) > 1:
            line(
                f"tick to first, {whose}", [each.parts()["tick to first order"] for each in found], reference
            )
    hop_ms = (before.cpu_ms + after.cpu_ms) / 2
    for kind, cost_ms in run.order_cpu_ms.items():
        print(f"CPU of an order, {kind}: {cost_ms:.1f} ms = {cost_ms / hop_ms:.1f} x a hop's {hop_ms:.2f} ms")
    print(f"coins evaluated a second by one process, nothing to do: {run.evaluations_per_s:,.0f}")
    ways = run.counts.get("orders_sent", {})
    if ways:
        print(f"orders by the fast path: {100 * ways.get('fast', 0) / sum(ways.values()):.1f} % of {ways}")


def line(name: str, values: Sequence[float], reference: Sequence[float]) -> None:
    found = spread(values)
    times = "  ".join(f"{value / other:.1f}x" for value, other in zip(found, reference, strict=True))
    print(f"{name:32}{len(values):6}" + "".join(f"{value:9.2f}" for value in found) + f"   {times}")


def spread(values: Sequence[float]) -> list[float]:
    """Return p50, p90 and p99."""
    cuts = quantiles(values, n=100, method="inclusive")
    return [cuts[49], cuts[89], cuts[98]]
