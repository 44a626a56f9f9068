"""A clock that is set back by an hour lengthens no wait and no interval of a process."""

import asyncio

import pytest
import redis

from arb.adapters.alerts.dead_man import DeadManPing
from arb.adapters.alerts.limiter import SharedLimiter
from arb.adapters.broker.gate import BrokerGate
from arb.adapters.local.clock import ManualClock, SeededEntropy, SystemClock
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.venues.instruments import LiveInstruments
from arb.adapters.venues.rate_limit import Limit, RateLimiter
from arb.adapters.venues.venue_breaker import RULES, VenueBreaker
from arb.domain.errors import Retryable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.listing import Listing
from arb.domain.time import NS_PER_MS
from arb.engine.market.rules import REFRESH_NS, WatchRules
from arb.web.scrape import Exporter
from arb.web.throttle import FAILURES_PER_ADDRESS_MAX, Throttle
from tests.adapters.alerts.test_dead_man import outside  # noqa: F401 - a fixture
from tests.adapters.venues.test_websocket import NERVOUS, Ear, connected, times
from tests.adapters.venues.websocket_server import Peer, Server
from tests.engine.books import BTC_KRW
from tests.engine.testbed import RULES as INSTRUMENTS

STEP_MS = 3_600_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def later(clock: ManualClock, ms: int) -> None:
    clock.set_back_ms(STEP_MS)
    clock.advance_ms(ms)


def test_the_steady_clock_is_not_set(clock):
    before_ns = clock.steady_ns()
    later(clock, 5)
    assert clock.steady_ns() == before_ns + 5 * NS_PER_MS
    assert clock.now_ns() == before_ns + (5 - STEP_MS) * NS_PER_MS
    real = SystemClock()
    assert real.steady_ns() <= real.steady_ns()


def test_a_venue_is_tried_again_after_its_cooldown(clock):
    breaker = VenueBreaker(Venue.UPBIT, clock, SeededEntropy(1))
    for _ in range(RULES.failures_max):
        breaker.failed()
    with pytest.raises(Retryable):
        breaker.enter()
    later(clock, int(RULES.cooldown_ms * 1.2))
    breaker.enter()


def test_so_is_the_broker(clock):
    gate = BrokerGate(marks={}, clock=clock, entropy=SeededEntropy(1))
    gate.failed(redis.ConnectionError())
    assert not gate.canary_due()
    later(clock, 1_200)
    assert gate.canary_due()


def test_a_pause_that_a_venue_asked_for_ends(clock):
    limiter = RateLimiter(Venue.UPBIT, {"order": Limit(count=8, period_ms=1_000)}, clock)
    limiter.pause("order", 2_000)
    later(clock, 2_000)
    limiter.acquire("order", 1, 0)


def test_rules_are_refreshed_when_they_are_due(clock):
    asked = []

    class Venues:
        def instruments(self, coins):
            asked.append(coins)
            return Listing(tuple(INSTRUMENTS.values()))

    nobody_told = WatchRules(coins=(), alerts=None, counters=None)
    rules = LiveInstruments({Venue.UPBIT: Venues()}, [Coin("BTC")], clock, nobody_told)
    assert rules[BTC_KRW] and rules[BTC_KRW]
    later(clock, REFRESH_NS // NS_PER_MS)
    assert rules[BTC_KRW] and len(asked) == 2


def test_what_was_held_back_is_told(clock, tmp_path):
    limiter = SharedLimiter(SharedFile(tmp_path / "alerts.json", clock), 300_000 * NS_PER_MS)
    for _ in range(2):
        limiter.admit(
            Alert(
                kind=AlertKind.LEDGER_DRIFT,
                subject="btc",
                severity=Severity.WARNING,
                message="",
                at_ns=clock.now_ns(),
            )
        )
    assert limiter.overdue(clock.now_ns()) == []
    clock.set_back_ms(STEP_MS)
    assert [alert.held_back for alert in limiter.overdue(clock.now_ns())] == [1]


def test_who_waits_for_our_ping_hears_it(clock, outside):  # noqa: F811
    ping = DeadManPing(outside.url, 60_000 * NS_PER_MS)
    ping.ping(clock.now_ns())
    clock.set_back_ms(STEP_MS)
    ping.ping(clock.now_ns())
    assert len(outside.asked) == 2


def test_metrics_do_not_stand_still(clock):
    reads = []
    exporter = Exporter({"trades": lambda: reads.append(1) or []}, clock)
    exporter.text()
    later(clock, 2_000)
    exporter.text()
    assert len(reads) == 2


def test_who_mistyped_a_password_waits_no_longer(clock):
    throttle = Throttle(clock)
    for _ in range(FAILURES_PER_ADDRESS_MAX):
        throttle.failed("10.0.0.1")
    clock.set_back_ms(STEP_MS)
    assert throttle.wait_s("10.0.0.1") == 60


class Settable(SystemClock):
    """A machine's clock that somebody sets back."""

    behind_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() - self.behind_ns


def test_a_frozen_connection_is_replaced_all_the_same():
    clock = Settable()

    async def script(peer: Peer) -> None:
        await peer.send(b"quote")
        await asyncio.sleep(0.05)
        clock.behind_ns = STEP_MS * NS_PER_MS
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear, silence=NERVOUS, clock=clock):
        ear.wait(times("opened", 2))
