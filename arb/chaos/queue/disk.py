"""A disk that fills up under a stack that trades: data, logs and sockets on a small one of their own.

The simulated exchanges keep their record elsewhere: a venue does not run out of disk when we do.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Final

from sqlalchemy import text

from arb.adapters.postgres.engine import transaction
from arb.chaos.observed import Observed
from arb.chaos.ops.faults import small_disk
from arb.chaos.own_stack import in_force, own_stack
from arb.chaos.scenario_result import Failed, expect
from arb.domain.errors import StoreUnavailable
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.time import NS_PER_S
from arb.stack.home import Home
from arb.stack.shutdown import Progress
from arb.stack.status import stack_status
from config.logging import configure
from config.settings import load

DISK_MB: Final = 512
FULL_MS: Final = 30_000
HALT_MS_MAX: Final = 30_000
BLOCKS: Final = (1024 * 1024, 4096, 256)
PAUSE_MS: Final = 250
SEGMENTS: Final = 20  # more than it keeps for use again
# What is little room on a server is more than this disk has.
THRESHOLDS: Final[Mapping[str, str]] = {
    "ARB_DEGRADATION__DISK_FREE_MB": "80,60,40",
    "ARB_DEGRADATION__REDUCE_ONLY_DISK_FREE_MB": "30",
    "ARB_SYS_MONITOR__DISK_FREE_WARN_THRESHOLD_MB": "60",
    "ARB_SYS_MONITOR__MIN_DISK_FREE_MB": "30",
}


def disk_full(seed: int, progress: Progress, full_ms: int = FULL_MS) -> tuple[float, str]:
    """Fill the disk of a stack while it trades, give it room again, and judge. Raises: Failed, ArbError."""
    with (
        tempfile.TemporaryDirectory(prefix="arb-full-disk-") as folder,
        small_disk(Path(folder), DISK_MB) as disk,
    ):
        if disk is None:
            raise Failed("mounting a small disk needs root")
        home = Home(disk / "home")
        with _elsewhere(home.sim), in_force({"ARB_HOME": str(home.path)}):
            configure(load("mock"), None)
            with own_stack(home, THRESHOLDS, seed, progress) as engine:
                return Filling(Observed(engine, progress), home, Filler(disk / "filler")).run(full_ms)


@dataclass(frozen=True, slots=True)
class Filler:
    """A file that takes whatever room its disk has."""

    path: Path

    def fill(self) -> None:
        """Grow until there is no byte left."""
        with self.path.open("ab", buffering=0) as file:
            for size in BLOCKS:
                _write_until_full(file.fileno(), b"x" * size)

    def empty(self) -> None:
        """Delete the file that fills the disk."""
        self.path.unlink()


def _write_until_full(handle: int, block: bytes) -> None:
    try:
        while os.write(handle, block) == len(block):
            pass
    except OSError:
        return


@dataclass(frozen=True, slots=True)
class Filling:
    """One stack, and the file that takes its room."""

    seen: Observed
    home: Home
    filler: Filler

    def run(self, full_ms: int) -> tuple[float, str]:
        """Return how long it took to trade again, and what was seen. Raises: Failed."""
        clock, seen = self.seen.engine.clock, self.seen
        seen.wait("a new trade", seen.trades_since(clock.now_ns()))
        before = seen.image()
        seen.progress("filling the disk")
        full_ns = clock.now_ns()
        halted_ns = self._until_halted(full_ns)
        self._use_up_the_log()
        while clock.now_ns() - full_ns < full_ms * 1_000_000:
            self.filler.fill()
            clock.sleep_ms(PAUSE_MS)
        back_ns = clock.now_ns()
        self.filler.empty()
        seen.progress("there is room again")
        seen.wait("normal mode", lambda: self._mode() is Mode.NORMAL)
        seen.wait("trading again", seen.trades_since(back_ns))
        recovery_s = (clock.now_ns() - back_ns) / NS_PER_S
        opened = seen.opened(halted_ns, back_ns)
        expect(opened == 0, f"{opened} trades were opened while the disk was full", recovery_s)
        self._expect_whole(before)
        ends = sum(each.exits for each in stack_status(self.home).processes)
        return recovery_s, (
            f"nothing opened from {(halted_ns - full_ns) / NS_PER_S:.1f} s after the disk was full, for "
            f"{full_ms // 1000} s; {ends} processes ended and were started again; trading again "
            f"{recovery_s:.1f} s after there was room; nothing lost, every invariant holds"
        )

    def _until_halted(self, full_ns: int) -> int:
        """Fill until nothing new is allowed, or cannot be written; return when that was. Raises: Failed."""
        clock = self.seen.engine.clock
        while clock.now_ns() - full_ns < HALT_MS_MAX * 1_000_000:
            self.filler.fill()
            try:
                halted = self._mode() is not Mode.NORMAL
            except StoreUnavailable:
                halted = True
            if halted:
                return clock.now_ns()
            clock.sleep_ms(PAUSE_MS)
        raise Failed(f"trading went on for {HALT_MS_MAX // 1000} s on a full disk")

    def _use_up_the_log(self) -> None:
        """Have PostgreSQL need more write-ahead log: without room it panics and starts again."""
        engine = self.seen.engine.unmirrored.trades.engine
        for _ in range(SEGMENTS):
            self.filler.fill()
            try:
                with transaction(engine) as connection:
                    connection.execute(text("SELECT pg_current_xact_id()"))
                    connection.execute(text("SELECT pg_switch_wal()"))
            except StoreUnavailable as error:
                self.seen.progress(f"PostgreSQL: {error}")
                return

    def _expect_whole(self, before: Mapping[str, object]) -> None:
        """Nothing was lost, the hot state is SQL's, a snapshot can be taken and verifies. Raises: Failed."""
        seen, engine = self.seen, self.seen.engine
        seen.wait("a current hot state", lambda: engine.state.hot_state.check_redis_health().current)
        slot = engine.state.take_snapshot.run(SnapshotKind.MANUAL)
        found = engine.stores.snapshots.find(engine.session_id)
        expect(found.snapshot is not None and not found.skipped, f"damaged snapshots: {found.skipped}")
        expect(slot is not None, "no snapshot could be taken")
        seen.wait("every process", lambda: stack_status(self.home).is_healthy)
        seen.expect_nothing_lost(before)

    def _mode(self) -> Mode:
        session = self.seen.engine.sessions.get(self.seen.engine.session_id)
        expect(session is not None, "the session is gone")
        return session.mode if session is not None else Mode.HALTED


@contextmanager
def _elsewhere(path: Path) -> Iterator[None]:
    """Let a directory be a link to one on another disk."""
    kept = Path(tempfile.mkdtemp(prefix="arb-venues-"))
    path.parent.mkdir(parents=True)
    path.symlink_to(kept)
    try:
        yield
    finally:
        rmtree(kept, ignore_errors=True)
