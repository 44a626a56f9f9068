"""The order's life as a page drawn from its table.

`python -m arb.domain.trading.order_diagram > docs/order-states.md`
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from arb.domain.trading.order import AT_VENUE, TERMINAL, TRANSITIONS, OrderEvent, OrderState

Stand = TypeVar("Stand", bound=StrEnum)
Happened = TypeVar("Happened", bound=StrEnum)
MEANINGS: Final = {
    OrderState.INTENT: "committed, and not sent by anybody",
    OrderState.DENIED: "our own no: never sent",
    OrderState.SUBMITTED: "one worker has the right to send it, or has sent it",
    OrderState.UNKNOWN: "sent, and no answer came: only evidence from the venue moves it on",
    OrderState.ACCEPTED: "the venue has it",
    OrderState.PARTIALLY_FILLED: "the venue has it and executed a part",
    OrderState.FILLED: "executed in full",
    OrderState.CANCELED: "over; a late fill is still booked",
    OrderState.REJECTED: "the venue's no",
    OrderState.EXPIRED: "over unsent, unfilled or with a remainder; a late fill is still booked",
}
CAUSES: Final = {
    OrderEvent.CLAIM: "a worker got the right to send it, by a fenced compare-and-set",
    OrderEvent.RELEASE: "proven that nothing was placed: it may be sent again",
    OrderEvent.DENY: "it must not be sent: the kill switch",
    OrderEvent.LOSE: "the bytes may have left and no answer came, or its sender is gone",
    OrderEvent.ACCEPT: "the venue says that it works",
    OrderEvent.PARTIAL: "a fill that does not complete it",
    OrderEvent.FILL: "the fill that completes it",
    OrderEvent.CANCEL: "the venue says cancelled",
    OrderEvent.REJECT: "the venue rejected it for good",
    OrderEvent.EXPIRE: "its lifetime ended unsent, or the venue says expired",
    OrderEvent.ABSENT: "proven by the venue's own rule that it was never placed",
}


def page() -> str:
    """Return the page as Markdown."""
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
    for state in OrderState:
        if state in TERMINAL and not TRANSITIONS[state]:
            yield f"    {state} --> [*]"
    yield "```"
    yield ""
    yield "| state | meaning | may execute at the venue | over |"
    yield "| --- | --- | --- | --- |"
    for state in OrderState:
        yield f"| {state} | {MEANINGS[state]} | {_mark(state in AT_VENUE)} | {_mark(state in TERMINAL)} |"
    yield ""
    yield "| event | what happened |"
    yield "| --- | --- |"
    for event in OrderEvent:
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
