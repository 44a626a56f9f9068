"""Which failures are the same one again, and which are an outage's."""

import pytest

from arb.domain.errors import Conflict, DispatchError, InvariantError, StoreUnavailable
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason, is_poison


def letter(task="arb.place_order", args=("a",), **fields):
    values = {"reason": DeadLetterReason.FAILED, "queue": "orders", "error": "no", "at_ns": 1}
    return DeadLetter(**(values | {"task": task, "args": args} | fields))


def test_the_same_work_is_one_letter_whatever_it_failed_of():
    assert letter(error="one", at_ns=1, task_id="x").fingerprint == letter(error="two", at_ns=2).fingerprint


def test_other_arguments_are_other_work():
    assert letter(args=("a",)).fingerprint != letter(args=("b",)).fingerprint
    assert letter(kwargs={"x": 1}).fingerprint != letter(kwargs={"x": 2}).fingerprint


def test_work_of_the_moment_is_one_letter_however_much_of_it_fails():
    assert letter("arb.evaluate", ([1],)).fingerprint == letter("arb.evaluate", ([2],)).fingerprint
    assert letter("arb.canary.orders", (1,)).fingerprint == letter("arb.canary.orders", (2,)).fingerprint


def test_what_cannot_be_read_is_told_apart_by_its_text():
    assert letter("", (), text="x").fingerprint != letter("", (), text="y").fingerprint
    assert letter("", (), text="x").fingerprint == letter("", (), text="x", error="other").fingerprint


@pytest.mark.parametrize(
    ("error", "poison"),
    [
        (InvariantError("bug"), True),
        (Conflict("after all attempts"), True),
        (ZeroDivisionError(), True),
        (StoreUnavailable("away"), False),
        (DispatchError("both away"), False),
    ],
)
def test_an_outage_kills_no_message(error, poison):
    assert is_poison(error) is poison
