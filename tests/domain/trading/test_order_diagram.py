"""The page in the docs is what the table gives."""

from pathlib import Path

from arb.domain.trading import order_diagram
from arb.domain.trading.order import TRANSITIONS, OrderEvent, OrderState

PAGE = Path(__file__).parents[3] / "docs" / "order-states.md"


def test_the_page_in_the_docs_is_drawn_from_the_table():
    assert PAGE.read_text(encoding="utf-8") == order_diagram.page(), (
        "run: python -m arb.domain.trading.order_diagram > docs/order-states.md"
    )


def test_every_transition_is_an_arrow_and_every_arrow_a_transition():
    arrows = {
        (OrderState(source), OrderState(target), OrderEvent(event))
        for line in order_diagram.page().splitlines()
        if " --> " in line and "[*]" not in line
        for source, rest in [line.strip().split(" --> ")]
        for target, events in [rest.split(": ")]
        for event in events.split(", ")
    }
    assert arrows == {
        (source, target, event) for source, row in TRANSITIONS.items() for event, target in row.items()
    }


def test_every_state_and_event_is_explained():
    assert set(order_diagram.MEANINGS) == set(OrderState)
    assert set(order_diagram.CAUSES) == set(OrderEvent)
