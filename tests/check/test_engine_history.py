"""What PostgreSQL has of a session, read back as one history and summed up as one report."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.report import SqlReportStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.check.checkers import check
from arb.check.engine_history import ReadEngine
from arb.check.history import EngineHistory, Invariant, VenueHistory, sum_effects
from arb.domain.health.alert import Alert, Severity
from arb.domain.ledger.report import OpenValue
from arb.domain.market.ids import ClientOrderId, Coin, Venue
from arb.domain.risk.review import Mode
from arb.domain.state.owner import Owner
from arb.domain.state.snapshot import Snapshot, SnapshotKind
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.ports.trading import Session
from tests.check.histories import RULES, venue_fill, venue_order
from tests.contracts import world
from tests.domain.markets import PAIR

pytestmark = pytest.mark.integration

NOW_NS = world.NOW_NS
SECOND = NS_PER_S
BTC = Coin("BTC")


@pytest.fixture
def session(database: Engine) -> Session:
    """A session with money on both venues and a snapshot of that."""
    made = world.session()
    SqlSessionStore(database).create(made)
    store = SqlTradeStore(database)
    for entry in world.openings(made.session_id):
        assert store.book_entry(made.session_id, entry, NOW_NS)
    take_snapshot(database, made)
    return made


def take_snapshot(database: Engine, session: Session, slot: str = "1") -> None:
    store = SqlSnapshotStore(database)
    position, parts = store.image(session.session_id)
    taken = Snapshot(
        session_id=session.session_id,
        kind=SnapshotKind.MANUAL,
        slot=slot,
        taken_at_ns=NOW_NS,
        ledger_position=position,
        parts=parts,
    )
    assert store.save(taken)


def read(database: Engine, session: Session, later_s: int = 10) -> EngineHistory:
    reader = ReadEngine(
        database=database,
        session_id=session.session_id,
        pair=PAIR,
        clock=ManualClock(NOW_NS + later_s * SECOND),
        repair_ns_max=60 * SECOND,
        instruments=RULES,
    )
    return reader()


def trade(database: Engine, session: Session, venues: tuple[Venue, ...] = PAIR.venues) -> world.Opening:
    """Open a trade and fill its legs on these venues."""
    store, opening = SqlTradeStore(database), world.opening(session.session_id)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    for order in opening.orders:
        if order.venue in venues:
            assert store.claim(order.client_order_id, NOW_NS)
            store.record(world.filled(order), NOW_NS + SECOND)
    return opening


def venues_of(engine: EngineHistory) -> VenueHistory:
    """Return what the venues would say if they agreed."""
    sent = [order for order in engine.orders if order.venue_order_id]
    fills = tuple(venue_fill(order, fill) for order in sent for fill in order.fills)
    balances = {
        (venue, asset): amount for venue in PAIR.venues for asset, amount in world.FUNDS[venue].items()
    }
    for key, amount in sum_effects(fills).items():
        balances[key] += amount
    return VenueHistory(orders=tuple(venue_order(order) for order in sent), fills=fills, balances=balances)


def test_a_session_that_traded_well_breaks_nothing(database: Engine, session: Session) -> None:
    opening = trade(database, session)
    history = read(database, session)
    assert [trade.trade_id for trade in history.trades] == [opening.trade.trade_id]
    assert [order.state for order in history.orders] == [OrderState.FILLED, OrderState.FILLED]
    assert len(history.events) == 4
    assert len(history.fills) == 2
    assert len(history.entries) == 4
    assert history.snapshot is not None
    assert [change.mode for change in history.mode_changes] == [Mode.NORMAL]
    findings = check(history, venues_of(history))
    assert findings.violations == ()


def test_sessions_do_not_see_each_other(database: Engine, session: Session) -> None:
    trade(database, session)
    other = world.session()
    SqlSessionStore(database).create(other)
    history = read(database, other)
    assert history.orders == history.fills == history.entries == history.events == ()
    assert check(history, None).all_hold


def test_a_lone_leg_in_the_database_is_found(database: Engine, session: Session) -> None:
    trade(database, session, venues=(Venue.UPBIT,))
    history = read(database, session, later_s=100)
    rows = {violation.row for violation in check(history, venues_of(history)).violations}
    assert any(row.startswith("trade ") for row in rows)
    assert any(row.startswith("order ") for row in rows)  # the other leg's intent, never sent


def test_a_balance_changed_behind_the_ledger_is_found(database: Engine, session: Session) -> None:
    with database.begin() as connection:
        connection.execute(
            text("UPDATE balances SET amount = amount + 1 WHERE session_id = :id AND account = 'trading'"),
            {"id": session.session_id},
        )
        connection.execute(
            text("INSERT INTO balances VALUES (:id, 'trading', 'XRP', 1)"), {"id": session.session_id}
        )
    findings = check(read(database, session), None)
    assert not findings.invariants[Invariant.NOTHING_LOST_ON_RESTART]


def test_a_damaged_snapshot_is_found_and_the_one_before_it_is_used(
    database: Engine, session: Session
) -> None:
    take_snapshot(database, session, slot="2")
    with database.begin() as connection:
        connection.execute(
            text("UPDATE metrics_snapshots SET checksum = 'x' WHERE session_id = :id AND slot = '2'"),
            {"id": session.session_id},
        )
    history = read(database, session)
    assert history.snapshot is not None and history.snapshot.slot == "1"
    assert not check(history, None).invariants[Invariant.NOTHING_LOST_ON_RESTART]


def test_alerts_are_read_with_their_subject(database: Engine, session: Session) -> None:
    alert = Alert(kind="trade_handed_over", subject="t1", severity=Severity.CRITICAL, message="-", at_ns=1)
    SqlAlertStore(database).add(session.session_id, alert)
    SqlAlertStore(database).add(session.session_id, alert)
    assert read(database, session).alerts == {("trade_handed_over", "t1")}


def test_what_an_exit_was_decided_on_is_read_with_its_moment(database: Engine, session: Session) -> None:
    opening = trade(database, session)
    store = SqlTradeStore(database)
    for number, seen in enumerate(({"upbit_bid": "1"}, {"upbit_bid": "2"})):
        view = store.view(opening.trade.trade_id)
        assert view is not None
        again = replace(
            view.orders[0],
            client_order_id=ClientOrderId(f"a1-again-{number}-{opening.trade.trade_id}"[:24]),
            state=OrderState.INTENT,
            fills=(),
            venue_order_id=None,
            created_at_ns=NOW_NS + number,
        )
        store.add_orders(view.trade, (again,), seen)
        store.add_orders(replace(view.trade, version=view.trade.version + 1), (), {"nothing": "was sent"})
    history = read(database, session)
    assert history.decided_later[opening.trade.trade_id] == {
        NOW_NS: {"upbit_bid": "1"},
        NOW_NS + 1: {"upbit_bid": "2"},
    }


def test_each_step_says_whose_process_took_it(database: Engine, session: Session) -> None:
    trade(
        acting_for(database, Owner(environment=session.environment, accounts=world.accounts("mine"))), session
    )
    trade(database, session)
    history = read(database, session)
    assert {event.actor for event in history.events} == {f"{session.environment}:binance=mine,upbit=mine", ""}
    assert check(history, venues_of(history)).invariants[Invariant.MODES_NEVER_TOUCH] is True


def test_what_other_modes_have_is_read_as_strangers(database: Engine, session: Session) -> None:
    paper = world.session(environment="paper")
    SqlSessionStore(database).create(paper)
    for entry in world.openings(paper.session_id):
        SqlTradeStore(database).book_entry(paper.session_id, entry, NOW_NS)
    theirs = trade(database, paper)
    history = read(database, session)
    assert {order.client_order_id for order in theirs.orders} <= set(history.strangers.orders)
    sent = replace(
        venues_of(history), orders=tuple(venue_order(each) for each in read(database, paper).orders)
    )
    broken = {each.invariant for each in check(history, sent).violations}
    assert Invariant.MODES_NEVER_TOUCH in broken


def test_the_database_sums_up_a_session(database: Engine, session: Session) -> None:
    trade(database, session)
    closed = trade(database, session)
    store = SqlTradeStore(database)
    view = store.view(closed.trade.trade_id)
    assert view is not None
    ended = replace(view.trade, state=TradeState.CLOSED, pnl_krw=Decimal("12.5"), closed_at_ns=NOW_NS)
    store.add_orders(ended, ())
    totals = SqlReportStore(database).totals(session.session_id)
    assert totals.trades == {(BTC, TradeState.OPENING): 1, (BTC, TradeState.CLOSED): 1}
    assert totals.realised_krw == {BTC: Decimal("12.5")}
    assert totals.orders == {OrderState.FILLED: 4}
    assert totals.fills == {BTC: 4}
    assert totals.fees == {
        (Venue.UPBIT, "KRW"): Decimal(1400),
        (Venue.BINANCE, "BTC"): Decimal("0.00002"),
    }
    # Of the one that is open: 0.01 BTC sold on Upbit, bought on Binance, both fees paid.
    assert totals.held == {
        BTC: OpenValue(krw=Decimal(1_399_300), usdt=Decimal(-1000), base=Decimal("-0.00001"))
    }
