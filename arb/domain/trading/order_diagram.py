"""The order's life as a page drawn from its table.

`python -m arb.domain.trading.order_diagram > docs/order-states.md`
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from arb.domain.trading.order import AT_VENUE, TERMINAL, TRANSITIONS, Event, State

Stand = TypeVar("Stand", bound=StrEnum)
Happened = TypeVar("Happened", bound=StrEnum)
MEANINGS: Final = {
    State.INTENT: "committed, and not sent by anybody",
    State.DENIED: "our own no: never sent",
    State.SUBMITTED: "one worker has the right to send it, or has sent it",
    State.UNKNOWN: "sent, and no answer came: only evidence from the venue moves it on",
    State.ACCEPTED: "the venue has it",
    State.PARTIALLY_FILLED: "the venue has it and executed a part",
    State.FILLED: "executed in full",
    State.CANCELED: "over; a late fill is still booked",
    State.REJECTED: "the venue's no",
    State.EXPIRED: "over unsent, unfilled or with a remainder; a late fill is still booked",
}
CAUSES: Final = {
    Event.CLAIM: "a worker got the right to send it, by a fenced compare-and-set",
    Event.RELEASE: "proven that nothing was placed: it may be sent again",
    Event.DENY: "it must not be sent: the kill switch",
    Event.LOSE: "the bytes may have left and no answer came, or its sender is gone",
    Event.ACCEPT: "the venue says that it works",
    Event.PARTIAL: "a fill that does not complete it",
    Event.FILL: "the fill that completes it",
    Event.CANCEL: "the venue says cancelled",
    Event.REJECT: "the venue refused it for good",
    Event.EXPIRE: "its lifetime ended unsent, or the venue says expired",
    Event.ABSENT: "proven by the venue's own rule that it was never placed",
}


def page() -> str:
    """Return the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The life of an order"
    yield ""
    yield "Drawn from `TRANSITIONS` in `arb/domain/trading/order.py` by"
    yield "`python -m arb.domain.trading.order_diagram`; a test"
    yield "compares the two. Any event that has no arrow here raises, and changes nothing."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> intent"
    yield from arrows(TRANSITIONS)
    for state in State:
        if state in TERMINAL and not TRANSITIONS[state]:
            yield f"    {state} --> [*]"
    yield "```"
    yield ""
    yield "| state | meaning | may execute at the venue | over |"
    yield "| --- | --- | --- | --- |"
    for state in State:
        yield f"| {state} | {MEANINGS[state]} | {_mark(state in AT_VENUE)} | {_mark(state in TERMINAL)} |"
    yield ""
    yield "| event | what happened |"
    yield "| --- | --- |"
    for event in Event:
        yield f"| {event} | {CAUSES[event]} |"


def arrows(table: Mapping[Stand, Mapping[Happened, Stand]]) -> Iterator[str]:
    """Return a line for each state that follows another one, with all that leads there."""
    for state, events in table.items():
        targets: dict[Stand, list[str]] = defaultdict(list)
        for event, following in events.items():
            targets[following].append(event.value)
        for following, names in targets.items():
            yield f"    {state} --> {following}: {', '.join(names)}"


def _mark(holds: bool) -> str:
    return "yes" if holds else ""


if __name__ == "__main__":
    sys.stdout.write(page())
