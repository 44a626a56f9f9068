"""Both brokers refuse some of what they are asked: everything is executed all the same, once."""

from typing import Any, Final

from arb.chaos.outcome import expect
from arb.chaos.queue.ground import Ground

TASKS: Final = 2_000
TASKS_QUICK: Final = 300
PACE_MS: Final = 2.0
DECIDED_MS_MAX: Final = 10.0


def refusals(ground: Ground, seed: int, tasks: int = TASKS) -> tuple[float, str]:
    """Primary refuses 30 % as full and 10 % as not consumed, the fallback 10 % and 5 %."""
    with ground.publishing(PACE_MS, "--amount", str(tasks), "--refuse", str(seed)) as publishing:
        found = publishing.wait()
    account = ground.expect_whole()
    decided = found["decided_ms"]
    expect(account.planned == tasks, f"{account.planned} tasks were planned, not {tasks}")
    expect(decided["p50"] < DECIDED_MS_MAX, f"switching took {decided['p50']} ms (median)")
    return decided["p99"] / 1000, _detail(tasks, found)


def _detail(tasks: int, found: dict[str, Any]) -> str:
    refused, decided = found["refused"], found["decided_ms"]
    counts = ", ".join(
        f"{name} {count}" for name, count in sorted(found["counters"].items()) if "dispatch" in name
    )
    return (
        f"{tasks} of {tasks} executed, each effect once; refused: "
        + ", ".join(
            f"{name} {count} of {found['asked'][name.split()[0]]}" for name, count in sorted(refused.items())
        )
        + f"; {found['dispatch_errors']} times by both, swept {found['swept']}"
        + f"; switch p50 {decided['p50']} ms, p99 {decided['p99']} ms; {counts}"
    )
