"""Why a session allows as much as it does, who lifts that, and what a start returns to.

A reason that passes is written over anything but a halt that stays, and ends by itself or with the next
start. So the newest change whose reason does not pass is what was decided last, and a start returns to it.
docs/operations.md has the table.
"""

from dataclasses import dataclass
from typing import Final

from arb.domain.risk.review import Mode

STARTING: Final = "starting: not reconciled yet"
STOPPING: Final = "stopping"
FALLBACK: Final = "fallback: the state store does not answer"
NO_ROOM: Final = "degraded: no room on the disk"
NO_FEED: Final = "feeds: no feed worker is alive"
LEG_ALONE: Final = "unhedged: a leg that was handed over stands alone"
UNJUDGED: Final = "reconcile: an asset could not be judged for too long"
PASSING: Final = frozenset({STARTING, STOPPING, FALLBACK, NO_ROOM, NO_FEED, LEG_ALONE, UNJUDGED})

RECONCILED: Final = "books opened and reconciled"
ROOM_AGAIN: Final = "there is room on the disk again"
FED_AGAIN: Final = "the feeds are back"
STORE_AGAIN: Final = "the state store is back"
NO_LEG_ALONE: Final = "no leg stands alone any more"
JUDGED_AGAIN: Final = "ledger and balances are compared again"
LIFTED: Final = frozenset(
    {RECONCILED, ROOM_AGAIN, FED_AGAIN, STORE_AGAIN, NO_LEG_ALONE, JUDGED_AGAIN}
)  # by itself
KILLED: Final = "killed: "  # how the reason begins
UNKILLED: Final = "unkilled"  # the reason after it


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChange:
    """From `at_ns` on this much was allowed."""

    mode: Mode
    reason: str
    at_ns: int


def stays_halted(mode: Mode, reason: str) -> bool:
    """Tell whether this is a halt that only a person lifts."""
    return mode is Mode.HALTED and reason not in PASSING


def return_to(decided: ModeChange | None) -> tuple[Mode, str]:
    """Return what a start ends in, given the newest change that does not pass."""
    if decided is None or decided.mode is Mode.NORMAL:
        return Mode.NORMAL, RECONCILED
    return decided.mode, decided.reason


def is_chosen(mode: Mode, reason: str, changed_at_ns: int, since_ns: int) -> bool:
    """Tell whether a person has let a session trade although he could know what is so since then."""
    return mode is Mode.NORMAL and reason not in LIFTED and changed_at_ns > since_ns


def ended_by(last: ModeChange | None) -> str | None:
    """Return how a session came to its end, given its newest change but a start's; None if it is new."""
    if last is None:
        return None
    if last.reason == STOPPING:
        return "stopped"
    return "halted" if stays_halted(last.mode, last.reason) else "killed"


def is_reserved(reason: str) -> bool:
    """Tell whether the engine acts on this reason, so that nobody may give it by hand."""
    return reason in PASSING or reason == UNKILLED or reason.startswith(KILLED)
