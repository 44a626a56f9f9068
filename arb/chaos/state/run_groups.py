"""Two groups on the same servers and the same account: one is killed, the other goes on untouched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from arb.app.engines import build
from arb.chaos.observed import PATIENCE_MS, Observed
from arb.chaos.scenario_result import ScenarioResult, expect, run_all
from arb.chaos.state.run_state import TRADING_S_MAX, kill_stack
from arb.domain.state.snapshot import PARTS
from arb.domain.time import NS_PER_S
from arb.stack.control import Supervisor
from arb.stack.errors import StackError, StackNotRunning
from arb.stack.home import CHECKOUT, Home
from arb.stack.shutdown import Progress, silent, stop_stack
from config.settings import load

ARB: Final = (sys.executable, "-c", "from arb.cli.main import main; main()")
COINS: Final = {"one": "BTC,XRP,ADA", "two": "ETH,SOL"}
SERVERS: Final = ("redis", "postgres")
SIMULATOR: Final = "sim-"


def on_groups(home: Home, progress: Progress) -> Iterator[ScenarioResult]:
    """Run two groups side by side and kill each in turn; both are stopped at the end."""
    homes = {group: Home(home.path / group) for group in COINS}
    with ExitStack() as ending:
        for each in homes.values():
            ending.callback(_stop, each)  # the second one's first: it stands on the first one's servers
        progress("starting two groups side by side")
        groups = {group: _begin(homes, group, progress) for group in COINS}
        yield from run_all({"groups_side_by_side_killed": partial(_killed, groups, progress)})


def is_shared(process: str) -> bool:
    """Tell whether groups that run side by side have one process of this name together."""
    return process in SERVERS or process.startswith(SIMULATOR)


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group of the run: its home, its command, and what is seen of it."""

    home: Home
    command: tuple[str, ...]
    seen: Observed

    def trading_again_s(self, since_ns: int) -> float:
        """Wait for a trade after that moment; return how many seconds after."""
        self.seen.wait("a new trade", self.seen.trades_since(since_ns))
        return (self.seen.first_trade_ns(since_ns) - since_ns) / NS_PER_S

    def kill_work(self) -> None:
        """Kill -9 all processes but the servers and venues that the groups share."""
        supervisor = Supervisor(self.home)
        for each in supervisor.statuses():
            if not is_shared(each.name):
                supervisor.kill(each.name)


def _begin(homes: dict[str, Home], group: str, progress: Progress) -> Group:
    first, home = homes["one"], homes[group]
    command: tuple[str, ...] = (*ARB, "up", "--group", group, "--coins", COINS[group])
    command += ("--beside", str(first.path)) if home is not first else ()
    _up(home, command)
    engine = build(load(environ=_environment(home)))
    return Group(home=home, command=command, seen=Observed(engine, progress))


def _killed(groups: dict[str, Group], progress: Progress) -> tuple[float, str]:
    one, two = groups["one"], groups["two"]
    clock = one.seen.engine.clock
    before = {name: group.seen.image() for name, group in groups.items()}
    for group in groups.values():
        group.trading_again_s(clock.now_ns())
    progress("kill -9 of all of group two, while group one goes on")
    kill_stack(two.home)
    killed_ns, dead = clock.now_ns(), two.seen.image()
    one.trading_again_s(killed_ns)
    after = two.seen.image()
    for part in PARTS:
        expect(after[part] == dead[part], f"the {part} of group two was touched while it was dead")
    back_ns = clock.now_ns()
    _up(two.home, two.command)
    two_s = two.trading_again_s(back_ns)
    progress("kill -9 of the work of group one, while group two goes on")
    one.kill_work()
    killed_ns = clock.now_ns()
    two.trading_again_s(killed_ns)
    one_s = one.trading_again_s(killed_ns)
    for name, group in groups.items():
        group.seen.expect_nothing_lost(before[name])
    detail = f"group two traded again {two_s:.1f} s after its start, group one {one_s:.1f} s after its kill"
    expect(max(two_s, one_s) < 2 * TRADING_S_MAX, detail, max(two_s, one_s))
    return max(two_s, one_s), f"{detail}; the other went on each time, every invariant holds for both"


def _up(home: Home, command: tuple[str, ...]) -> None:
    """Start a group as its user does. Raises: StackError with what it said."""
    ended = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_MS / 1000,
        check=False,
    )
    if ended.returncode:
        raise StackError((ended.stderr.strip().splitlines() or ["it said nothing"])[-1])


def _environment(home: Home) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ARB_")}
    return kept | {"ARB_HOME": str(home.path)}


def _stop(home: Home) -> None:
    with suppress(StackNotRunning):
        stop_stack(home, silent)
