"""One pair closed by hand on a whole stack whose pairs stay open, and what each command then says of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from arb.stack.wait import wait_until
from tests.cli.documents import documents
from tests.integration.page import PATIENT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240), pytest.mark.chaos]
# What is opened stays open but by hand, and is closed by hand at whatever the market is a moment later.
HELD_OPEN = {
    "ARB_STRATEGY__CONVERGED_BPS": "-200", "ARB_STRATEGY__TAKE_PROFIT_BPS": "900",
    "ARB_STRATEGY__STOP_LOSS_BPS": "900", "ARB_STRATEGY__HOLDING_S_MAX": "86400",
    "ARB_STRATEGY__ROUND_TRIP_MAY_LOSE": "true", "ARB_STRATEGY__SLIP_BPS": "100",
    "ARB_RISK__LOSS_PER_TRADE_KRW_MAX": "100000000", "ARB_RISK__DAILY_LOSS_KRW_MAX": "100000000",
}  # fmt: skip
READS = (
    "status", "report", "check", "trades", "orders", "positions", "balances", "pnl", "sessions", "risk",
    "mode", "feeds", "web", "doctor", "opportunities", "inventory", "latency", "coins list", "alerts list",
    "messages list", "dead list", "config show --running",
)  # fmt: skip
# One interpreter for all commands: importing what a command needs takes longer than most of them.
SHELL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from arb.cli.main import main
for line in sys.stdin:
    sys.argv, out, err, code = ["arb", *json.loads(line)], io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Held:
    """A stack whose pairs stay open, and a shell on it."""

    shell: subprocess.Popen[str]

    def run(self, *arguments: str) -> Ended:
        assert self.shell.stdin is not None and self.shell.stdout is not None
        self.shell.stdin.write(json.dumps(arguments) + "\n")
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline()
        assert answer, f"{arguments}: the shell has ended"
        return Ended(*json.loads(answer))

    def read(self, *arguments: str) -> dict[str, Any]:
        ended = self.run(*arguments, "--json")
        (document,) = documents(ended.stdout)
        return document

    def trades(self, state: str) -> list[str]:
        return [each["trade_id"] for each in self.read("trades")["trades"] if each["state"] == state]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    own = {"ARB_HOME": str(tmp_path_factory.mktemp("close"))}
    environ = {**os.environ, **PATIENT, **HELD_OPEN, **own}
    arb = str(Path(sys.executable).with_name("arb"))
    started = subprocess.run([arb, "up"], env=environ, capture_output=True, text=True, check=False)
    try:
        assert started.returncode == 0, started.stderr
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([sys.executable, "-c", SHELL], env=environ, **pipes) as shell:  # type: ignore[call-overload]
            held = Held(shell)
            wait_until(
                lambda: None if held.trades("open") else "no pair", limit_s=60, what="a pair", pause_s=0.5
            )
            yield held
            shell.stdin.close()
    finally:
        subprocess.run([arb, "down"], env=environ, capture_output=True, check=False)


def test_a_pair_is_closed_once_at_no_less_than_was_shown(held: Held) -> None:
    trade_id = held.trades("open")[0]
    unasked = held.run("trades", "close", trade_id)
    assert unasked.returncode == 1
    assert "closing it now costs" in unasked.stderr and "--yes" in unasked.stderr
    assert trade_id in held.trades("open"), "nothing is closed before somebody said yes"
    done = held.run("trades", "close", trade_id, "--yes", "--within", "60", "--json")
    assert done.returncode == 0, done.stderr
    (document,) = documents(done.stdout)
    assert (document["closed"], document["reason"]) == (True, "closed_by_hand")
    assert trade_id in held.trades("closed")
    again = held.run("trades", "close", trade_id, "--yes")
    assert again.returncode == 1
    assert again.stderr == f"arb: {trade_id} is closed: it is no longer open (closed_by_hand)\n"


@pytest.mark.parametrize("command", READS)
def test_what_a_running_stack_tells_has_its_shape(held: Held, command: str) -> None:
    held.read(*command.split())
