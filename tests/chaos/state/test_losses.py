"""Everything killed at once, Redis wiped, PostgreSQL away, on a stack that trades. `make chaos`"""

import os

import pytest

from arb.app.start import StackPlan
from arb.chaos.state.run_groups import on_groups
from arb.chaos.state.run_state import on_stack
from arb.stack.home import Home
from arb.stack.supervise import Lifetime
from config.settings import load


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ARB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.mark.stack
@pytest.mark.timeout(1_200)
def test_nothing_is_lost_whatever_is_killed(home):
    plan = StackPlan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
    outcomes = list(on_stack(plan, print))
    assert [outcome for outcome in outcomes if not outcome.passed] == []


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_a_group_goes_on_while_its_neighbour_is_killed(home):
    outcomes = list(on_groups(home, print))
    assert [outcome for outcome in outcomes if not outcome.passed] == []
