"""The verdict on one call of one client, and the table of all of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.conformance.shapes import faults

NAMED = Path(__file__).parents[2] / "docs" / "simulators.md"


class Verdict(StrEnum):
    """What became of a call."""

    RIGHT = "right"
    WRONG = "WRONG"
    NOT_OFFERED = "not offered"
    CLIENT = "client's own"


class Refused(Exception):
    """The venue said no, as the client tells it: HTTP status (0 where the client hides it) and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


class Unspoken(Exception):
    """The client has no function for the call."""


@dataclass(frozen=True)
class Refusal:
    """The answer that the documentation gives is an error with this code."""

    code: str


@dataclass(frozen=True)
class NotOffered:
    """The simulator does not answer this; docs/simulators.md says so by `name`."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    client: str
    call: str
    verdict: Verdict
    why: str = ""


@dataclass
class Judge:
    """Tries the calls of one client and keeps the rows."""

    client: str
    own_faults: dict[str, str]  # call -> link to the client's bug
    rows: list[Row] = field(default_factory=list)

    def ask(self, call: str, ask: Callable[[], Any], expected: Any) -> Any:
        """Make one call and compare with what the documentation says; return the answer, or None."""
        answer, refused = None, None
        try:
            answer = ask()
        except Unspoken:
            return None
        except Refused as error:
            refused = error
        except Exception as error:  # noqa: BLE001 - whatever a client raises is a finding, not an end
            self._add(call, Verdict.WRONG, f"{type(error).__name__}: {error.__cause__ or error}")
            return None
        self._add(call, *_verdict(expected, answer, refused))
        return answer

    def _add(self, call: str, verdict: Verdict, why: str) -> None:
        if verdict is Verdict.WRONG:
            link = next((link for begin, link in self.own_faults.items() if call.startswith(begin)), None)
            if link is not None:
                verdict, why = Verdict.CLIENT, link
        self.rows.append(Row(client=self.client, call=call, verdict=verdict, why=" ".join(why.split())[:220]))


def _verdict(expected: Any, answer: Any, refused: Refused | None) -> tuple[Verdict, str]:
    if isinstance(expected, NotOffered):
        return _unoffered(expected, refused)
    if isinstance(expected, Refusal):
        if refused is None:
            return Verdict.WRONG, f"accepted, the documentation says {expected.code}: {str(answer)[:80]}"
        if refused.code != expected.code:
            return Verdict.WRONG, f"refused with {refused.code}, the documentation says {expected.code}"
        return Verdict.RIGHT, expected.code
    if refused is not None:
        return Verdict.WRONG, f"refused with {refused.status} {refused.code}"
    found = faults(expected, answer)
    return (Verdict.WRONG, "; ".join(found)) if found else (Verdict.RIGHT, "")


def _unoffered(expected: NotOffered, refused: Refused | None) -> tuple[Verdict, str]:
    if refused is None:
        return Verdict.WRONG, "is answered: take it from the list of what is not offered"
    if expected.name not in " ".join(NAMED.read_text().split()):
        return Verdict.WRONG, f"docs/simulators.md does not say that {expected.name} is not offered"
    return Verdict.NOT_OFFERED, f"docs/simulators.md: {expected.name}"


def table(rows: Iterable[Row]) -> str:
    """Return one line a call: client, call, verdict, why."""
    return "\n".join(f"{row.client:<22} {row.call:<66} {row.verdict:<12} {row.why}".rstrip() for row in rows)


def summary(rows: Iterable[Row]) -> str:
    """Return the figure."""
    count = Counter(row.verdict for row in rows)
    return (
        f"{count.total()} calls, {count[Verdict.RIGHT]} right, {count[Verdict.WRONG]} wrong, "
        f"not offered {count[Verdict.NOT_OFFERED]}, client's own {count[Verdict.CLIENT]}"
    )
