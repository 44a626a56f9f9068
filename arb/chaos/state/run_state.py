"""`arb chaos state`: scenarios on embedded servers, then losses on a whole stack that trades meanwhile."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import psutil

from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.migrate import migrate
from arb.adapters.redis.client import connect
from arb.app import start as stack
from arb.app.wiring import Engine
from arb.chaos.kept_away import is_kept_away
from arb.chaos.observed import Observed
from arb.chaos.scenario_result import ScenarioResult, expect, run_all, timed
from arb.chaos.state.scenarios import bound
from arb.chaos.state.testbed import StateTestbed
from arb.domain.risk.review import Mode
from arb.stack.control import Supervisor
from arb.stack.home import Home
from arb.stack.servers import servers_only
from arb.stack.shutdown import Progress, silent, stop_stack
from arb.stack.signals import marked_processes, send

ROUNDS: Final = 10
AWAY_MS: Final = 20_000
TRADING_S_MAX: Final = 10.0


def on_servers(progress: Progress) -> Iterator[ScenarioResult]:
    """Run the scenarios that need no stack, on servers of their own."""
    progress("scenarios on Redis and PostgreSQL of their own")
    with servers_only() as servers, connect(servers.redis.url, timeout_ms=5_000) as client:
        migrate(servers.postgres.url)
        database = make_engine(servers.postgres.url)
        try:
            yield from run_all(bound(StateTestbed(database=database, client=client)))
        finally:
            database.dispose()


def on_stack(plan: stack.StackPlan, progress: Progress, rounds: int = ROUNDS) -> Iterator[ScenarioResult]:
    """Run the losses on a stack of their own, and stop it at the end."""
    progress("starting a stack to break")
    broken = Broken(plan, stack.start(plan, silent), progress)
    try:
        losses = {name: partial(broken.without, servers) for name, servers in LOSSES.items()}
        killed = partial(broken.killed_again_and_again, rounds)
        yield from run_all({"kill_9_of_everything": killed, **losses})
    finally:
        stop_stack(plan.home, silent)


LOSSES: Final = {
    "redis_killed_and_wiped": ("redis",),
    "postgres_killed": ("postgres",),
    "both_killed": ("redis", "postgres"),
}


@dataclass
class Broken:
    """A stack that things are done to."""

    plan: stack.StackPlan
    engine: Engine
    progress: Progress

    @property
    def seen(self) -> Observed:
        """Return the reader of what the broken stack does."""
        return Observed(self.engine, self.progress)

    def killed_again_and_again(self, rounds: int) -> tuple[float, str]:
        """Kill -9 every process at once in the middle of trading, start again, and compare."""
        took: list[float] = []
        for number in range(1, rounds + 1):
            self.seen.wait("a new trade", self.seen.trades_since(self.engine.clock.now_ns()))
            before = self.seen.image()
            kill_stack(self.plan.home)
            began_ns = self.engine.clock.now_ns()
            self.engine = stack.start(replace(self.plan, fresh=False), silent)
            self.seen.wait("a new trade", self.seen.trades_since(began_ns))
            recovery_s = (self.seen.first_trade_ns(began_ns) - began_ns) / 1_000_000_000
            self.seen.expect_nothing_lost(before)
            took.append(recovery_s)
            self.progress(f"kill -9 of everything, {number} of {rounds}: trading again in {recovery_s:.1f} s")
        detail = f"{rounds} times, trading again in {min(took):.1f} to {max(took):.1f} s, nothing lost"
        expect(max(took) < TRADING_S_MAX, f"{detail}, but slower than {TRADING_S_MAX:.0f} s", max(took))
        return max(took), detail

    def without(self, servers: tuple[str, ...]) -> tuple[float, str]:
        """Kill -9 servers, keep them away, wipe Redis; then all is mended without anybody's help."""
        self.progress(f"{' and '.join(servers)} away for {AWAY_MS // 1000} s")
        clock = self.engine.clock
        self.seen.wait("a new trade", self.seen.trades_since(clock.now_ns()))
        before = self.seen.image()
        with self._away(servers):
            clock.sleep_ms(AWAY_MS)
            if servers == ("redis",):
                mode = self.engine.sessions.get(self.engine.session_id)
                expect(mode is not None and mode.mode is not Mode.NORMAL, "new trades stayed allowed")
        back_ns = clock.now_ns()
        _, recovery_s = timed(clock, lambda: self.seen.wait("trading again", self.seen.trades_since(back_ns)))
        self.seen.wait(
            "a current hot state", lambda: self.engine.state.hot_state.check_redis_health().current
        )
        self.seen.expect_nothing_lost(before)
        return recovery_s, f"a new trade {recovery_s:.1f} s after the return, hot state current, nothing lost"

    @contextmanager
    def _away(self, servers: tuple[str, ...]) -> Iterator[None]:
        """Kill servers, and keep their supervisor from starting them until the end."""
        supervisor = Supervisor(self.plan.home)
        for name in servers:
            supervisor.kill(name)
        for name in servers:
            self.seen.wait(f"the end of {name}", partial(is_kept_away, supervisor, name, supervisor.kill))
        if "redis" in servers:
            for kept in self.plan.home.redis.iterdir():
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
        try:
            yield
        finally:
            for name in servers:
                supervisor.start(name)


def kill_stack(home: Home) -> None:
    """Kill -9 every process of a stack at once."""
    doomed = marked_processes(home)
    for process in doomed:
        send(process, signal.SIGKILL)
    psutil.wait_procs(doomed, timeout=10)
