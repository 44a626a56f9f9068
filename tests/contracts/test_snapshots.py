"""Images of one moment, kept once a slot, and believed only if every byte is as it was written."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.postgres.records.documents import decode
from arb.domain.errors import InvariantError
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import PARTS, Snapshot, SnapshotKind, canonical
from arb.domain.trading.trade import TradeState
from arb.ports.trading import Session, TradeView
from tests.contracts import world

NOW_NS = world.NOW_NS


def snapshot(session, slot="periodic:1", taken_at_ns=NOW_NS, parts=None):
    return Snapshot(
        session_id=session.session_id,
        kind=SnapshotKind.PERIODIC,
        slot=slot,
        taken_at_ns=taken_at_ns,
        ledger_position=7,
        parts=parts or {name: {"name": name, "amount": "0.1"} for name in PARTS},
    )


@pytest.fixture
def busy(stores, session):
    """A session with one trade half filled, one closed with a profit, and one refused limit."""
    first, second = world.opening(session.session_id), world.opening(session.session_id, coin="ETH")
    for opening in (first, second):
        stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    order = first.on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.filled(order), NOW_NS)
    stores.trades.add_orders(
        replace(second.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS, pnl_krw=Decimal("1234.5")), ()
    )
    stores.sessions.set_mode(session.session_id, Mode.REDUCE_ONLY, "test", NOW_NS)
    return first


def test_an_image_holds_everything_of_the_session(stores, session, busy):
    position, parts = stores.snapshots.image(session.session_id)
    assert set(parts) == set(PARTS)
    assert decode(Session, parts["session"]) == stores.sessions.get(session.session_id)
    (document,) = parts["positions"]["trades"]
    assert decode(TradeView, document) == stores.trades.view(busy.trade.trade_id)
    balances = parts["positions"]["balances"]
    assert {
        (account, asset): Decimal(amount)
        for account, assets in balances.items()
        for asset, amount in assets.items()
    } == stores.inside.balances(session.session_id)
    assert position > 0


def test_an_image_counts_and_guards(stores, session, busy):
    _, parts = stores.snapshots.image(session.session_id)
    metrics, guard = parts["metrics"], parts["risk_guard"]
    assert metrics["trades_by_state"] == {"opening": 1, "closed": 1}
    assert metrics["orders_by_state"] == {"filled": 1, "intent": 3}
    assert metrics["fills"] == 1
    assert Decimal(metrics["realised_krw"]) == Decimal("1234.5")
    assert {asset: Decimal(amount) for asset, amount in metrics["fees"]["upbit"].items()} == {"KRW": 700}
    assert (guard["mode"], guard["mode_reason"]) == ("reduce-only", "test")
    assert guard["trades_open_by_coin"] == {"BTC": 1}
    assert Decimal(guard["notional_by_coin_krw"]["BTC"]) == busy.trade.notional_krw
    assert list(guard["realised_krw_by_day"]) == [str(NOW_NS // (86_400 * 10**9))]
    assert len(guard["holds"]) == 3
    assert guard["venue_pauses"] == {}


def test_an_image_has_the_pauses_that_venues_asked_for(stores, session):
    stores.health.pause(session.session_id, Venue.UPBIT, NOW_NS + 9, "418")
    _, parts = stores.snapshots.image(session.session_id)
    assert parts["risk_guard"]["venue_pauses"] == {"upbit": {"until_ns": NOW_NS + 9, "reason": "418"}}


def test_the_same_state_gives_the_same_text(stores, session, busy):
    first, second = (stores.snapshots.image(session.session_id) for _ in range(2))
    assert canonical(first[1]) == canonical(second[1])
    assert first[0] == second[0]


def test_the_position_grows_with_the_ledger(stores, session, busy):
    before, _ = stores.snapshots.image(session.session_id)
    order = busy.on(Venue.BINANCE)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.filled(order), NOW_NS)
    assert stores.snapshots.image(session.session_id)[0] > before


def test_an_image_of_a_session_that_does_not_exist_is_a_bug(stores):
    with pytest.raises(InvariantError):
        stores.snapshots.image("s-none")


def test_what_is_saved_is_the_latest(stores, session):
    saved = snapshot(session)
    assert stores.snapshots.save(saved)
    assert stores.snapshots.latest(session.session_id) == saved


def test_an_image_survives_saving(stores, session, busy):
    _, parts = stores.snapshots.image(session.session_id)
    stores.snapshots.save(snapshot(session, parts=parts))
    assert stores.snapshots.latest(session.session_id).parts == parts


def test_a_slot_is_taken_once(stores, session):
    assert stores.snapshots.save(snapshot(session))
    later = snapshot(session, taken_at_ns=NOW_NS + 1)
    assert stores.snapshots.save(later) is False
    assert stores.snapshots.latest(session.session_id).taken_at_ns == NOW_NS


def test_eight_at_once_take_a_slot_once(stores, session):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: stores.snapshots.save(snapshot(session)), range(8)))
    assert sum(taken) == 1


def test_a_damaged_snapshot_is_named_and_passed_over(stores, session):
    for age in (1, 2, 3):
        stores.snapshots.save(snapshot(session, slot=f"periodic:{age}", taken_at_ns=NOW_NS + age))
    for slot in ("periodic:3", "periodic:2"):
        stores.inside.damage(session.session_id, slot)
    found = stores.snapshots.find(session.session_id)
    assert found.snapshot.slot == "periodic:1"
    assert [item.slot for item in found.skipped] == ["periodic:3", "periodic:2"]


def test_without_a_good_snapshot_there_is_none(stores, session):
    assert stores.snapshots.latest(session.session_id) is None
    stores.snapshots.save(snapshot(session))
    stores.inside.damage(session.session_id, "periodic:1")
    assert stores.snapshots.latest(session.session_id) is None


def test_what_several_trades_lost_on_a_day_adds_up(stores, session):
    """In SQL a day must be a whole number, or each trade has one of its own."""
    for age, pnl_krw in enumerate(("-100.5", "-200.25")):
        opening = world.opening(session.session_id)
        stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
        closed = replace(
            opening.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS + age, pnl_krw=Decimal(pnl_krw)
        )
        stores.trades.add_orders(closed, ())
    _, parts = stores.snapshots.image(session.session_id)
    assert [Decimal(loss) for loss in parts["risk_guard"]["realised_krw_by_day"].values()] == [
        Decimal("-300.75")
    ]


def test_a_snapshot_taken_in_chunks_is_the_image(stores, session, busy):
    taken = [
        stores.snapshots.take(session.session_id, SnapshotKind.MANUAL, "manual:1", NOW_NS, 1)
        for _ in range(2)
    ]
    assert taken == [True, False]
    found = stores.snapshots.latest(session.session_id)
    position, parts = stores.snapshots.image(session.session_id)
    assert (found.slot, found.kind, found.taken_at_ns) == ("manual:1", SnapshotKind.MANUAL, NOW_NS)
    assert (found.ledger_position, canonical(found.parts)) == (position, canonical(parts))


def test_orders_are_found_by_their_ids(stores, session, busy):
    known = [order.client_order_id for order in busy.orders]
    found = stores.trades.orders([*known, "nobody-knows-this"])
    assert sorted(order.client_order_id for order in found) == sorted(known)
    assert stores.trades.orders([]) == ()
