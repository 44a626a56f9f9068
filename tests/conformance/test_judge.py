"""The judge of the kit itself, without any client."""

import pytest

from tests.conformance.judge import Judge, NotOffered, Refusal, Refused, Unspoken, Verdict, summary
from tests.conformance.shapes import amount, whole

SHAPE = {"id": whole, "price": amount, "note?": "x"}
GOOD = {"id": 1, "price": "0.10"}


def refusing(code):
    def ask():
        raise Refused(400, code)

    return ask


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"id": 1}, "answer.price is missing"),
        (GOOD | {"more": 1}, "answer.more is not in the documentation"),
        (GOOD | {"id": True}, "answer.id is True, not whole"),
        (GOOD | {"price": 0.1}, "answer.price is 0.1, not amount"),
        (GOOD | {"note": "y"}, "answer.note is 'y', not 'x'"),
        ([], "answer is not an object: []"),
    ],
)
def test_an_answer_unlike_the_documented_one_is_wrong_and_says_where(answer, why):
    judge = Judge("client", {})
    judge.ask("call", lambda: answer, SHAPE)
    assert [(row.verdict, row.why) for row in judge.rows] == [(Verdict.WRONG, why)]


@pytest.mark.parametrize(
    ("ask", "expected", "verdict"),
    [
        (lambda: GOOD, SHAPE, Verdict.RIGHT),
        (list, [SHAPE], Verdict.WRONG),
        (refusing("-1121"), SHAPE, Verdict.WRONG),
        (refusing("-1121"), Refusal("-1121"), Verdict.RIGHT),
        (refusing("-1100"), Refusal("-1121"), Verdict.WRONG),
        (lambda: GOOD, Refusal("-1121"), Verdict.WRONG),
        (refusing("404"), NotOffered("cancelReplace"), Verdict.NOT_OFFERED),
        (refusing("404"), NotOffered("something that no document names"), Verdict.WRONG),
        (lambda: GOOD, NotOffered("cancelReplace"), Verdict.WRONG),
        (lambda: 1 / 0, SHAPE, Verdict.WRONG),
    ],
)
def test_each_outcome_has_its_verdict(ask, expected, verdict):
    judge = Judge("client", {})
    judge.ask("call", ask, expected)
    assert [row.verdict for row in judge.rows] == [verdict]


def test_a_client_without_the_call_is_not_counted_and_its_own_fault_has_a_link():
    judge = Judge("client", {"broken": "https://example.org/bug/1"})

    def unspoken():
        raise Unspoken

    judge.ask("absent", unspoken, SHAPE)
    judge.ask("broken call", dict, SHAPE)
    judge.ask("good call", lambda: GOOD, SHAPE)
    assert judge.rows[0].why == "https://example.org/bug/1"
    assert summary(judge.rows) == "2 calls, 1 right, 0 wrong, not offered 0, client's own 1"
