"""The real app with one task more, whose effect is a row, and a process that publishes such tasks.

    celery -A arb.chaos.queue.publisher:app worker        (`:fallback` of the fallback broker)
    python -m arb.chaos.queue.publisher FILE --pace-ms N [--amount N] [--refuse SEED]

The process sends through the dispatcher, row first, and sends again what is overdue. It publishes `amount`
effects, or until SIGTERM, then sweeps until every effect was had, and leaves its figures in FILE.
"""

import argparse
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from statistics import quantiles
from types import FrameType
from typing import Any, Final

from celery import Task

from arb.adapters.local.clock import SystemClock
from arb.celery import app, counters
from arb.chaos.queue import edge
from arb.chaos.queue.edge import FALLBACK, PRIMARY, Refusals
from arb.chaos.queue.effects import Effects
from arb.domain.errors import DispatchError, StoreUnavailable
from config import addresses

TASK: Final = "arb.chaos.effect"
REFUSED: Final = {PRIMARY: Refusals(full=0.3, down=0.1), FALLBACK: Refusals(full=0.1, down=0.05)}
OVERDUE_NS: Final = 3_000_000_000
SWEEP_S: Final = 1.0
SWEPT_AT_ONCE: Final = 500
DRAIN_S_MAX: Final = 240.0
COUNTED_TRIES: Final = 5
WARM_UP_S: Final = 1.5  # of the connection to the fallback; and until counts are passed on
fallback = app.fallback


@cache
def effects() -> Effects:
    """Return this process's connection to the table of effects."""
    return Effects(addresses.database_url(addresses.settings()), SystemClock())


@app.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]
def effect(self: Task, number: int) -> None:
    """Record one effect, unless it was recorded before."""
    effects().run(number, str(self.request.hostname))


class _Publisher:
    """Publishes, and notes what each publish cost."""

    def __init__(self, met: edge.PublishRecord) -> None:
        self._met = met
        self._stopping = threading.Event()
        self._swept_s = time.monotonic()
        self.published = self.swept = self.errors = 0
        self.decided_ms: list[float] = []  # from the refusal being known to the fallback being asked
        self.turned_ms: list[float] = []  # from the call to that

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal: publish nothing more."""
        self._stopping.set()

    def run(self, amount: int, pace_s: float) -> None:
        """Publish, then sweep until nothing is missing."""
        while not self._stopping.is_set() and (not amount or self.published < amount):
            self.published += 1
            effects().plan(self.published)
            self._send(self.published)
            self._sweep()
            self._stopping.wait(pace_s)
        until_s = time.monotonic() + DRAIN_S_MAX
        while effects().missing() and time.monotonic() < until_s:
            self._sweep()
            time.sleep(0.05)

    def _send(self, number: int) -> None:
        self._met.begin()
        began_s = time.monotonic()
        try:
            app.send_task(TASK, args=[number], queue=edge.QUEUE)
        except DispatchError:
            self.errors += 1  # its row is there
        turned_s = self._met.turned_s
        if turned_s is not None:
            self.turned_ms.append((turned_s - began_s) * 1000)
            self.decided_ms.append((turned_s - (self._met.known_s or began_s)) * 1000)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_s < SWEEP_S:
            return
        for number in effects().overdue(OVERDUE_NS, SWEPT_AT_ONCE):
            self.swept += 1
            self._send(number)
        self._swept_s = time.monotonic()

    def document(self) -> dict[str, Any]:
        """Return what was published, swept and refused, with the times that it took."""
        return {
            "published": self.published,
            "swept": self.swept,
            "dispatch_errors": self.errors,
            "asked": dict(self._met.asked),
            "refused": dict(self._met.refused),
            "turned": len(self.turned_ms),
            "decided_ms": _spread(self.decided_ms),
            "turned_ms": _spread(self.turned_ms),
        }


def _spread(found: Sequence[float]) -> dict[str, float]:
    if len(found) < 2:
        return {}
    cuts = quantiles(found, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "max": round(max(found), 2)}


def main() -> None:
    """Publish tasks as the arguments say, and write the figures to the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--pace-ms", type=float, required=True)
    parser.add_argument("--amount", type=int, default=0)
    parser.add_argument("--refuse", type=int, metavar="SEED")
    chosen = parser.parse_args()
    app.finalize()
    app.conf.broker_url  # noqa: B018 - reads the settings, which name the transports
    met = edge.use({} if chosen.refuse is None else REFUSED, chosen.refuse or 0)
    publisher = _Publisher(met)
    signal.signal(signal.SIGTERM, publisher.stop)
    app.watch.ask()
    time.sleep(WARM_UP_S)
    publisher.run(chosen.amount, chosen.pace_ms / 1000)
    document = publisher.document() | {"counters": _counted()}
    chosen.file.write_text(json.dumps(document))


def _counted() -> dict[str, int]:
    """Return what the dispatcher counted, by reason."""
    found: Counter[str] = Counter()
    for _ in range(COUNTED_TRIES):
        app.watch.ask()
        time.sleep(WARM_UP_S)
        with suppress(StoreUnavailable):
            for name, reasons in counters().read().items():
                found.update({f"{name} {reason}": count for reason, count in reasons.items()})
            return dict(found)
    return {}


if __name__ == "__main__":
    main()
