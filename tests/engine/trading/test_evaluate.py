"""Which coins are looked at, and what is decided on them."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.errors import DispatchError
from arb.domain.health.degradation import Degree
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.strategy.port import Strategies
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.trade import TradeState
from arb.engine.trading import chances
from arb.engine.trading.evaluate import Evaluate
from arb.ports.trading import SessionView
from tests.domain.markets import USDT_KRW
from tests.engine.books import taken
from tests.engine.testbed import BTC, LIMITS, SESSION, EngineTestbed, exchange


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def open_pair(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def test_a_far_coin_is_looked_at_once_a_second_and_counted_otherwise():
    testbed = EngineTestbed()
    testbed.degree = Degree.NEAR
    testbed.premium(10)
    testbed.evaluate_now()
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["degraded", "far_coins"] == 1
    testbed.pass_time(1_000)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


@pytest.mark.parametrize("degree", [Degree.FULL, Degree.LEAN])
def test_below_that_degree_every_coin_is_looked_at(degree):
    testbed = EngineTestbed()
    testbed.degree = degree
    testbed.premium(10)
    testbed.evaluate_now()
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def test_a_coin_that_is_held_is_never_far():
    testbed = EngineTestbed()
    testbed.degree = Degree.SHALLOW
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    while testbed.pending:
        testbed.run_one()
    for _ in range(2):
        testbed.premium(9)  # far by its premium, and not yet time to close
        testbed.evaluate_now()
    testbed.premium(0)
    assert testbed.evaluate_now() == 1, "it is closed as soon as its time has come"
    assert ("degraded", "far_coins") not in testbed.counters.counts


def test_killed_opens_and_closes_nothing(testbed):
    testbed.switch.engage("test", 0)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert not testbed.tables.orders


def test_a_hedged_pair_is_not_closed_while_killed(testbed):
    open_pair(testbed)
    while testbed.pending:
        testbed.run_one()
    assert only_trade(testbed).state is TradeState.OPEN
    testbed.switch.engage("test", 0)
    testbed.premium(0)
    assert testbed.evaluate_now() == 0


# what is decided on a coin


def refused(testbed: EngineTestbed) -> dict[str, int]:
    return {reason: count for (name, reason), count in testbed.counters.counts.items() if name == "refused"}


def with_limits(testbed: EngineTestbed, **changes) -> Evaluate:
    return replace(testbed.evaluate, limits=replace(LIMITS, **changes))


def settle_all(testbed: EngineTestbed) -> None:
    testbed.collect()
    while testbed.pending:
        testbed.run_one()


def test_a_premium_worth_taking_is_written_before_it_is_sent(testbed):
    testbed.premium(60)
    assert testbed.evaluate.run() == 1
    written = [row.order for row in testbed.tables.orders.values()]
    assert {order.state for order in written} == {OrderState.INTENT}
    sent = [(task, args) for task, args, _ in testbed.dispatcher.take()]
    assert sorted(sent) == sorted(("arb.place_order", (order.client_order_id,)) for order in written)


def test_orders_of_entries_and_exits_know_when_the_newest_book_of_their_decision_came(testbed):
    decided = {}
    for premium_bps, purpose in ((60, Purpose.ENTRY), (0, Purpose.EXIT)):
        testbed.pass_time(200)
        testbed.premium(premium_bps)
        testbed.pass_time(5)
        newest = testbed.clock.now_ns()
        testbed.quotes.put([testbed.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "5")], [BTC])
        testbed.pass_time(7)
        assert testbed.evaluate_now() == 1
        settle_all(testbed)
        orders = [row.order for row in testbed.tables.orders.values() if row.order.purpose is purpose]
        decided[purpose] = [order.created_at_ns - order.tick_at_ns for order in orders]
        assert {order.tick_at_ns for order in orders} == {newest}
    assert decided == {purpose: [7 * NS_PER_MS] * 2 for purpose in (Purpose.ENTRY, Purpose.EXIT)}


def test_a_signal_is_counted_once_while_it_stands_and_an_exit_by_its_reason(testbed):
    counts = testbed.counters.counts
    crowded = with_limits(testbed, trades_open_per_coin_max=0)
    for premium_bps in (10, 60, 60, 10, 60):
        testbed.premium(premium_bps)
        crowded.run()
    assert (counts["signals", "found"], counts.get(("signals", "executed"))) == (2, None)
    for _ in range(2):
        testbed.premium(60)
        testbed.evaluate.run()
    assert (counts["signals", "found"], counts["signals", "executed"]) == (2, 1)
    settle_all(testbed)
    for premium_bps in (300, 0):
        testbed.premium(premium_bps)
        testbed.evaluate.run()
    reasons = Counter(trade.reason for trade in testbed.tables.trades.values())
    assert reasons["stop_loss"]
    assert {reason: count for (name, reason), count in counts.items() if name == "exits"} == reasons


def test_a_coin_that_did_not_change_is_not_looked_at_again(testbed):
    testbed.premium(60)
    taken(testbed.quotes)
    assert testbed.evaluate.run() == 0


@pytest.mark.parametrize("strategy", ["fixed", "inventory", "pair"])
def test_what_is_screened_by_best_prices_alone_changes_nothing_of_what_comes_of_it(monkeypatch, strategy):
    """The same markets, once screened and once with every edge worked out."""
    found = []
    for screens in (True, False):
        testbed, draw = EngineTestbed(), Random(7)
        if strategy != "fixed":
            exchange(testbed)
        if strategy == "pair":
            pairs = Strategies(usual=testbed.evaluate.strategies.usual.pairs)
            testbed.evaluate = replace(testbed.evaluate, strategies=pairs)
        with monkeypatch.context() as patched:
            if not screens:
                patched.setattr(chances, "best_case_bps", lambda _market: Decimal(10**6))
            looks = [looked(testbed, draw) for _ in range(120)]
        trades = [(trade.direction, trade.quantity) for trade in testbed.tables.trades.values()]
        found.append((looks, testbed.counters.counts, trades))
    assert found[0] == found[1]
    assert any(found[0][0]), "something was opened"


def looked(testbed: EngineTestbed, draw: Random) -> int:
    """Let a market come that is near the edge, mostly below it, and evaluate it."""
    testbed.pass_time(200)
    testbed.premium(draw.choice((-40, -10, 0, 5, 14, 15, 16, 20, 30, 60)), depth=draw.choice(("5", "0.001")))
    return testbed.evaluate.run()


def broken(*_: object, **__: object) -> None:
    raise DispatchError("neither broker took it")


def many_changed(testbed, amount):
    testbed.quotes = MemoryQuoteStore(testbed.clock, at_once=2)
    testbed.evaluate = replace(
        testbed.evaluate, markets=replace(testbed.evaluate.markets, quotes=testbed.quotes)
    )
    testbed.quotes.put([], [f"C{number}" for number in range(amount)])
    testbed.dispatcher.take()


def test_of_many_coins_the_next_ones_are_another_messages(testbed):
    many_changed(testbed, 5)
    for asked in ([("arb.evaluate", ([],), 0)], [("arb.evaluate", ([],), 0)], []):
        testbed.evaluate.run()
        assert testbed.dispatcher.take() == asked
    assert sum(refused(testbed).values()) == 5 * len(testbed.evaluate.markets.pair.venues)


def test_where_no_broker_takes_a_message_all_coins_are_looked_at(testbed):
    many_changed(testbed, 5)
    testbed.dispatcher.send = broken
    testbed.evaluate.run()
    assert taken(testbed.quotes) == ()
    assert sum(refused(testbed).values()) == 5 * len(testbed.evaluate.markets.pair.venues)


def test_the_rate_is_no_coin_to_trade(testbed):
    rate = testbed.book(Venue.UPBIT, "USDT/KRW", "1399", "1401", "100000")
    taken(testbed.quotes)
    assert testbed.evaluate.run([rate]) == 0
    assert testbed.counters.counts == {}


def test_books_that_a_message_carries_are_enough_while_the_store_is_away(testbed):
    testbed.quotes.away = True
    testbed.premium(60)
    books = testbed.shown.get([*testbed.instruments, USDT_KRW]).values()
    assert testbed.evaluate.run(list(books)) == 1


def test_without_books_nothing_is_evaluated(testbed):
    testbed.quotes.away = True
    assert testbed.evaluate.run() == 0


def test_an_edge_below_the_least_opens_nothing_and_is_no_refusal(testbed):
    testbed.premium(60)
    assert with_limits(testbed, entry_edge_bps_min=Decimal(60)).run() == 0
    assert refused(testbed) == {}


def test_old_quotes_are_refused_with_their_reason(testbed):
    testbed.premium(60)
    testbed.pass_time(2_001)
    assert testbed.evaluate.run() == 0
    assert refused(testbed) == {"quote_stale": 1}


def test_a_coin_whose_rules_are_not_known_is_refused_for_each_venue(testbed):
    eth = [
        testbed.book(Venue.BINANCE, "ETH/USDT", "3999", "4001", "5"),
        testbed.book(Venue.UPBIT, "ETH/KRW", "5600000", "5602000", "5"),
    ]
    testbed.quotes.put(eth, ["ETH"])
    taken(testbed.quotes)
    assert testbed.evaluate.run(eth) == 0
    assert refused(testbed) == {"no_rules_binance": 1, "no_rules_upbit": 1}


def test_what_risk_refuses_is_counted_and_leaves_no_row(testbed):
    testbed.premium(60)
    assert with_limits(testbed, notional_total_krw_max=Decimal(1_000)).run() == 0
    assert refused(testbed) == {"notional_total": 1}
    assert not testbed.tables.trades


def test_a_limit_price_that_the_other_venue_contradicts_is_refused(testbed):
    testbed.premium(60)
    assert with_limits(testbed, price_band_bps_max=Decimal(10)).run() == 0
    assert [*refused(testbed)] == ["price_band_upbit"]


def test_a_coin_with_enough_open_trades_is_refused_before_any_lock(testbed):
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.premium(60)
    assert (
        replace(with_limits(testbed, trades_open_per_coin_max=1), trades=Unlocked(testbed.trades)).run() == 0
    )
    assert refused(testbed) == {"trades_open_per_coin": 1}


def test_a_second_trade_of_the_same_way_waits_for_its_cooldown(testbed):
    calm = with_limits(testbed, entry_cooldown_ns=NS_PER_S)
    testbed.premium(60)
    assert calm.run() == 1
    testbed.pass_time(999)
    testbed.premium(60)
    assert calm.run() == 0
    assert refused(testbed) == {"entry_cooldown": 1}
    testbed.pass_time(1)
    testbed.premium(60)
    assert calm.run() == 1


def test_the_other_way_has_a_cooldown_of_its_own(testbed):
    calm = with_limits(testbed, entry_cooldown_ns=NS_PER_S)
    testbed.premium(60)
    assert calm.run() == 1
    testbed.premium(-60)
    assert calm.run() == 1


def test_a_share_too_small_to_send_is_refused(testbed):
    class Cautious:
        def watch(self, _rate): ...

        def share(self, _market, _now_ns):
            return Decimal("0.000001")

    testbed.premium(60)
    assert replace(testbed.evaluate, guard=Cautious()).run() == 0
    assert refused(testbed) == {"size_too_small": 1}


# closing


def opened(testbed: EngineTestbed) -> None:
    open_pair(testbed)
    settle_all(testbed)
    assert only_trade(testbed).state is TradeState.OPEN


def test_an_exit_is_written_before_it_is_sent_and_says_why(testbed):
    opened(testbed)
    testbed.premium(0)
    assert testbed.evaluate.run() == 1
    assert (only_trade(testbed).state, only_trade(testbed).reason) == (TradeState.CLOSING, "take_profit")
    exits = [row.order for row in testbed.tables.orders.values() if row.order.purpose is Purpose.EXIT]
    assert {order.state for order in exits} == {OrderState.INTENT}
    assert {args[0] for _, args, _ in testbed.dispatcher.take()} == {order.client_order_id for order in exits}


def test_a_pair_whose_time_has_not_come_is_held(testbed):
    opened(testbed)
    testbed.premium(55)
    assert (
        replace(testbed.evaluate, appetite=replace(testbed.evaluate.appetite, notional_usdt=Decimal(1))).run()
        == 0
    )
    assert only_trade(testbed).state is TradeState.OPEN


def test_a_coin_that_closes_a_pair_opens_none_in_the_same_look(testbed):
    opened(testbed)
    testbed.premium(-60)
    assert testbed.evaluate.run() == 1
    assert len(testbed.tables.trades) == 1


def test_a_trade_that_somebody_else_closed_at_this_moment_is_left_to_them(testbed):
    opened(testbed)
    view = testbed.trades.view(only_trade(testbed).trade_id)
    testbed.trades.add_orders(replace(view.trade, reason="somebody else"), ())
    testbed.premium(0)
    assert replace(testbed.evaluate, trades=Stale(testbed.trades, view)).run() == 0
    assert testbed.dispatcher.take() == []


class Unlocked:
    """A store in which nobody may take the lock of the review."""

    def __init__(self, trades) -> None:
        self._trades = trades

    def __getattr__(self, name):
        assert name != "open_trade"
        return getattr(self._trades, name)


class Stale:
    """A store whose view of the session's trades is a moment old."""

    def __init__(self, trades, view) -> None:
        self._trades, self._view = trades, view

    def session_view(self, *_args):
        return SessionView(Mode.NORMAL, (self._view,))

    def __getattr__(self, name):
        return getattr(self._trades, name)


@pytest.mark.parametrize("mode", list(Mode))
def test_a_mode_allows_only_what_shrinks_risk(testbed, mode):
    opened(testbed)
    testbed.sessions.set_mode(SESSION, mode, "test", testbed.clock.now_ns())
    testbed.premium(0)
    closes = mode is not Mode.HALTED
    assert testbed.evaluate.run() == closes
    settle_all(testbed)
    testbed.premium(60)
    assert testbed.evaluate.run() == (mode is Mode.NORMAL)


def test_each_decision_is_kept_in_the_journal(testbed):
    kept = []
    watched = replace(testbed.evaluate, journal=kept.append)
    testbed.premium(60)
    watched.run()
    settle_all(testbed)
    testbed.premium(0)
    watched.run()
    trade_id = only_trade(testbed).trade_id
    assert [(made.action, made.trade_id) for made in kept] == [("open", trade_id), ("close", trade_id)]


def test_a_refused_trade_is_no_decision_for_the_journal(testbed):
    kept = []
    testbed.premium(60)
    replace(with_limits(testbed, notional_total_krw_max=Decimal(1_000)), journal=kept.append).run()
    assert kept == []
