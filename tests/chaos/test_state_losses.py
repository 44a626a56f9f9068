"""Everything killed at once, Redis wiped, PostgreSQL away, on a stack that trades. `make chaos`"""

import os

import pytest

from arb.operate.chaos_state import on_stack
from arb.operate.stack import Plan
from arb.runtime.home import Home
from arb.runtime.supervise import Lifetime
from config.settings import load


@pytest.mark.stack
@pytest.mark.timeout(1_200)
def test_nothing_is_lost_whatever_is_killed(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ARB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    plan = Plan(home=Home(tmp_path), settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
    outcomes = list(on_stack(plan, print))
    assert [outcome for outcome in outcomes if not outcome.passed] == []
