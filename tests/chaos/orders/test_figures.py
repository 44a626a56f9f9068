"""The figures come from the venues' record, and a verdict fails for each thing that can be wrong."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.chaos.orders.exposure import exposure
from arb.chaos.orders.figures import figures
from arb.chaos.orders.verdict import RunVerdict
from arb.check.checkers import Findings, check
from arb.check.history import Invariant, Violation
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from tests.check.histories import Told, story, without
from tests.check.test_checkers import balance_off_by_one_unit, fill_not_booked, sent_twice


def outcome(told: Told, **changes: object) -> RunVerdict:
    facts = {
        "seed": 1,
        "trades_wanted": 1,
        "figures": figures(told.engine, told.venues),
        "findings": check(told.engine, told.venues),
        "rested": True,
        "kills": {"worker-orders": 1},
        "faults": {"reject": 1},
        "errors": {},
        "duration_s": 1.0,
    }
    return RunVerdict(**(facts | changes))


def test_a_clean_run_passes_and_counts():
    found = outcome(story(Decimal(1), Decimal(2)), trades_wanted=2)
    assert found.violations == ()
    shown = found.as_json()
    assert (shown["trades"], shown["intents"], shown["venue_orders"]) == (2, 8, 8)
    assert (shown["unknowns"], shown["unknowns_resolved"]) == (8, 8)
    assert not any(shown[name] for name in ("duplicates", "lost", "unhedged", "handed_over", "drift"))
    assert shown["verdict"] is True


def one_leg_at_the_venue(told: Told) -> Told:
    return told.with_venues(fills=told.venues.fills[1:])


def still_unknown(told: Told) -> Told:
    return told.with_order(0, state=OrderState.UNKNOWN)


def stranger_at_the_venue(told: Told) -> Told:
    orders = told.venues.orders
    return told.with_venues(orders=(*orders, replace(orders[0], client_id="web_123")))


def believed_never_placed(told: Told) -> Told:
    return told.with_order(0, state=OrderState.EXPIRED, venue_order_id=None)


def balance_differs(told: Told) -> Told:
    holder = next(iter(told.venues.balances))
    return told.with_venues(balances={**told.venues.balances, holder: Decimal(1)})


@pytest.mark.parametrize(
    ("break_", "figure"),
    [
        (sent_twice, "duplicates"),
        (stranger_at_the_venue, "duplicates"),
        (fill_not_booked, "lost"),
        (believed_never_placed, "lost"),
        (still_unknown, "lost"),
        (one_leg_at_the_venue, "unhedged"),
        (balance_off_by_one_unit, "drift"),
        (balance_differs, "drift"),
    ],
)
def test_whatever_went_wrong_is_counted_and_fails_the_run(break_, figure):
    found = outcome(break_(story()), findings=Findings())
    assert found.as_json()[figure] == 1
    assert not found.passed


@pytest.mark.parametrize(
    "changes",
    [
        {"rested": False},
        {"trades_wanted": 2},
        {"faults": {"reject": 0}},
        {"kills": {}},
        {"findings": Findings(inconclusive=("a venue moved",))},
        {"findings": Findings(violations=(Violation(Invariant.INTENT_FIRST, "order x", "is wrong"),))},
    ],
)
def test_a_run_that_proves_nothing_fails(changes):
    assert len(outcome(story(), **changes).violations) == 1


def test_a_run_without_an_unknown_order_proves_nothing():
    told = story()
    assert outcome(told.with_engine(events=()), findings=Findings()).violations == (
        "no order was ever unknown",
    )


def test_exposure_is_the_time_between_the_legs():
    told = story()
    first = told.venues.fills[0]
    late = replace(first, fill=replace(first.fill, ts_event_ns=first.fill.ts_event_ns + 3 * NS_PER_S // 2))
    fills = (late, *told.venues.fills[1:])
    found = exposure(fills, told.engine.instruments, told.engine.read_at_ns)
    assert (found.total_s, found.longest_s, found.uneven) == (1.5, 1.5, ())


def test_exposure_that_lasts_is_counted_to_the_end_and_named():
    told = story()
    fills = without(told.venues.fills, len(told.venues.fills) - 1)
    last_ns = max(fill.fill.ts_event_ns for fill in fills)
    found = exposure(fills, told.engine.instruments, last_ns + 7 * NS_PER_S)
    assert (found.total_s, found.uneven) == (7.0, (told.engine.trades[0].trade_id,))


def test_dust_is_no_exposure():
    told = story()
    last = told.venues.fills[-1]
    lot = Decimal("0.00001")
    dusty = replace(last, fill=replace(last.fill, quantity=last.fill.quantity - lot))
    found = exposure((*told.venues.fills[:-1], dusty), told.engine.instruments, told.engine.read_at_ns)
    assert found.uneven == ()


@pytest.mark.parametrize(
    ("long", "fee", "is_exposure"),
    [("0.00005", "0", True), ("0.00005", "0.00002", False), ("0.00005", "0.0001", False),
     ("0.001", "0.0001", True), ("-0.00005", "0.0001", True)],
)  # fmt: skip
def test_what_a_venue_kept_of_the_coin_as_its_fee_is_no_exposure(long, fee, is_exposure):
    """Nobody can sell it: at Binance a fee is taken of what was bought."""
    told = story()
    sold, bought, closed, last = told.venues.fills
    bought = replace(bought, fill=replace(bought.fill, fee=Decimal(fee)))
    last = replace(last, fill=replace(last.fill, quantity=last.fill.quantity - Decimal(long)))
    found = exposure((sold, bought, closed, last), told.engine.instruments, told.engine.read_at_ns)
    assert bool(found.uneven) is is_exposure
