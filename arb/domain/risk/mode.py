"""Why a session allows as much as it does: causes, who may follow whom, and what a start returns to.

A mode is written with its reason: a cause, and often a detail. What may follow is one table; a cause that
passes is written over anything but a halt that stays, and ends by itself or with the next start. So the
newest change whose cause does not pass is what was decided last, and a start returns to it. Rows keep the
reason as text; `ModeReason.parse` reads those of every version. docs/session-modes.md is drawn from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from arb.domain.risk.review import Mode


class Cause(StrEnum):
    """What restricts a session, or lets it go on."""

    # Each passes.
    STARTING = "starting"
    STOPPING = "stopping"
    FALLBACK = "fallback"
    NO_ROOM = "no_room"
    NO_FEED = "no_feed"
    LEG_ALONE = "leg_alone"
    UNJUDGED = "unjudged"
    # Each lifts one of those.
    RECONCILED = "reconciled"
    STORE_AGAIN = "store_again"
    ROOM_AGAIN = "room_again"
    FED_AGAIN = "fed_again"
    NO_LEG_ALONE = "no_leg_alone"
    JUDGED_AGAIN = "judged_again"
    # Each stays until a person lifts it.
    WATCHDOG = "watchdog"
    OVERFILLED = "overfilled"
    WITHOUT_INTENT = "without_intent"
    VENUE_FATAL = "venue_fatal"
    KILLED = "killed"
    # A person.
    UNKILLED = "unkilled"
    BY_HAND = "by_hand"


# As rows keep them: in full, or what stands before the detail.
TEXTS: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.STARTING: "starting: not reconciled yet",
        Cause.STOPPING: "stopping",
        Cause.FALLBACK: "fallback: the state store does not answer",
        Cause.NO_ROOM: "degraded: no room on the disk",
        Cause.NO_FEED: "feeds: no feed worker is alive",
        Cause.LEG_ALONE: "unhedged: a leg that was handed over stands alone",
        Cause.UNJUDGED: "reconcile: an asset could not be judged for too long",
        Cause.RECONCILED: "books opened and reconciled",
        Cause.STORE_AGAIN: "the state store is back",
        Cause.ROOM_AGAIN: "there is room on the disk again",
        Cause.FED_AGAIN: "the feeds are back",
        Cause.NO_LEG_ALONE: "no leg stands alone any more",
        Cause.JUDGED_AGAIN: "ledger and balances are compared again",
        Cause.UNKILLED: "unkilled",
    }
)
PREFIXES: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.WATCHDOG: "watchdog: ",
        Cause.OVERFILLED: "order_overfilled: ",
        Cause.WITHOUT_INTENT: "order_without_intent: ",
        Cause.VENUE_FATAL: "venue_fatal: ",
        Cause.KILLED: "killed: ",
        Cause.BY_HAND: "",
    }
)
BY_TEXT: Final = MappingProxyType({text: cause for cause, text in TEXTS.items()})
LIFTS: Final[Mapping[Cause, Cause]] = MappingProxyType(
    {
        Cause.RECONCILED: Cause.STARTING,
        Cause.STORE_AGAIN: Cause.FALLBACK,
        Cause.ROOM_AGAIN: Cause.NO_ROOM,
        Cause.FED_AGAIN: Cause.NO_FEED,
        Cause.NO_LEG_ALONE: Cause.LEG_ALONE,
        Cause.JUDGED_AGAIN: Cause.UNJUDGED,
        Cause.UNKILLED: Cause.KILLED,
    }
)
PASSING: Final = frozenset(LIFTS.values()) - {Cause.KILLED} | {Cause.STOPPING}


class SessionStanding(StrEnum):
    """How a session stands: its mode, and whether that passes by itself."""

    TRADING = "trading"
    REDUCED = "reduced"
    PAUSED = "paused"
    KEPT_REDUCED = "kept_reduced"
    HALTED = "halted"


MODES: Final[Mapping[SessionStanding, Mode]] = MappingProxyType(
    {
        SessionStanding.TRADING: Mode.NORMAL,
        SessionStanding.REDUCED: Mode.REDUCE_ONLY,
        SessionStanding.PAUSED: Mode.HALTED,
        SessionStanding.KEPT_REDUCED: Mode.REDUCE_ONLY,
        SessionStanding.HALTED: Mode.HALTED,
    }
)
PAUSES: Final = {Cause.STARTING: SessionStanding.PAUSED, Cause.STOPPING: SessionStanding.PAUSED}
HALTS: Final = dict.fromkeys(
    (Cause.WATCHDOG, Cause.OVERFILLED, Cause.WITHOUT_INTENT, Cause.VENUE_FATAL, Cause.KILLED),
    SessionStanding.HALTED,
)
# What lifts a cause does so only where it is the one in force. A person (`by_hand`) may set any mode, but
# after a kill halted only.
TRANSITIONS: Final[Mapping[SessionStanding, Mapping[Cause, SessionStanding]]] = MappingProxyType(
    {
        SessionStanding.TRADING: {
            Cause.FALLBACK: SessionStanding.REDUCED,
            Cause.NO_ROOM: SessionStanding.REDUCED,
            Cause.LEG_ALONE: SessionStanding.REDUCED,
            Cause.UNJUDGED: SessionStanding.REDUCED,
            Cause.NO_FEED: SessionStanding.PAUSED,
            **PAUSES,
            **HALTS,
        },
        SessionStanding.REDUCED: {
            Cause.STORE_AGAIN: SessionStanding.TRADING,
            Cause.ROOM_AGAIN: SessionStanding.TRADING,
            Cause.NO_LEG_ALONE: SessionStanding.TRADING,
            Cause.JUDGED_AGAIN: SessionStanding.TRADING,
            **PAUSES,
            **HALTS,
        },
        SessionStanding.PAUSED: {
            Cause.FED_AGAIN: SessionStanding.TRADING,
            Cause.RECONCILED: SessionStanding.TRADING,
            **PAUSES,
            **HALTS,
        },
        SessionStanding.KEPT_REDUCED: {**PAUSES, **HALTS},
        SessionStanding.HALTED: {
            Cause.KILLED: SessionStanding.HALTED,
            Cause.UNKILLED: SessionStanding.TRADING,
        },
    }
)


@dataclass(frozen=True, slots=True)
class ModeReason:
    """A cause, and what there is to say of this time."""

    cause: Cause
    detail: str = ""

    @classmethod
    def parse(cls, text: str) -> "ModeReason":
        """Return the reason that a row keeps; what no engine says is a person's own words."""
        if text in BY_TEXT:
            return cls(BY_TEXT[text])
        for cause, prefix in PREFIXES.items():
            if prefix and text.startswith(prefix):
                return cls(cause, text.removeprefix(prefix))
        return cls(Cause.BY_HAND, text)

    def __str__(self) -> str:
        """Return it as rows keep it, and people read it."""
        return TEXTS.get(self.cause) or f"{PREFIXES[self.cause]}{self.detail}"


