"""Somebody sets the clock back by a minute: nothing old becomes young, and nothing waits for a minute."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.memory.venue import Trouble
from arb.domain.errors import DataError
from arb.domain.health.degradation import Degree
from arb.domain.health.judge import silence_ms
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState, pair_legs
from arb.engine.health.probes.rates import Rates
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.trading.coin_filter import CoinFilter
from tests.domain.markets import PAIR, USDT_KRW
from tests.engine.books import BTC_KRW, BTC_USDT, NOW_NS, a_book
from tests.engine.health.test_watch import Counts, Post
from tests.engine.market.test_feed_guard import World as Guarded
from tests.engine.market.test_membership import settled
from tests.engine.testbed import BTC, SESSION, EngineTestbed, run_due

STEP_MS = 60_000
STEP_NS = STEP_MS * NS_PER_MS
LIMITS = GateLimits(
    lag_ns_max=1_500 * NS_PER_MS,
    ahead_ns_max=5 * NS_PER_S,
    jump_bps_max=Decimal(500),
    jump_window_ns=NS_PER_S,
)


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


class Fed:
    """A testbed whose quotes come by a feed. Upbit stamps its books with the true time, Binance does not."""

    def __init__(self) -> None:
        self.testbed, self.buffered = EngineTestbed(), BufferedCounters()
        self.clock = self.testbed.clock
        self.gates = {venue: BookGate(LIMITS) for venue in PAIR.venues}
        self.feed = Feed(
            pair=PAIR,
            store=self.testbed.quotes,
            dispatcher=MemoryDispatcher(),
            buffered=self.buffered,
            clock=self.clock,
        )
        self.feed.own({BTC: 0, USDT: 0})
        self.refused = 0

    def hear(self, upbit: str, binance: str) -> None:
        true_ns = self.clock.steady_ns()
        for venue, symbol, bid, stamp_ns in (
            (Venue.UPBIT, "BTC/KRW", upbit, true_ns),
            (Venue.UPBIT, "USDT/KRW", "1400", true_ns),
            (Venue.BINANCE, "BTC/USDT", binance, 0),
        ):
            book = self.testbed.book(venue, symbol, bid, str(Decimal(bid) + 1), "5000")
            self.take(replace(book, ts_event_ns=stamp_ns, sequence=true_ns))
        self.feed.flush()

    def take(self, book: Book) -> None:
        try:
            self.gates[book.venue].admit(book, book.ts_event_ns and book.ts_recv_ns - book.ts_event_ns)
        except DataError:
            self.refused += 1
        else:
            self.feed.accept([book])

    def stored(self) -> set[object]:
        return set(self.testbed.quotes.get((BTC_KRW, BTC_USDT, USDT_KRW)))


def test_a_price_from_before_is_never_traded_on_and_trading_goes_on_when_the_clock_is_right():
    fed = Fed()
    fed.hear("140000000", "100000")
    fed.clock.set_back_ms(STEP_MS)
    for _ in range(280):  # beyond the moment when the clock has come to where it was
        fed.clock.advance_ms(250)
        fed.hear("141400000", "101000")  # the whole market is up, and of Upbit that is not heard
        assert fed.testbed.evaluate_now() == 0
    assert fed.refused == 560
    assert fed.stored() == {BTC_USDT}
    fed.clock.set_back_ms(-STEP_MS)
    fed.hear("141400000", "100000")
    assert fed.testbed.evaluate_now() == 1


def test_a_book_that_was_on_its_way_when_the_clock_was_set_back_is_dropped():
    fed = Fed()
    fed.hear("140000000", "100000")
    late = replace(fed.testbed.book(Venue.UPBIT, "BTC/KRW", "140000000", "140000001", "5"), sequence=2**62)
    fed.clock.set_back_ms(STEP_MS)
    fed.feed.flush()
    fed.feed.accept([late])
    fed.feed.flush()
    assert not fed.stored()


def test_a_small_correction_forgets_nothing():
    fed = Fed()
    fed.hear("140000000", "100000")
    fed.clock.set_back_ms(400)
    fed.feed.flush()
    assert len(fed.stored()) == 3


def test_quotes_of_a_feed_whose_clock_is_ahead_open_and_close_nothing(testbed):
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    while testbed.pending:
        testbed.run_one()
    testbed.premium(0)  # time to close
    testbed.clock.set_back_ms(STEP_MS)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "quote_ahead"] == 1
    (trade,) = testbed.tables.trades.values()
    assert trade.state is TradeState.OPEN


def test_a_leg_is_repaired_by_what_the_venues_say_while_the_quotes_are_ahead(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.run_one()
    testbed.run_one()
    testbed.clock.set_back_ms(STEP_MS)
    for _ in range(10):
        if testbed.pending:
            testbed.run_one()
        testbed.pass_time(100)
    assert trade_position([row.order for row in testbed.tables.orders.values()]).imbalance == 0
    assert testbed.counters.counts["books_asked", "upbit"] > 0


KEYS = (BTC_KRW, BTC_USDT, USDT_KRW)


def test_what_a_venue_was_asked_is_not_used_again_when_the_clock_gets_there_once_more(testbed):
    fresh = testbed.settle.markets
    testbed.quotes.remove(dict.fromkeys(KEYS, 0))
    assert fresh.read(BTC) is not None
    testbed.clock.set_back_ms(STEP_MS)
    testbed.clock.advance_ms(STEP_MS)
    before = dict(testbed.counters.counts)
    fresh.read(BTC)
    assert testbed.counters.counts["books_asked", "upbit"] == before["books_asked", "upbit"] + 2


def test_balances_that_did_not_pay_for_an_exit_are_looked_at_again(testbed):
    testbed.premium(60)
    testbed.evaluate_now()
    (trade,) = testbed.tables.trades.values()
    market, guard, now_ns = (
        testbed.settle.markets.read(BTC),
        testbed.evaluate.exit_guard,
        testbed.clock.now_ns(),
    )
    legs = pair_legs(market, Direction("sell_upbit"), Purpose.EXIT, Decimal(5), Decimal(8))
    dear = tuple(replace(leg, quantity=Decimal(1_000_000)) for leg in legs)
    assert not any(guard.pays(trade, dear, at_ns) for at_ns in (now_ns, now_ns + 1, now_ns - STEP_NS))
    assert testbed.counters.counts["exit_waits", "balance"] == 2


def test_a_move_after_the_step_is_no_jump():
    gate = BookGate(LIMITS)
    gate.admit(a_book(bid="100"), 0)
    gate.admit(a_book(bid="200", sequence=2, ts_recv_ns=NOW_NS - STEP_NS), 0)


def test_the_watchdog_stays_on_duty_when_its_session_began_in_what_is_the_future_now():
    post = Post()
    post.store.vitals = replace(post.store.vitals, mode=Mode.NORMAL, mode_changed_at_ns=post.clock.now_ns())
    assert post.sweep() is None
    post.clock.set_back_ms(STEP_MS)
    assert post.sweep() is not None


@pytest.mark.parametrize("wrong", ["all_feeds_unhealthy", "all_workers_gone"])
def test_what_is_stamped_ahead_is_no_sign_of_life(wrong):
    post = Post()
    post.quotes.put([a_book(ts_recv_ns=post.clock.now_ns())], [])
    post.beats.beat("worker-orders", {}, post.clock.now_ns())
    assert not post.watch.monitor.look(post.clock.now_ns())[wrong]
    assert post.watch.monitor.look(post.clock.now_ns() - STEP_NS)[wrong]
    assert silence_ms(post.clock.now_ns(), post.clock.now_ns() - STEP_NS) == STEP_MS


def test_a_condition_that_began_before_is_told_in_time():
    post = Post()
    post.beats.away = True
    post.sweep()
    post.clock.set_back_ms(STEP_MS)
    post.sweep()
    assert post.told("redis_unreachable")


def test_feeds_that_died_before_are_missed():
    world = Guarded()
    world.beat(Coin("BTC"))
    world.clock.set_back_ms(STEP_MS)
    world.guard.run(world.clock.now_ns())
    assert world.sessions.get(world.guard.session_id).mode is Mode.HALTED


def test_the_coins_of_a_feed_worker_that_died_before_are_fed_by_others_within_ten_seconds():
    world = settled("one", "two", "three")
    world.run(1_000, without=("two",))
    world.clock.set_back_ms(STEP_MS)
    world.run(10_000, without=("two",))
    assert set(world.fed("one", "three").values()) == {"one", "three"}
    assert len(world.fed("one", "three")) == 6


def test_a_count_of_the_last_minute_does_not_grow_longer():
    counts = Counts()
    rates = Rates(counts)
    for second in range(0, 120, 10):
        counts.count("errors", "any")
        readings = list(rates.read(NOW_NS - (STEP_NS if second >= 60 else 0) + second * NS_PER_S))
    (errors,) = (reading for reading in readings if reading.rule == "live_errors_per_minute")
    assert errors.value <= 6


def test_a_far_coin_is_looked_at_again():
    coin_filter = CoinFilter(lambda: Degree.NEAR)
    coin_filter.note(BTC, NOW_NS, far=True)
    assert coin_filter.worth((BTC,), NOW_NS) == ()
    assert coin_filter.worth((BTC,), NOW_NS - STEP_NS) == (BTC,)


@pytest.mark.parametrize("step_ms", [2_000, STEP_MS, 60 * STEP_MS])
@pytest.mark.parametrize("trouble", [Trouble.DROPPED, Trouble.REPLY_LOST])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_order_that_was_lost_before_is_asked_about_and_its_trade_settled(testbed, trouble, sign, step_ms):
    """Whichever way the clock is set while the order is out."""
    testbed.venues[Venue.BINANCE].troubles.append(trouble)
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.run_one()
    testbed.run_one()
    testbed.pending.clear()
    testbed.clock.set_back_ms(sign * step_ms)
    for _ in range(40):
        testbed.premium(60)
        testbed.sweep.run()
        testbed.collect()
        run_due(testbed)
        testbed.pass_time(2_000)
        if not testbed.trades.working(SESSION) and testbed.drain.at_rest():
            break
    assert testbed.trades.working(SESSION) == 0
    assert trade_position([row.order for row in testbed.tables.orders.values()]).imbalance == 0


def test_an_order_that_nobody_knows_is_told_when_its_stamp_lies_ahead(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    testbed.venues[Venue.BINANCE].mute = True
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.run_one()
    testbed.run_one()
    testbed.clock.set_back_ms(STEP_MS)
    testbed.sweep.run()
    assert "order_unknown" in [alert.kind for _, alert in testbed.tables.alerts]


def test_an_intent_from_before_is_not_sent_at_its_old_price(testbed):
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.clock.set_back_ms(STEP_MS)
    testbed.run_one()
    testbed.run_one()
    assert testbed.orders_at(Venue.UPBIT) == testbed.orders_at(Venue.BINANCE) == {}
