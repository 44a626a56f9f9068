"""What a message says, by itself and together with others."""

import pytest

from arb.domain.health.message import (
    CHARACTERS_MAX,
    HEADLINE_MAX,
    LINES_MAX,
    WORDS,
    MessageKind,
    is_told_together,
    problem_of,
    render,
)

CLOSED = {
    "trade_id": "T1",
    "coin": "BTC",
    "direction": "buy upbit sell binance",
    "reason": "converged",
    "held_s": "3725",
    "pnl_krw": "-1234.56",
    "pnl_bps": "-8.81",
    "entry_premium_bps": "45.25",
    "notional_amount_krw": "1400000.4",
    "fees_amount_krw": "4200",
}


def test_a_trade_alone_is_told_whole():
    title, text = render(MessageKind.TRADE_CLOSED, [CLOSED], {})
    assert title == "Trade closed: BTC, -1,235 KRW (-8.8 bps)"
    assert text.splitlines() == [
        "buy upbit sell binance, held 1 h 2 min, closed by converged.",
        "Entry premium +45.2 bps, 1,400,000 KRW a leg, fees 4,200 KRW.",
        "Trade T1",
    ]


def test_several_are_a_line_each_with_their_sum():
    won = CLOSED | {"pnl_krw": "5000", "coin": "ETH", "held_s": "61"}
    title, text = render(MessageKind.TRADE_CLOSED, [CLOSED, won], {})
    assert title == "2 trades closed: +3,765 KRW"
    assert text.splitlines()[1] == "ETH +5,000 KRW, converged, held 1 min 1 s"


def test_of_very_many_the_rest_is_counted_and_no_messenger_refuses_the_length():
    title, text = render(MessageKind.TRADE_CLOSED, [CLOSED] * 500, {})
    assert title.startswith("500 trades closed")
    assert text.splitlines()[-1] == f"and {500 - LINES_MAX} more"
    long = {"number": "2", "why": "x" * 3_000, "changes": "y" * 3_000}
    title, text = render(MessageKind.RULES_CHANGED, [long], {})
    assert len(title) <= HEADLINE_MAX
    assert len(text) <= CHARACTERS_MAX


@pytest.mark.parametrize("kind", MessageKind)
def test_every_kind_has_words_that_name_facts_of_its_own(kind):
    words = WORDS[kind]
    assert problem_of(kind, words.alone) == ""
    assert is_told_together(kind) == bool(words.line)
    assert not words.line or problem_of(kind, words.line) == ""
    title, text = render(kind, [dict.fromkeys(words.facts, "7")], {})
    assert "$" not in title + text


def test_a_fact_that_is_not_known_is_said_to_be():
    _, text = render(MessageKind.TRADE_CLOSED, [CLOSED | {"fees_amount_krw": ""}], {})
    assert "fees unknown KRW" in text


def test_words_of_somebodys_own_take_the_place_of_ours():
    own = {"trade_closed": "$coin $$ $pnl_krw"}
    assert render(MessageKind.TRADE_CLOSED, [CLOSED], own) == ("BTC $ -1,235", "")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("$profit", "$profit is no fact of trade_closed; there are trade_id, coin, "),
        ("5 $", "a $ that begins no name: write $$ for the sign itself"),
        ("${coin.__class__}", "a $ that begins no name: write $$ for the sign itself"),
        (" \n", "it is empty"),
    ],
)
def test_a_template_that_cannot_be_filled_says_why(template, problem):
    assert problem_of(MessageKind.TRADE_CLOSED, template).startswith(problem)


def test_what_a_fact_holds_is_never_filled_in_again():
    title, _ = render(MessageKind.TRADE_CLOSED, [CLOSED | {"coin": "$trade_id"}], {})
    assert "$trade_id" in title
