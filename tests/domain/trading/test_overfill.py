"""No more is booked than the venue's own state of an order proves, whatever its executions are called."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from arb.domain.market.ids import FillId, Venue
from arb.domain.trading.order import OrderState, fold, overfill
from tests.contracts import world

QUANTITY = Decimal("0.01")


def claimed():
    return replace(world.opening("s").on(Venue.BINANCE), state=OrderState.SUBMITTED, quantity=QUANTITY)


def fill(order, quantity, name):
    return replace(world.fill(order, quantity), fill_id=FillId(name), fee=Decimal(quantity))


def said(order, status, executed, *fills):
    executed = None if executed is None else Decimal(executed)
    return replace(world.report(order, status, *fills), executed=executed)


def after(order, *reports):
    """Return the order after these reports, and how much of each was too much."""
    excess = []
    for report in reports:
        order = fold(order, report).order
        excess.append(overfill(order, report))
    return order, excess


def test_a_part_of_an_order_under_two_names_is_booked_once_although_it_would_fit():
    order = claimed()
    stream = said(order, OrderState.PARTIALLY_FILLED, "0.004", fill(order, "0.004", "stream-1"))
    rest = said(order, OrderState.CANCELED, "0.004", fill(order, "0.004", "1"))
    found, excess = after(order, stream, rest)
    assert (found.state, found.filled_quantity) == (OrderState.CANCELED, Decimal("0.004"))
    assert excess == [0, Decimal("0.004")]


def test_the_other_name_may_come_once_the_order_is_over():
    order = claimed()
    rest = said(order, OrderState.CANCELED, "0.004", fill(order, "0.004", "1"))
    stream = said(order, OrderState.PARTIALLY_FILLED, "0.004", fill(order, "0.004", "stream-1"))
    found, excess = after(order, rest, stream)
    assert (found.filled_quantity, excess) == (Decimal("0.004"), [0, Decimal("0.004")])


def test_half_under_another_name_leaves_room_for_what_the_venue_proves():
    order = claimed()
    half = said(order, OrderState.PARTIALLY_FILLED, "0.005", fill(order, "0.005", "half"))
    whole = said(order, OrderState.FILLED, "0.01", fill(order, "0.01", "whole"))
    found, excess = after(order, half, whole)
    assert (found.state, found.filled_quantity) == (OrderState.FILLED, QUANTITY)
    assert sum(each.fee for each in found.fills) == QUANTITY  # as much of the fee as of the fill
    assert excess == [0, Decimal("0.005")]


def test_a_list_newer_than_the_order_beside_it_is_no_excess_and_waits_for_its_proof():
    order = claimed()
    fills = fill(order, "0.003", "1"), fill(order, "0.002", "2")
    found, excess = after(order, said(order, OrderState.PARTIALLY_FILLED, "0.003", *fills))
    assert (found.filled_quantity, excess) == (Decimal("0.003"), [0])
    found, excess = after(found, said(order, OrderState.CANCELED, "0.005", *fills))
    assert (found.state, found.filled_quantity, excess) == (OrderState.CANCELED, Decimal("0.005"), [0])


def test_a_late_fill_that_the_venue_proves_is_booked():
    order = claimed()
    late = fill(order, "0.002", "2")
    found, excess = after(
        order,
        said(order, OrderState.CANCELED, "0", *()),
        said(order, OrderState.PARTIALLY_FILLED, "0.002", late),
    )
    assert (found.state, found.fills, excess) == (OrderState.CANCELED, (late,), [0, 0])


def test_a_true_overfill_is_booked_once_the_venue_proves_it_and_is_told():
    order = claimed()
    fills = fill(order, "0.01", "1"), fill(order, "0.002", "2")
    found, excess = after(order, said(order, OrderState.FILLED, "0.012", *fills))
    assert (found.filled_quantity, excess) == (Decimal("0.012"), [Decimal("0.002")])


@pytest.mark.parametrize("executed", [None, "0.01"])
def test_beyond_the_order_without_proof_is_excess_at_once(executed):
    order = claimed()
    found, excess = after(
        order,
        said(order, OrderState.FILLED, executed, fill(order, "0.01", "1")),
        said(order, OrderState.PARTIALLY_FILLED, executed, fill(order, "0.01", "stream-1")),
    )
    assert (found.filled_quantity, excess) == (QUANTITY, [0, QUANTITY])


@pytest.mark.parametrize("ways", tuple(permutations(range(3))))
def test_events_of_a_stream_in_any_order_end_the_same_once_the_venue_is_asked(ways):
    order = claimed()
    fills = [fill(order, "0.003", "1"), fill(order, "0.002", "2"), fill(order, "0.005", "3")]
    sums = ["0.003", "0.005", "0.01"]
    events = [said(order, OrderState.PARTIALLY_FILLED, sums[at], fills[at]) for at in ways]
    found, excess = after(order, *events)
    assert not any(excess)
    found, excess = after(found, said(order, OrderState.FILLED, "0.01", *fills))
    assert (found.state, found.filled_quantity, excess) == (OrderState.FILLED, QUANTITY, [0])
    assert {each.fill_id for each in found.fills} == {"1", "2", "3"}


def test_the_same_report_again_is_no_excess():
    order = claimed()
    report = said(order, OrderState.FILLED, "0.01", fill(order, "0.01", "1"))
    assert after(order, report, report)[1] == [0, 0]
