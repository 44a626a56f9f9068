"""`arb doctor`: what is wrong with this machine and this configuration, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """The result of one check of `arb doctor`."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `mend` says what to do about it."""

    check: str
    state: CheckState
    what: str
    mend: str = ""


def ok(check: str, what: str) -> Finding:
    """Return a finding: this check is well."""
    return Finding(check, CheckState.OK, what)


def warn(check: str, what: str, mend: str) -> Finding:
    """Return what may become a trouble."""
    return Finding(check, CheckState.WARN, what, mend)


def bad(check: str, what: str, mend: str) -> Finding:
    """Return what keeps a stack from running well."""
    return Finding(check, CheckState.BAD, what, mend)