def reason_text(cause: Cause, detail: str = "") -> str:
    """Return the text of a cause with its detail, as `sessions.mode_reason` keeps it."""
    return str(ModeReason(cause, detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChange:
    """From `at_ns` on this much was allowed."""

    mode: Mode
    reason: str
    at_ns: int

    @property
    def cause(self) -> Cause:
        """Return the cause of the change."""
        return ModeReason.parse(self.reason).cause


def standing_of(mode: Mode, reason: str) -> SessionStanding:
    """Return how a session stands."""
    passes = ModeReason.parse(reason).cause in PASSING
    match mode:
        case Mode.NORMAL:
            return SessionStanding.TRADING
        case Mode.REDUCE_ONLY:
            return SessionStanding.REDUCED if passes else SessionStanding.KEPT_REDUCED
        case Mode.HALTED:
            return SessionStanding.PAUSED if passes else SessionStanding.HALTED


def after(mode: Mode, reason: str, cause: Cause) -> Mode | None:
    """Return the mode that a cause leads to from here; None where it changes nothing."""
    if cause in LIFTS and ModeReason.parse(reason).cause is not LIFTS[cause]:
        return None
    standing = TRANSITIONS[standing_of(mode, reason)].get(cause)
    return None if standing is None else MODES[standing]


def stays_halted(mode: Mode, reason: str) -> bool:
    """Tell whether this is a halt that only a person lifts."""
    return standing_of(mode, reason) is SessionStanding.HALTED


def return_to(decided: ModeChange | None) -> tuple[Mode, str]:
    """Return what a start ends in, given the newest change that does not pass."""
    if decided is None or decided.mode is Mode.NORMAL:
        return Mode.NORMAL, reason_text(Cause.RECONCILED)
    return decided.mode, decided.reason


def is_chosen(mode: Mode, reason: str, changed_at_ns: int, since_ns: int) -> bool:
    """Tell whether a person has let a session trade although he could know what is so since then."""
    by_person = ModeReason.parse(reason).cause in (Cause.UNKILLED, Cause.BY_HAND)
    return mode is Mode.NORMAL and by_person and changed_at_ns > since_ns


def ended_by(last: ModeChange | None) -> str | None:
    """Return how a session came to its end, given its newest change but a start's; None if it is new."""
    if last is None:
        return None
    if last.cause is Cause.STOPPING:
        return "stopped"
    return "halted" if stays_halted(last.mode, last.reason) else "killed"


def is_reserved(reason: str) -> bool:
    """Tell whether the engine acts on this reason, so that nobody may give it by hand."""
    return ModeReason.parse(reason).cause is not Cause.BY_HAND
