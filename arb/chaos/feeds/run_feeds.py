"""`arb chaos feeds`: feed workers killed, frozen and forgotten on a stack that trades, and a replay."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from arb.adapters.local.journal import EVENT
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.tables import trades
from arb.adapters.redis.client import connect
from arb.app import start as stack
from arb.app.judge import check_of
from arb.chaos.feeds.workers import FeedWorkers
from arb.chaos.feeds.zombies import zombies
from arb.chaos.ops.alert_log_reader import AlertLogReader
from arb.chaos.scenario_result import Failed, ScenarioResult, expect, judged
from arb.domain.health.alert import AlertKind
from arb.domain.health.assignment import Reassignment
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.stack.home import CHECKOUT
from arb.stack.shutdown import Progress, silent, stop_stack
from config.addresses import redis_url

WORKERS: Final = ("feed-1", "feed-2", "feed-3")
MOVE_S_MAX: Final = 10.0
SPREAD_S_MAX: Final = 60.0
HALT_S_MAX: Final = 40.0
MEND_S_MAX: Final = 90.0
FROZEN_MS: Final = 12_000
AWAKE_MS: Final = 4_000
MOVES_MAX: Final = 1_000
DRY_RUNS: Final = 3
DRY_STEPS: Final = 600
DRY_S_MAX: Final = 180.0
RUN: Final = "arb.chaos.feeds.dry_run"


def dry_runs(seed: int, progress: Progress) -> ScenarioResult:
    """Run the same seed in processes of their own, with hash seeds of their own, and compare the bytes."""
    progress(f"{DRY_RUNS} dry runs of seed {seed}")

    def same() -> tuple[float, str]:
        found = [_decisions(seed, hash_seed) for hash_seed in range(1, DRY_RUNS + 1)]
        digests = [hashlib.sha256(each).hexdigest() for each in found]
        count = found[0].count(b"\n")
        expect(count > 0, "nothing was decided")
        expect(len(set(digests)) == 1, f"the decisions differ: {', '.join(digests)}")
        other = hashlib.sha256(_decisions(seed + 1, 1)).hexdigest()
        expect(other != digests[0], "another seed decides the same: nothing was compared")
        return 0.0, f"{DRY_RUNS} runs, {count} decisions each, sha256 {digests[0]}"

    return judged("dry_runs_alike", same)


def _decisions(seed: int, hash_seed: int) -> bytes:
    ran = subprocess.run(
        (sys.executable, "-m", RUN, str(seed), str(DRY_STEPS)),
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        timeout=DRY_S_MAX,
        check=False,
    )
    if ran.returncode:
        raise Failed(f"a dry run ended with {ran.returncode}: {ran.stderr.decode()[-300:]}")
    return ran.stdout


def on_stack(plan: stack.StackPlan, seed: int, progress: Progress) -> Iterator[ScenarioResult]:
    """Run the scenarios on a stack of three feed workers, and stop it at the end."""
    progress("starting a stack with three feed workers")
    engine = stack.start(plan, silent)
    try:
        workers = FeedWorkers(engine=engine, home=plan.home)
        yield from FeedChaos(
            workers, Random(seed), AlertLogReader(plan.home.alerts_file, engine.clock), progress
        ).run()
    finally:
        stop_stack(plan.home, silent)


@dataclass
class FeedChaos:
    """The scenarios, in an order that the seed does not change; it chooses who is hit."""

    workers: FeedWorkers
    random: Random
    alerts: AlertLogReader
    progress: Progress
    moves: list[Reassignment] = field(
        default_factory=list
    )  # that were recorded before the record was deleted

    def run(self) -> Iterator[ScenarioResult]:
        """Run every scenario, and yield each result."""
        for name, scenario in (
            ("coins_spread", self.coins_spread),
            ("one_killed", self.one_killed),
            ("one_frozen", self.one_frozen),
            ("registry_lost", self.registry_lost),
            ("all_killed", self.all_killed),
            ("no_zombie_traded_on", self.no_zombie_traded_on),
            ("invariants", self.invariants),
        ):
            self.progress(name.replace("_", " "))
            yield judged(name, scenario)

    def coins_spread(self) -> tuple[float, str]:
        """Three workers share the coins out."""
        took_s = self._spread()
        shares = {worker: sorted(self.workers.fed_by(worker)) for worker in WORKERS}
        return took_s, "; ".join(f"{worker}: {' '.join(coins)}" for worker, coins in shares.items())

    def one_killed(self) -> tuple[float, str]:
        """Coins of a worker that is killed, and does not come back, are fed by the others."""
        victim = self.random.choice(WORKERS)
        others = tuple(worker for worker in WORKERS if worker != victim)
        lost = sorted(self.workers.fed_by(victim))
        with self.workers.killed(victim):
            took_s = self._moved(others)
        back_s = self._spread()
        return (
            took_s,
            f"{victim} killed, {' '.join(lost)} fed by others; its share back {back_s:.1f} s after it",
        )

    def one_frozen(self) -> tuple[float, str]:
        """Coins of a worker that is frozen move; what it sends when it wakes up is refused."""
        victim = self.random.choice(WORKERS)
        others = tuple(worker for worker in WORKERS if worker != victim)
        before, lost = self.workers.counted(), sorted(self.workers.fed_by(victim))
        clock = self.workers.engine.clock
        with self.workers.frozen(victim):
            began_ns = clock.now_ns()
            took_s = self._moved(others)
            clock.sleep_ms(FROZEN_MS - (clock.now_ns() - began_ns) // 1_000_000)
        clock.sleep_ms(AWAKE_MS)
        after = self.workers.counted()
        refused = {name: after[name] - before[name] for name in after}
        expect(refused["freezes"] > 0, "the worker did not find that it was frozen", took_s)
        self._spread()
        figures = f"{refused['writes']} writes and {refused['quotes']} quotes of it refused"
        return took_s, f"{victim} frozen for {FROZEN_MS // 1000} s, {' '.join(lost)} moved; {figures}"

    def registry_lost(self) -> tuple[float, str]:
        """A registry that Redis lost is there again, with larger fences."""
        before = self.workers.assignment()
        self.moves += self.workers.engine.stores.feeds.moves(MOVES_MAX)
        scope = self.workers.engine.settings.scope
        with connect(redis_url(self.workers.engine.settings)) as client:
            kept = client.scan_iter(f"arbitrage:feeds:{scope}:*")
            lost = [*kept, f"arbitrage:fences:{scope}", f"arbitrage:quotes:{scope}"]
            client.delete(*lost)

        def again() -> bool:
            owners = self.workers.assignment().owners.values()
            larger = bool(owners) and min(owner.fence for owner in owners) > before.epoch
            return larger and self.workers.quoted_by(*WORKERS)

        took_s = self.workers.wait("larger fences and books under them", again, MOVE_S_MAX)
        grown = self.workers.assignment().epoch - before.epoch
        return took_s, f"{len(lost)} keys deleted, every coin owned again; the epoch grew by {grown}"

    def all_killed(self) -> tuple[float, str]:
        """Without any feed worker trading is halted and somebody told; it goes on by itself."""
        self.alerts.skip()
        with self.workers.killed(*WORKERS):
            halted_s = self.workers.wait(
                "a halt", lambda: self._mode() == (Mode.HALTED, reason_text(Cause.NO_FEED)), HALT_S_MAX
            )
            expect(
                self.alerts.wait([AlertKind.NO_FEED_WORKER], "feeds", False, MOVE_S_MAX) is not None,
                "nobody was told",
            )
            halted_ns = self.workers.engine.clock.now_ns()
            self.workers.engine.clock.sleep_ms(AWAKE_MS)
            expect(not self._trades_since(halted_ns)(), "a trade was opened without any feed")
        normal_s = self.workers.wait("a normal mode", lambda: self._mode()[0] is Mode.NORMAL, MEND_S_MAX)
        back_ns = self.workers.engine.clock.now_ns()
        trade_s = self.workers.wait("a new trade", self._trades_since(back_ns), MEND_S_MAX)
        self._spread()
        detail = (
            f"halted and told after {halted_s:.1f} s; normal {normal_s:.1f} s after the start of the workers"
        )
        return normal_s, f"{detail}, a new trade {trade_s:.1f} s later"

    def no_zombie_traded_on(self) -> tuple[float, str]:
        """No decision of the whole run used a quote whose ownership was over."""
        made = list(self._journal())
        moves = [*self.moves, *self.workers.engine.stores.feeds.moves(MOVES_MAX)]
        found = zombies(made, moves)
        expect(bool(made), "the journal has no decision")
        expect(not found, f"{len(found)} zombies, the first: {found[:1]}")
        return 0.0, f"{len(made)} decisions, {len(moves)} moves, 0 on a quote whose ownership was over"

    def invariants(self) -> tuple[float, str]:
        """What holds always held here too."""
        findings = check_of(self.workers.engine).run()
        first = findings.violations[0].message if findings.violations else ""
        expect(findings.all_hold, f"an invariant is broken: {first}")
        return 0.0, "all hold"

    def _spread(self) -> float:
        """Wait until all workers have their share."""
        return self.workers.wait("an even share", lambda: self.workers.spread_over(WORKERS), SPREAD_S_MAX)

    def _moved(self, others: tuple[str, ...]) -> float:
        """Wait until these workers feed everything; that has to be within ten seconds."""
        return self.workers.wait(
            "every coin with another worker", lambda: self.workers.quoted_by(*others), MOVE_S_MAX
        )

    def _mode(self) -> tuple[Mode | None, str]:
        session = self.workers.engine.sessions.get(self.workers.engine.session_id)
        return (None, "") if session is None else (session.mode, session.mode_reason)

    def _trades_since(self, since_ns: int) -> Callable[[], bool]:
        engine = self.workers.engine
        counted = select(func.count()).where(
            trades.c.session_id == engine.session_id, trades.c.opened_at_ns > since_ns
        )

        def opened() -> bool:
            with reading(engine.stores.trades.engine) as connection:
                return bool(connection.execute(counted).scalar_one())

        return opened

    def _journal(self) -> Iterator[dict[str, Any]]:
        """Return the decisions that the evaluating workers wrote down."""
        for path in sorted(self.workers.home.logs.glob("worker-evaluate*.log*")):
            for line in path.read_bytes().splitlines():
                if EVENT.encode() in line:
                    yield orjson.loads(line)
