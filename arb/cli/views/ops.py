"""What came of `arb chaos ops`, as a person reads it."""

from collections.abc import Mapping
from typing import Any


def ops_text(document: Mapping[str, Any]) -> str:
    """Return the document of a run as lines, with its verdict."""
    lines = [_trip(trip) for trip in document["trips"]]
    if document["critical"] is not None:
        lines.append(_critical(document["critical"]))
    return "\n".join((*lines, "passed" if document["verdict"] else "failed"))


def _trip(trip: Mapping[str, Any]) -> str:
    name = f"{trip['name']:<16}"
    if trip["stack_ended"]:
        return f"{name}the stack ended: {trip['stack_ended']}"
    if trip["skipped"]:
        return f"{name}left out: {trip['skipped']}"
    if trip["told_after_s"] is None:
        return f"{name}NOT TOLD"
    mended = trip["recovered_after_s"]
    recovery = "no recovery seen" if mended is None else f"recovery told {mended} s after it was mended"
    return f"{name}{trip['alert']} of {trip['subject']} after {trip['told_after_s']} s; {recovery}"


def _critical(ending: Mapping[str, Any]) -> str:
    return (
        f"critical        {ending['reason'] or 'NOT REACHED'}; stopped after {ending['stopped_after_s']} s, "
        f"at rest {ending['rested']}, handed over {ending['handed_over']}, "
        f"orders out {ending['left_working']}, "
        f"snapshot {ending['snapshot'] or 'NONE'}, still running {ending['left_running']}"
    )
