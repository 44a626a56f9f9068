"""Which stack a command is about: the one place that decides what runs.

The stack of the home (`ARB_HOME`) comes first, then the demo's inside it. Where no supervisor runs in either,
as in a container, it is the processes that share the servers named in the environment.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arb.stack.errors import StackNotRunning
from arb.stack.home import Home, Runtime, read_runtime

if TYPE_CHECKING:
    from arb.app.wiring import Engine
    from arb.stack.status import StackStatus

DATABASE: Final = ("ARB_DATABASE_URL", "ARB_DATABASE_URL_FILE")


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that runs; without a `runtime` nothing supervises its processes from here."""

    home: Home
    runtime: Runtime | None

    def engine(self) -> "Engine":
        """Return this process's engine. Raises: ConfigError, StoreUnavailable."""
        from arb.app.engines import engine

        return engine()

    def status(self) -> "StackStatus | None":
        """Return how its processes are; None where nothing supervises them. Raises: StackNotRunning."""
        if self.runtime is None:
            return None
        from arb.stack.status import stack_status

        return stack_status(self.home)

    def supervised(self) -> Runtime:
        """Return where its parts are. Raises: StackNotRunning where nothing supervises it."""
        if self.runtime is None:
            raise StackNotRunning(self.home.path)
        return self.runtime


def attach() -> Running:
    """Return the stack that runs; its settings are those of this process from here on.

    Raises: StackNotRunning.
    """
    found = supervised()
    if found is None:
        if not any(name in os.environ for name in DATABASE):
            raise StackNotRunning(Home.default().path)
        found = Running(Home.default(), None)
    os.environ["ARB_HOME"] = str(found.home.path)
    return found


def engine() -> "Engine":
    """Return the engine of the stack that runs. Raises: StackNotRunning, ConfigError, StoreUnavailable."""
    return attach().engine()


def lasting() -> Running:
    """Return the stack that `arb up` left running; a demo ends by itself. Raises: StackNotRunning."""
    home = Home.default()
    return Running(home, read_runtime(home))


def home_in_force() -> Home:
    """Return the home whose stack runs, which may be the demo's; the default one if none does."""
    found = supervised()
    return Home.default() if found is None else found.home


def homes() -> tuple[Home, Home]:
    """Return where a stack may run: the home that is meant to stay, and the demo's."""
    return Home.default(), demo_home()


def demo_home() -> Home:
    """Return the demo's own home, inside the one that is meant to stay: only this one is ever wiped."""
    return Home.default().demo()


def supervised() -> Running | None:
    """Return the stack of the home, else the demo's, that a supervisor runs."""
    for home in homes():
        try:
            return Running(home, read_runtime(home))
        except StackNotRunning:
            continue
    return None
