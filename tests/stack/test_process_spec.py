"""Processes as data."""

import sys

from arb.stack.process_spec import Phase, ProcessSpec


def a_spec(**changes) -> ProcessSpec:
    return ProcessSpec(
        **{"name": "worker", "command": ("run", "-n", "w{copy}@%h"), "phase": Phase.WORKERS, **changes}
    )


def test_a_single_process_keeps_its_name():
    (only,) = a_spec().expanded()
    assert (only.name, only.command) == ("worker", ("run", "-n", "w1@%h"))


def test_copies_are_numbered_in_name_and_arguments():
    names = {each.name: each.command[-1] for each in a_spec(copies=3).expanded()}
    assert names == {"worker-1": "w1@%h", "worker-2": "w2@%h", "worker-3": "w3@%h"}


def test_the_launcher_comes_first_and_the_command_last():
    command = a_spec(user="somebody", stop_signal="INT").launch_command()
    assert command[0] == sys.executable
    assert command[command.index("--user") + 1] == "somebody"
    assert command[command.index("--signal") + 1] == "INT"
    assert command[command.index("--") + 1 :] == ("run", "-n", "w{copy}@%h")
