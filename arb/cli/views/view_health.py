"""The part of the view that says how the processes are."""

from typing import Final

from rich.table import Table
from rich.text import Text

from arb.app.facts.frame import Frame, ProcessLine
from arb.cli.views.style import BAD, GOOD, QUIET, aged, plain_table
from arb.cli.views.text import UNKNOWN, duration

HEARTBEAT_MS: Final = 5_000


def process_table(frame: Frame) -> Table:
    """Return the table of processes: state, uptime, exits, last sign of life."""
    table = plain_table("processes", "name", "state", "up", "exits", "alive")
    if frame.processes is None:
        table.add_row(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    for process in frame.processes or ():
        table.add_row(process.name, *_process(process))
    return table


def process_summary(frame: Frame) -> Text:
    """Return how many processes run, and the names of those that do not."""
    text = Text("processes ", "bold")
    if frame.processes is None:
        return text.append(UNKNOWN)
    running = [each for each in frame.processes if each.status and each.status.is_running]
    known = [each for each in frame.processes if each.status]
    text.append(f"{len(running)} of {len(known)} run", "" if len(running) == len(known) else BAD)
    for each in known:
        if each.status and (each.status.exits or not each.status.is_running):
            ended = f", ended {each.status.exits} times" if each.status.exits else ""
            text.append(f"; {each.name} {each.status.state.lower()}{ended}", BAD)
    return text


def _process(process: ProcessLine) -> tuple[Text | str, ...]:
    status = process.status
    beat = aged(process.heartbeat_age_ms, HEARTBEAT_MS)
    if status is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, beat
    state = Text(status.state.lower(), GOOD if status.is_running else BAD)
    restarts = Text(str(status.exits), BAD if status.exits else QUIET)
    return state, duration(status.uptime_s), restarts, beat
