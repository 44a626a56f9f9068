"""The sweep of `arb backtest --sweep`, with its bar."""

import os
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from arb.backtest.asked import settings_of
from arb.backtest.replay.run import ReplayPlan
from arb.backtest.sweep.document import sweep_document
from arb.backtest.sweep.grid import axes_of, changes_of
from arb.backtest.sweep.run import SCREENED, ParameterSweep, cores, refuse_unranked, valid_settings
from config.settings import Settings


def swept(
    plan: ReplayPlan, changes: Sequence[str], texts: Sequence[str], *, best: int, folds: int, jobs: int
) -> tuple[Settings, dict[str, Any]]:
    """Return the settings that were best by the engine, and the sweep's document. Raises: ConfigError."""
    axes = axes_of(texts)
    valid, refused = valid_settings(
        changes_of(axes), lambda change: settings_of([*changes, *change], os.environ)
    )
    refuse_unranked(valid, best)
    began = perf_counter()
    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)
            if what == SCREENED and done == total:
                bar.console.print(f"arb: {total:,} settings screened in {perf_counter() - began:.1f} s")

        sweep = ParameterSweep(plan=plan, settings=valid, best=best, jobs=jobs or cores(), progress=progress)
        found = sweep.run(folds)
    document = sweep_document(found, axes) | {"refused": refused}
    return dict(valid)[found.choices[0].change], document
