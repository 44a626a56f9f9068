"""Two sessions on the same books: each kind of difference is planted here, and found as what it is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.ledger.comparison import (
    DecisionAction,
    DecisionTaken,
    DifferenceKind,
    RecordedRun,
    compared,
)
from arb.domain.market.ids import Coin, TradeId
from arb.domain.market.opportunity import Opportunity
from arb.domain.time import NS_PER_MS, NS_PER_S
from tests.contracts.world import BUY_UPBIT, SELL_UPBIT

WITHIN_NS = 1_500 * NS_PER_MS
SEEN = {"upbit_bid": "141", "upbit_ask": "142", "binance_bid": "99", "binance_ask": "100", "rate_bid": "1400"}
LEGS = {"upbit": Decimal(1), "binance": Decimal(1)}
PAID = {"upbit": Decimal(141), "binance": Decimal(100)}
SAME = DifferenceKind.SAME


def entry(trade_id, at_s=10.0, **changes):
    made = DecisionTaken(
        trade_id=TradeId(trade_id),
        action=DecisionAction.OPEN,
        coin=Coin("BTC"),
        direction=SELL_UPBIT,
        at_ns=int(at_s * NS_PER_S),
        seen=SEEN,
        quantity=Decimal(1),
        filled=LEGS,
        paid=PAID,
    )
    return replace(made, **changes)


def exit_of(trade_id, at_s=20.0, **changes):
    return entry(trade_id, at_s, action=DecisionAction.CLOSE, **({"reason": "converged"} | changes))


def chance(from_s, to_s, **reasons):
    return Opportunity(
        coin=Coin("BTC"), direction=SELL_UPBIT, began_ns=int(from_s * NS_PER_S),
        ended_ns=int(to_s * NS_PER_S), peak_ns=0, peak_bps=Decimal(30), quantity=Decimal(1),
        size_krw=Decimal(1), worth_krw=Decimal(1), reasons=reasons,
    )  # fmt: skip


def run(*decisions, chances=(), ended_s=100):
    return RecordedRun(decisions=decisions, chances=chances, ended_ns=ended_s * NS_PER_S)


def kinds(first, second):
    return [each.kind for each in compared(first, second, WITHIN_NS)]


def test_the_same_decisions_are_the_same_in_whichever_order_they_are_kept():
    first = run(entry("a"), exit_of("a"), entry("b", 12), exit_of("b", 30))
    second = run(exit_of("d", 30.2), entry("c", 10.1), entry("d", 12.1), exit_of("c", 20.1))
    assert kinds(first, second) == [SAME] * 4


def test_each_entry_is_one_with_the_nearest_of_its_coin_and_direction():
    first = run(entry("a", 10), entry("b", 11))
    second = run(entry("x", 10.9), entry("y", 11.1, coin=Coin("ETH")), entry("z", 11.1, direction=BUY_UPBIT))
    found = compared(first, second, WITHIN_NS)
    assert [(each.first and each.first.trade_id, each.second and each.second.trade_id) for each in found] == [
        ("a", None), ("b", "x"), (None, "y"), (None, "z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"seen": SEEN | {"binance_ask": "101"}}, DifferenceKind.LATENCY),
        ({"paid": PAID | {"binance": Decimal("100.1")}}, DifferenceKind.LATENCY),
        ({"quantity": Decimal("0.5"), "filled": {}}, DifferenceKind.SIZE),
        ({"filled": LEGS | {"binance": Decimal("0.4")}}, DifferenceKind.PARTIAL_FILL),
        ({"filled": {}, "paid": {}}, DifferenceKind.PARTIAL_FILL),
    ],
)
def test_a_planted_difference_of_an_entry_is_found_as_what_it_is(changes, kind):
    assert kinds(run(entry("a")), run(entry("b", **changes))) == [kind]
    assert kinds(run(entry("a", **changes)), run(entry("b"))) == [kind]


def test_what_was_gone_before_the_other_one_looked_is_latency_and_what_stood_is_not_explained():
    brief, long = [chance(9.9, 10.3, opened=1)], [chance(9.9, 15, opened=1)]
    assert kinds(run(entry("a"), chances=brief), run()) == [DifferenceKind.LATENCY]
    assert kinds(run(entry("a"), chances=long), run()) == [DifferenceKind.UNEXPLAINED]


def test_a_refusal_by_what_was_done_before_is_a_consequence_only_where_something_differed_before():
    refused = [chance(9, 15, entry_cooldown=30, opened=1)]
    own = [chance(9, 15, opened=1)]
    earlier = entry("z", 5, quantity=Decimal("0.5"), filled={})
    alike = run(entry("z", 5), entry("a"), chances=own), run(entry("y", 5), chances=refused)
    assert kinds(*alike) == [SAME, DifferenceKind.UNEXPLAINED]
    differed = run(entry("z", 5), entry("a"), chances=own), run(earlier, chances=refused)
    assert kinds(*differed) == [DifferenceKind.SIZE, DifferenceKind.CONSEQUENCE]


def test_a_refusal_by_the_books_is_latency_where_the_chance_was_brief_and_else_not_explained():
    refused = [chance(10, 10.4, book_wide_upbit=3)]
    assert kinds(run(entry("a"), chances=[chance(10, 10.2)]), run(chances=refused)) == [
        DifferenceKind.LATENCY
    ]
    stood = run(entry("a"), chances=[chance(9, 14)]), run(chances=refused)
    assert kinds(*stood) == [DifferenceKind.UNEXPLAINED]


def test_an_exit_of_a_pair_that_only_one_had_is_a_consequence():
    first = run(entry("a"), exit_of("a"), chances=[chance(9.9, 10.3, opened=1)])
    assert kinds(first, run()) == [DifferenceKind.LATENCY, DifferenceKind.CONSEQUENCE]


@pytest.mark.parametrize("late", [exit_of("b", 40), exit_of("b", 20, reason="stop_loss")])
def test_another_exit_is_a_consequence_of_an_entry_that_differed_and_else_not_explained(late):
    first = run(entry("a"), exit_of("a"))
    assert kinds(first, run(entry("b"), late)) == [SAME, DifferenceKind.UNEXPLAINED]
    other = run(entry("b", paid=PAID | {"upbit": Decimal(140)}), late)
    assert kinds(first, other) == [DifferenceKind.LATENCY, DifferenceKind.CONSEQUENCE]


def test_a_pair_that_only_one_closed_is_not_explained_if_both_entered_alike():
    assert kinds(run(entry("a"), exit_of("a")), run(entry("b"))) == [SAME, DifferenceKind.UNEXPLAINED]
    other = run(entry("b", filled=LEGS | {"upbit": Decimal("0.5")}))
    expected = [DifferenceKind.PARTIAL_FILL, DifferenceKind.CONSEQUENCE]
    assert kinds(run(entry("a"), exit_of("a")), other) == expected


def test_the_rest_of_an_exit_that_was_filled_in_part_is_a_consequence_of_that():
    part = exit_of("b", 20, filled=LEGS | {"upbit": Decimal("0.4")})
    first = run(entry("a"), exit_of("a"), exit_of("a", 40))
    second = run(entry("b"), part, exit_of("b", 44, reason="holding_time", quantity=Decimal("0.6")))
    expected = [SAME, DifferenceKind.PARTIAL_FILL, DifferenceKind.CONSEQUENCE]
    assert kinds(first, second) == expected
    assert kinds(run(entry("a"), exit_of("a")), second) == expected


def test_what_comes_after_one_of_them_ended_is_not_compared():
    first = run(entry("a"), entry("late", 60), chances=[chance(55, 65, opened=1)])
    assert kinds(first, run(entry("b"), ended_s=50)) == [SAME]
    assert kinds(first, run(entry("b"), ended_s=61)) == [SAME]
    assert kinds(first, run(entry("b"), ended_s=70)) == [SAME, DifferenceKind.UNEXPLAINED]
