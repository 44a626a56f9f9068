"""The soak: a fresh stack at the demonstration's rate for long enough to see what grows."""

import json
from typing import Final

import psutil

from arb.app import start as stack
from arb.app.demo import interruptible
from arb.app.facts.sources import Sources
from arb.app.judge import judge
from arb.app.wiring import Engine
from arb.domain.errors import ArbError
from arb.domain.health.soak import SoakReport, SoakSample, judge_soak
from arb.domain.time import NS_PER_S
from arb.stack.home import Home
from arb.stack.memory import anonymous_bytes, anonymous_of
from arb.stack.shutdown import Progress, stop_stack
from arb.stack.status import SUPERVISOR, stack_status

SAMPLE_MS: Final = 5_000
ERRORS_MAX: Final = 50


def run(plan: stack.StackPlan, minutes: float, progress: Progress) -> SoakReport:
    """Run, measure, stop, judge; nothing keeps running. Raises: Interrupted."""
    try:
        with interruptible():
            engine = stack.start(plan, progress)
            samples, gaps = _measure(engine, plan.home, minutes, progress)
            errors = [*gaps, *_unasked_exits(engine, plan.home), *_critical_alerts(plan.home)]
        rested = stack.rest(engine, progress)
        judgement = judge(engine, plan.home)
        return judge_soak(
            samples,
            trades=sum(judgement.report.trades.values()),
            invariants_hold=all(judgement.report.invariants.values()),
            rested=rested,
            errors=errors[:ERRORS_MAX],
        )
    finally:
        stop_stack(plan.home, progress)


def _measure(
    engine: Engine, home: Home, minutes: float, progress: Progress
) -> tuple[list[SoakSample], list[str]]:
    """Return a sample every few seconds, and what kept one from being taken."""
    sources, clock = Sources.of(engine, home), engine.clock
    began_ns = clock.now_ns()
    samples: list[SoakSample] = []
    gaps: list[str] = []
    while (gone_ns := clock.now_ns() - began_ns) < minutes * 60 * NS_PER_S:
        try:
            samples.append(_sample(sources, gone_ns / NS_PER_S))
        except ArbError as error:
            gaps.append(f"after {gone_ns // NS_PER_S} s: {error}")
        if samples and len(samples) % 12 == 0:
            progress(_line(samples[-1], minutes))
        clock.sleep_ms(SAMPLE_MS)
    return samples, gaps


def _sample(sources: Sources, at_s: float) -> SoakSample:
    found = stack_status(sources.home)
    supervisor = found.runtime.supervisor_pid
    memory = {
        (program.name, pid): held
        for program in found.processes
        for pid, held in anonymous_bytes(program.pid).items()
    } | {(SUPERVISOR, pid): held for pid, held in _alone(supervisor).items()}
    return SoakSample(
        at_s=at_s,
        memory_bytes=memory,
        redis_bytes=sources.redis_bytes(),
        queues={**sources.queues(), **{f"{k}-fallback": v for k, v in sources.fallback_queues().items()}},
    )


def _alone(pid: int) -> dict[int, int]:
    """Return the memory of a process without those that it runs."""
    try:
        return {pid: anonymous_of(psutil.Process(pid))}
    except (psutil.Error, OSError):
        return {}


def _line(sample: SoakSample, minutes: float) -> str:
    total_mb = sum(sample.memory_bytes.values()) / 1_048_576
    waiting = sum(sample.queues.values())
    return f"{sample.at_s / 60:.1f} of {minutes:g} min: {total_mb:.0f} MB, {waiting} messages wait"


def _unasked_exits(engine: Engine, home: Home) -> list[str]:
    try:
        statuses = Sources.of(engine, home).processes()
    except ArbError as error:
        return [str(error)]
    return [f"{each.name} ended {each.exits} times" for each in statuses if each.exits]


def _critical_alerts(home: Home) -> list[str]:
    """Return what the alert file, which always works, has of critical ones."""
    path = home.alerts_file
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    alerts = [json.loads(line) for line in lines if line.startswith("{")]
    return [f"{each['kind']}: {each['message']}" for each in alerts if each.get("severity") == "critical"]
