"""Opening trades under the limits, changing them under their version, reading them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Conflict, InvariantError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeKind, TradeState
from arb.ports.trading import TradeView
from tests.contracts import world
from tests.domain.markets import PAIR

NOW_NS = world.NOW_NS


def open_trade(stores, opening, limits=world.LIMITS, now_ns=NOW_NS):
    return stores.trades.open_trade(opening.proposal, opening.orders, limits, now_ns)


@pytest.mark.parametrize("kind", list(TradeKind))
def test_what_kind_a_trade_is_stays_with_it(stores, session, kind):
    opening = world.opening(session.session_id)
    trade = replace(opening.trade, kind=kind)
    proposal = replace(opening.proposal, trade=trade)
    assert isinstance(stores.trades.open_trade(proposal, opening.orders, world.LIMITS, NOW_NS), Approved)
    assert stores.trades.view(trade.trade_id).trade.kind is kind
    changed = stores.trades.add_orders(replace(trade, state=TradeState.REPAIRING), ())
    assert stores.trades.view(trade.trade_id).trade == changed


def test_an_approved_trade_is_written_whole(stores, session):
    opening = world.opening(session.session_id)
    assert open_trade(stores, opening) == Approved(opening.proposal)
    view = stores.trades.view(opening.trade.trade_id)
    assert view.trade == opening.trade
    assert set(view.orders) == set(opening.orders)
    assert {stores.inside.hold(order.client_order_id) for order in opening.orders} == {"reserved"}
    assert stores.trades.working(session.session_id) == 2


@pytest.mark.parametrize(
    ("reason", "limits", "values"),
    [
        ("edge_too_small", {}, {"net_bps": "9.99"}),
        ("trades_open", {"trades_open_max": 1}, {"coin": "ETH"}),
        ("trades_open_per_coin", {"trades_open_per_coin_max": 1}, {}),
        ("notional_per_coin", {"notional_per_coin_krw_max": Decimal("2799999")}, {}),
        ("notional_total", {"notional_total_krw_max": Decimal("2799999")}, {"coin": "ETH"}),
        ("orders_per_minute", {"orders_per_minute_max": 3}, {}),
        ("balance_upbit_btc", {}, {"quantity": "1.995"}),
        ("balance_binance_usdt", {}, {"quantity": "0.4"}),
        ("balance_upbit_krw", {}, {"quantity": "0.4", "direction": Direction("buy_upbit")}),
    ],
)
def test_a_refusal_has_a_reason_and_writes_nothing(stores, session, reason, limits, values):
    assert isinstance(open_trade(stores, world.opening(session.session_id)), Approved)
    opening = world.opening(session.session_id, **values)
    assert open_trade(stores, opening, world.with_limits(**limits)) == Denied(reason)
    assert stores.trades.view(opening.trade.trade_id) is None
    assert stores.trades.order(opening.orders[0].client_order_id) is None


@pytest.mark.parametrize("mode", [Mode.REDUCE_ONLY, Mode.HALTED])
def test_nothing_opens_outside_the_normal_mode(stores, session, mode):
    stores.sessions.set_mode(session.session_id, mode, "test", NOW_NS)
    assert open_trade(stores, world.opening(session.session_id)) == Denied("mode_not_normal")


def test_nothing_opens_in_a_session_that_does_not_exist(stores, session):
    with pytest.raises(InvariantError):
        open_trade(stores, world.opening("s-none"))


def test_other_sessions_do_not_count(stores, session):
    open_trade(stores, world.opening(session.session_id))
    other = world.session()
    stores.sessions.create(other)
    for entry in world.openings(other.session_id):
        stores.trades.book_entry(other.session_id, entry, NOW_NS)
    limits = world.with_limits(trades_open_max=1, orders_per_minute_max=2)
    assert isinstance(open_trade(stores, world.opening(other.session_id), limits), Approved)


def test_ten_at_once_open_only_what_the_limit_allows(stores, session):
    openings = [world.opening(session.session_id) for _ in range(10)]
    limits = world.with_limits(trades_open_max=3)
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda opening: open_trade(stores, opening, limits), openings))
    assert sum(isinstance(verdict, Approved) for verdict in verdicts) == 3


def test_a_hold_is_given_back_when_the_order_ends(stores, session):
    wanted = {"quantity": "0.3"}  # 30,060 of 40,000 USDT, so only one at a time
    first = world.opening(session.session_id, **wanted)
    assert isinstance(open_trade(stores, first), Approved)
    assert open_trade(stores, world.opening(session.session_id, **wanted)) == Denied("balance_binance_usdt")
    order = first.on(Venue.BINANCE)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.report(order, OrderState.REJECTED), NOW_NS)
    assert isinstance(open_trade(stores, world.opening(session.session_id, **wanted)), Approved)


def test_orders_older_than_a_minute_do_not_count(stores, session):
    open_trade(stores, world.opening(session.session_id))
    limits = world.with_limits(orders_per_minute_max=2)
    later_ns = NOW_NS + 60 * NS_PER_S
    early = world.opening(session.session_id, now_ns=later_ns - 1)
    assert open_trade(stores, early, limits, later_ns - 1) == Denied("orders_per_minute")
    late = world.opening(session.session_id, now_ns=later_ns)
    assert isinstance(open_trade(stores, late, limits, later_ns), Approved)


@pytest.mark.parametrize(("closed_at_ns", "refused"), [(NOW_NS, True), (NOW_NS - 86_400 * 10**9, False)])
def test_the_daily_loss_counts_from_midnight_utc(stores, session, closed_at_ns, refused):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)
    lost = replace(
        opening.trade, state=TradeState.CLOSED, closed_at_ns=closed_at_ns, pnl_krw=Decimal("-1000000")
    )
    stores.trades.add_orders(lost, ())
    verdict = open_trade(stores, world.opening(session.session_id))
    assert (verdict == Denied("daily_loss")) is refused


def test_the_same_trade_twice_is_opened_once(stores, session):
    """The answer to the first commit may have been lost."""
    opening = world.opening(session.session_id)
    for _ in range(2):
        assert isinstance(open_trade(stores, opening), Approved)
    assert len(stores.trades.active(session.session_id)) == 1


def test_new_orders_come_with_the_next_version(stores, session):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)
    trade = replace(opening.trade, state=TradeState.CLOSING, reason="converged", updated_at_ns=NOW_NS + 9)
    exits = [world.exit_intent(trade, venue, 2, NOW_NS + 9) for venue in PAIR.venues]
    changed = stores.trades.add_orders(trade, exits)
    assert changed == replace(trade, version=1)
    view = stores.trades.view(trade.trade_id)
    assert view.trade == changed
    assert set(view.orders[2:]) == set(exits)
    assert stores.inside.hold(exits[0].client_order_id) == "reserved"
    assert stores.trades.next_order_number(trade.trade_id, Venue.UPBIT) == 3


def test_an_old_version_is_a_conflict_and_writes_nothing(stores, session):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)
    stores.trades.add_orders(replace(opening.trade, state=TradeState.OPEN), ())
    order = world.exit_intent(opening.trade, Venue.UPBIT, 2)
    with pytest.raises(Conflict):
        stores.trades.add_orders(replace(opening.trade, state=TradeState.CLOSING), (order,))
    assert stores.trades.view(opening.trade.trade_id).trade.state is TradeState.OPEN
    assert stores.trades.order(order.client_order_id) is None


def test_eight_at_once_change_a_trade_once(stores, session):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)

    def close(_):
        try:
            return stores.trades.add_orders(replace(opening.trade, state=TradeState.CLOSING), ())
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(close, range(8)))
    assert [trade.version for trade in changed if trade] == [1]


def test_an_order_id_that_exists_is_a_conflict_and_changes_nothing(stores, session):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)
    with pytest.raises(Conflict):
        stores.trades.add_orders(replace(opening.trade, state=TradeState.OPEN), opening.orders[:1])
    assert stores.trades.view(opening.trade.trade_id).trade == opening.trade


def test_active_leaves_out_what_ended_and_other_coins(stores, session):
    btc, eth, gone = (
        world.opening(session.session_id, coin=coin, now_ns=NOW_NS + number)
        for number, coin in enumerate(("BTC", "ETH", "BTC"))
    )
    for opening in (btc, eth, gone):
        open_trade(stores, opening)
    stores.trades.add_orders(replace(gone.trade, state=TradeState.ABORTED, closed_at_ns=NOW_NS), ())
    order = btc.on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS)
    recorded = stores.trades.record(world.filled(order), NOW_NS)
    views = stores.trades.active(session.session_id)
    assert [view.trade for view in views] == [btc.trade, eth.trade]
    assert set(views[0].orders) == {recorded, btc.on(Venue.BINANCE)}
    assert stores.trades.session_view(session.session_id, (Coin("ETH"),)).trades == (
        TradeView(eth.trade, views[1].orders),
    )
    assert stores.trades.session_view(session.session_id, ()).trades == ()


def test_what_is_not_there_is_none(stores, session):
    assert stores.trades.order(world.nobody()) is None
    assert stores.trades.view("aaaaaaaaaaaaa") is None
    assert stores.trades.balances("s-none") == {}
    assert stores.trades.working("s-none") == 0


def escalated(stores, session, closed_at_ns=NOW_NS):
    opening = world.opening(session.session_id)
    open_trade(stores, opening)
    ended = replace(opening.trade, state=TradeState.ESCALATED, closed_at_ns=closed_at_ns)
    return stores.trades.add_orders(ended, ())


def told(stores, session, trade, at_ns, kind=AlertKind.TRADE_ESCALATED):
    alert = Alert(kind=kind, subject=trade.trade_id, severity=Severity.CRITICAL, message="-", at_ns=at_ns)
    stores.alerts.add(session.session_id, alert)


def test_untold_are_the_trades_escalated_before_then_without_an_alert(stores, session):
    late, early = (escalated(stores, session, NOW_NS + age) for age in (9, 3))
    closed, running = world.opening(session.session_id), world.opening(session.session_id)
    for opening in (closed, running):
        open_trade(stores, opening)
    stores.trades.add_orders(replace(closed.trade, state=TradeState.CLOSED, closed_at_ns=NOW_NS), ())
    assert stores.trades.untold(session.session_id, NOW_NS + 10) == (early, late)
    assert stores.trades.untold(session.session_id, NOW_NS + 9) == (early,)
    assert stores.trades.untold("s-none", NOW_NS + 10) == ()
    told(stores, session, early, early.closed_at_ns)
    assert stores.trades.untold(session.session_id, NOW_NS + 10) == (late,)


def test_an_alert_of_another_kind_or_from_before_does_not_tell_of_a_trade(stores, session):
    trade = escalated(stores, session, NOW_NS + 9)
    told(stores, session, trade, NOW_NS + 9, kind="order_unknown")
    told(stores, session, trade, NOW_NS + 8)
    assert stores.trades.untold(session.session_id, NOW_NS + 10) == (trade,)
    told(stores, session, trade, NOW_NS + 11)
    assert stores.trades.untold(session.session_id, NOW_NS + 10) == ()
