"""The run over a stack that trades: when it ends, and what it says of that."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from arb.chaos.orders.run import OrderChaos
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.kill.drain import Drain
from tests.engine.testbed import SESSION, EngineTestbed


class Quiet:
    """Stands for what puts faults and kills: both do nothing here."""

    base_urls = ()
    kills = type("Kills", (), {"total": staticmethod(lambda: 0)})

    def widen_limits(self):
        """Do nothing."""

    def start(self):
        """Do nothing."""


def run_of(testbed: EngineTestbed, said: list[str]) -> OrderChaos:
    drain = Drain(session_id=SESSION, trades=testbed.trades, sessions=testbed.sessions, clock=testbed.clock)
    return OrderChaos(
        faults=lambda _venue, _spell: (),
        trades_wanted=100,
        trades_so_far=lambda: 0,
        switchboard=Quiet(),
        killer=Quiet(),
        drain=drain,
        clock=testbed.clock,
        progress=said.append,
    )


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (Mode.HALTED, "order_overfilled: t-1"),
        (Mode.REDUCE_ONLY, "order_overfilled: t-1"),
        (Mode.HALTED, reason_text(Cause.NO_FEED)),  # passes: the storm itself kills feeds
    ],
)
def test_it_ends_at_once_and_says_why_when_trading_has_halted_for_good(mode, reason):
    testbed, said = EngineTestbed(), []
    testbed.sessions.set_mode(SESSION, mode, reason, testbed.clock.now_ns())
    began_ns = testbed.clock.now_ns()
    halted = run_of(testbed, said).storm()
    took_s = (testbed.clock.now_ns() - began_ns) / 1e9
    if mode is Mode.HALTED and reason != reason_text(Cause.NO_FEED):
        assert (halted, took_s) == ("order_overfilled: t-1", 0)
        assert said == ["trading has halted after 0 of 100 trades: order_overfilled: t-1"]
    else:
        assert (halted, took_s > 200) == ("", True)


def test_it_goes_on_until_somebody_was_killed_however_many_trades_there_are():
    """Sixty trades are opened before the first kill is due."""
    testbed, looks = EngineTestbed(), []

    def killed() -> int:
        looks.append(testbed.clock.now_ns())
        return int(len(looks) > 20)

    killer = Quiet()
    killer.kills = SimpleNamespace(total=killed)
    run = replace(run_of(testbed, []), trades_so_far=iter(range(0, 10**6, 500)).__next__, killer=killer)
    assert replace(run, kills_wanted=1).storm() == ""
    assert len(looks) == 21
    assert looks[-1] > looks[0]
