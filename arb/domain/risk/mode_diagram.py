"""Why a session allows as much as it does, as a page drawn from the table.

`python -m arb.domain.risk.mode_diagram > docs/session-modes.md`
"""

import sys
from collections.abc import Iterator
from typing import Final

from arb.domain.risk.mode import LIFTS, MODES, PASSING, PREFIXES, TEXTS, TRANSITIONS, Cause, SessionStanding
from arb.domain.trading.order_diagram import arrows

MEANINGS: Final = {
    SessionStanding.TRADING: "trades are opened and closed",
    SessionStanding.REDUCED: "trades are closed, none is opened; it passes by itself",
    SessionStanding.PAUSED: "only repairs; it passes by itself",
    SessionStanding.KEPT_REDUCED: "trades are closed, none is opened, until a person changes that",
    SessionStanding.HALTED: "only repairs, until a person lifts it; over `arb down` and `arb up`",
}
WRITERS: Final = {
    Cause.STARTING: "every start",
    Cause.STOPPING: "every stop",
    Cause.FALLBACK: "a process that Redis fails three times",
    Cause.NO_ROOM: "a sweep",
    Cause.NO_FEED: "a sweep",
    Cause.LEG_ALONE: "a sweep, unless you let it trade since the leg was escalated",
    Cause.UNJUDGED: "reconciliation, unless you let it trade since it was told",
    Cause.RECONCILED: "a start, once everything is explained; it returns to what was decided before",
    Cause.STORE_AGAIN: "the process to which Redis answers again",
    Cause.ROOM_AGAIN: "a sweep",
    Cause.FED_AGAIN: "a sweep, once a worker feeds",
    Cause.NO_LEG_ALONE: "a sweep",
    Cause.JUDGED_AGAIN: "a reconciliation that judges every asset",
    Cause.WATCHDOG: "CRITICAL",
    Cause.OVERFILLED: "an order of which more was executed than ordered",
    Cause.WITHOUT_INTENT: "reconciliation, of an order with our kind of id that has no row",
    Cause.VENUE_FATAL: "an order that a venue rejects for key, permission, account or place",
    Cause.KILLED: "`arb kill`, over anything",
    Cause.UNKILLED: "`arb unkill`",
    Cause.BY_HAND: "`arb mode`, over anything, but over a kill only with `halted`; any words but those above",
}


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# How much a session allows, and why"
    yield ""
    yield "Drawn from `TRANSITIONS` in `arb/domain/risk/mode.py` by"
    yield "`python -m arb.domain.risk.mode_diagram`; a test compares the two. A cause that has no arrow"
    yield "where the session stands changes nothing. What lifts a cause does so only while that cause is"
    yield "the one in force. `arb mode` (`by_hand`) may set any mode and has no arrows here."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> paused: starting"
    yield from arrows(TRANSITIONS)
    yield "```"
    yield ""
    yield "| it stands | mode | meaning |"
    yield "| --- | --- | --- |"
    for standing in SessionStanding:
        yield f"| {standing} | {MODES[standing]} | {MEANINGS[standing]} |"
    yield ""
    yield "| cause | as `arb mode` and `mode_reason` have it | written by | passes | lifts |"
    yield "| --- | --- | --- | --- | --- |"
    for cause in Cause:
        text = TEXTS.get(cause) or (f"{PREFIXES[cause]}..." if PREFIXES[cause] else "...")
        passes = "yes" if cause in PASSING else ""
        yield f"| {cause} | `{text}` | {WRITERS[cause]} | {passes} | {LIFTS.get(cause, '')} |"


if __name__ == "__main__":
    sys.stdout.write(page())
