"""How long a replay takes, as a ratio to a bare loop that decodes and reads the same rows."""

from time import perf_counter
from typing import Any

from arb.backtest.asked import ReplayRequest, load_series
from arb.backtest.reading.series import Series
from arb.backtest.replay.run import ReplayOutcome, ReplayPlan, replay


def measured(asked: ReplayRequest, plan: ReplayPlan) -> tuple[ReplayOutcome, dict[str, str]]:
    """Return what a replay came to, and its figures in seconds."""
    began = perf_counter()
    series = load_series(asked, plan.settings)
    decoded = perf_counter()
    _bare_loop(series)
    read = perf_counter()
    outcome = replay(plan)
    ended = perf_counter()
    bare, engine = read - began, ended - read
    figures = {
        "rows": f"{outcome.coin_rows}",
        "decode_s": f"{decoded - began:.2f}",
        "bare_loop_s": f"{bare:.2f}",
        "engine_s": f"{engine:.2f}",
        "ratio": f"{engine / bare:.2f}",
        "evaluated": f"{outcome.evaluated}",
    }
    return outcome, figures


def _bare_loop(series: Series) -> float:
    """Read every number of every row, and do nothing with it."""
    total = 0.0
    columns: list[Any] = [column.tolist() for column in series.prices.values()]
    for row in zip(series.ts_ns.tolist(), series.rate.tolist(), *columns, strict=True):
        for number in row:
            total += number
    return total
