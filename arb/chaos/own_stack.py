"""A whole stack that a scenario starts for itself, in a home of its own, and stops again."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from arb.app import start as stack
from arb.app.wiring import Engine
from arb.stack.home import Home
from arb.stack.shutdown import Progress, silent, stop_stack
from arb.stack.supervise import Lifetime
from config.settings import load


@contextmanager
def own_stack(home: Home, variables: Mapping[str, str], seed: int, progress: Progress) -> Iterator[Engine]:
    """Have a mock stack trade with these variables and this market. Raises: ConfigError, StackError."""
    with in_force({**variables, "ARB_HOME": str(home.path), "ARB_SIM__SEED": str(seed)}):
        plan = stack.StackPlan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER)
        progress("starting a stack")
        engine = stack.start(plan, silent)
        try:
            yield engine
        finally:
            stop_stack(home, silent)


@contextmanager
def in_force(added: Mapping[str, str]) -> Iterator[None]:
    """Have these environment variables in force for this process and all that it starts."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
