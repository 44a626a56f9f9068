"""Killed programs that their supervisor is to leave alone."""

from collections.abc import Callable

from arb.stack.control import Supervisor


def is_kept_away(supervisor: Supervisor, program: str, kill: Callable[[str], object]) -> bool:
    """Have a program that was killed stay away; one that was just being started anew is killed as well.

    Between its exit and its next start a supervisor takes no word to stop: ask until it is so.
    """
    supervisor.stop(program)
    kill(program)
    return supervisor.status(program).state == "STOPPED"
