"""Which workers to restart: those that live and consume nothing, or that do not even say that they live.

Pure. A worker is *frozen* when its heartbeat stays away, and *deaf* when messages wait in its queue and no
worker of that queue takes any: a canary is sent to every queue every few seconds, so that there always is
something to take. Nothing is concluded from what could not be seen: the signs are in the broker's server, and
after each time that nobody could read them they are watched anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from arb.domain.time import NS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class RevivalRules:
    """How long is waited, and how often one program is restarted at most."""

    after_ns: int  # without a sign, or with messages waiting and none taken
    gap_ns: int  # between two looks; more, and nobody watched
    pause_ns: int  # between two restarts of a program
    hourly_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that consumes a queue of the primary broker, and its signs of life."""

    program: str
    queue: str
    up_ns: int  # how long it runs
    sign_ns: int  # its newest heartbeat
    took_ns: int  # when it last took a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What was seen so far. Nanoseconds since the epoch."""

    looked_ns: int = 0
    seen_since_ns: int = 0  # the first of the looks in a row that saw everything
    waiting_since_ns: Mapping[str, int] = field(default_factory=dict)  # queue -> since when nothing is taken
    revived_ns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # program -> its restarts


@dataclass(frozen=True, slots=True, kw_only=True)
class HungWorker:
    """A worker that does not work."""

    program: str
    why: str
    permitted: bool  # to restart it; otherwise it was restarted too often


def blind(memory: Memory, now_ns: int) -> Memory:
    """Return the memory after a look that saw nothing."""
    return replace(memory, looked_ns=now_ns, seen_since_ns=now_ns, waiting_since_ns={})


def look(
    memory: Memory, workers: Sequence[Worker], depths: Mapping[str, int], now_ns: int, rules: RevivalRules
) -> tuple[Memory, tuple[HungWorker, ...]]:
    """Return the memory after a look, and who does not work. Who is permitted counts as restarted."""
    if not 0 <= now_ns - memory.looked_ns <= rules.gap_ns:
        memory = blind(memory, now_ns)
    waiting = {queue: _since(memory, workers, queue, now_ns) for queue, depth in depths.items() if depth}
    memory = replace(memory, looked_ns=now_ns, waiting_since_ns=waiting)
    findings = []
    for worker in workers:
        why = _amiss(memory, worker, now_ns, rules)
        if why:
            revived = memory.revived_ns.get(worker.program, ())
            past = tuple(at for at in revived if 0 <= now_ns - at < NS_PER_HOUR)
            if past and now_ns - past[-1] < rules.pause_ns:
                continue
            permitted = len(past) < rules.hourly_max
            findings.append(HungWorker(program=worker.program, why=why, permitted=permitted))
            # One that is not permitted is noted all the same, so that it is told once in each pause.
            kept = (*past[-rules.hourly_max + 1 :], now_ns) if permitted else (*past[:-1], now_ns)
            memory = replace(memory, revived_ns={**memory.revived_ns, worker.program: kept})
    return memory, tuple(findings)


def _since(memory: Memory, workers: Sequence[Worker], queue: str, now_ns: int) -> int:
    """Return since when messages wait in a queue and nobody takes any."""
    took = [worker.took_ns for worker in workers if worker.queue == queue]
    took_ns = max((at_ns for at_ns in took if at_ns <= now_ns), default=0)
    return max(memory.waiting_since_ns.get(queue, now_ns), took_ns)


def _amiss(memory: Memory, worker: Worker, now_ns: int, rules: RevivalRules) -> str:
    """Return what is wrong with a worker, or nothing."""
    seen_ns = min(now_ns - memory.seen_since_ns, worker.up_ns)
    if seen_ns < rules.after_ns:
        return ""
    silent_ns = abs(now_ns - worker.sign_ns)
    if silent_ns >= rules.after_ns:
        return f"no sign of life for {silent_ns // 1_000_000_000} s"
    deaf_ns = now_ns - memory.waiting_since_ns.get(worker.queue, now_ns)
    if deaf_ns >= rules.after_ns:
        return f"nothing was taken from the queue {worker.queue} for {deaf_ns // 1_000_000_000} s"
    return ""
