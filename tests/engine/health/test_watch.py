"""A sweep over memory adapters: what it measures, tells, keeps, and when it stands back."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.errands import ThreadErrands
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.judge import HealthLevel, Key, LevelChange, Reading, Rule, SubjectHealth, Verdict
from arb.domain.market.ids import Coin, SessionId
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.engine.health import watch
from arb.engine.health.monitor import StandingAlert, Stood, SystemMonitor
from arb.engine.health.probes import books
from arb.engine.health.probes.books import LastVitals, Vitals
from arb.engine.health.watch import Watchdog, named_probes
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.market.markets import Markets
from tests.domain.markets import PAIR, USDT_KRW, a_belief
from tests.engine.books import BTC_KRW, BTC_USDT, a_book

BTC = Coin("BTC")
VITALS = Vitals(
    session_id=SessionId("testbed"), mode=Mode.NORMAL, mode_reason="", mode_changed_at_ns=0, started_at_ns=0,
    snapshot_at_ns=0, unknown_since_ns=0, uneven=(),
)  # fmt: skip


@dataclass
class Alarms:
    raised: list[Alert] = field(default_factory=list)

    def raise_alert(self, alert: Alert) -> None:
        self.raised.append(alert)


@dataclass
class Memory:
    kept: Mapping[Key, SubjectHealth] = field(default_factory=dict)
    stood: Mapping[str, StandingAlert] = field(default_factory=dict)
    turn: bool = True

    def take_turn(self, now_ns: int) -> bool:
        return self.turn

    def judge(self, step: Callable[[Mapping[Key, SubjectHealth]], Verdict]) -> Verdict:
        verdict = step(self.kept)
        self.kept = verdict.healths
        return verdict

    def stand(self, step: Callable[[Mapping[str, StandingAlert]], Stood]) -> Stood:
        stood = step(self.stood)
        self.stood = stood.conditions
        return stood


@dataclass
class Store:
    vitals: Vitals | None = VITALS
    away: bool = False

    def read(self) -> Vitals | None:
        if self.away:
            raise StoreUnavailable("away")
        return self.vitals


@dataclass
class Beats:
    beats: dict[str, dict[str, str]] = field(default_factory=dict)
    away: bool = False

    def beat(self, process: str, facts: Mapping[str, str], now_ns: int) -> None:
        self.beats[process] = {**facts, "at_ns": str(now_ns)}

    def read(self) -> Mapping[str, Mapping[str, str]]:
        if self.away:
            raise StoreUnavailable("away")
        return self.beats


@dataclass
class Counts:
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.counts.setdefault(name, {}).setdefault(reason, 0)
        self.counts[name][reason] += amount

    def read(self) -> Mapping[str, Mapping[str, int]]:
        return self.counts


@dataclass
class Rows:
    changes: list[LevelChange] = field(default_factory=list)

    def add(self, change: LevelChange) -> None:
        self.changes.append(change)


@dataclass
class Outside:
    pings: int = 0

    def ping(self, now_ns: int) -> None:
        self.pings += 1


@dataclass
class Given:
    """A probe that reads what the test says."""

    value: int = 0
    away: bool = False
    subject: str = "upbit"
    asked: int = 0

    def read(self, now_ns: int) -> Iterable[Reading]:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        return [Reading("ws_lag_ms", self.subject, Decimal(self.value))]


@dataclass
class Less:
    """What a sweep ends with; remembers what it was given."""

    decided: list[list[Reading]] = field(default_factory=list)
    disks: list[list[Reading]] = field(default_factory=list)

    def run(self, readings: list[Reading]) -> None:
        self.decided.append(readings)

    def watch_disks(self, readings: list[Reading]) -> None:
        self.disks.append(readings)


class Post:
    """A watch and all that it looks at."""

    def __init__(self) -> None:
        self.clock, self.alarms, self.memory = ManualClock(1_000 * NS_PER_S), Alarms(), Memory()
        self.store, self.beats, self.counts = Store(), Beats(), Counts()
        self.rows, self.outside = Rows(), Outside()
        self.given, self.by_redis = Given(), Given(subject="redis")
        self.quotes = MemoryQuoteStore(self.clock)
        self.degrade = Less()
        vitals = LastVitals(self.store)
        self.watch = Watchdog(
            probes=(self.given,), redis_probes=(self.by_redis,),
            rules={"ws_lag_ms": Rule(name="ws_lag_ms", warn=Decimal(2), limit=Decimal(5))},
            monitor=SystemMonitor(
                quotes=self.quotes, heartbeats=self.beats, vitals=vitals, coins=(BTC,),
                markets=Markets(pair=PAIR, quotes=self.quotes, instruments={}, belief=a_belief()),
                quote_age_ns_max=10 * NS_PER_S, heartbeat_age_ns_max=15 * NS_PER_S,
            ),
            feeds=FeedGuard(
                session_id=SessionId("s"), registry=MemoryFeedRegistry(self.quotes), alerts=self.alarms,
                sessions=MemorySessionStore(MemoryTables()),
            ),
            degrade=self.degrade, vitals=vitals, memory=self.memory, changes=self.rows, dead_man=self.outside,
            alerts=self.alarms,
            counters=self.counts, errands=ThreadErrands(), clock=self.clock, sample_ns=30 * NS_PER_S,
        )  # fmt: skip

    def told(self, kind: str) -> list[Severity]:
        return [alert.severity for alert in self.alarms.raised if alert.kind == kind]

    def sweep(self, times: int = 1, value: int | None = None):
        if value is not None:
            self.given.value = value
        for _ in range(times):
            verdict = self.watch.run()
            self.clock.advance_ms(5_000)
        return verdict


def test_each_change_of_a_level_is_one_alert_and_one_row():
    post = Post()
    post.sweep(3, value=3)
    post.sweep(2, value=0)
    assert post.told("watchdog_ws_lag_ms") == [Severity.WARNING, Severity.INFO]
    assert [(row.before, row.after) for row in post.rows.changes] == [
        (HealthLevel.OK, HealthLevel.WARN), (HealthLevel.WARN, HealthLevel.OK),
    ]  # fmt: skip


def test_three_errors_counted_once_in_a_sample_are_critical_and_silence_the_ping():
    post = Post()
    assert post.sweep(12, value=9).level is HealthLevel.ERROR
    pings = post.outside.pings
    assert post.sweep(1).level is HealthLevel.CRITICAL
    assert post.outside.pings == pings


def test_another_process_goes_on_counting_where_one_stopped():
    post = Post()
    post.sweep(7, value=9)
    following = Post()
    following.clock.advance_ms(35_000)
    following.memory = post.memory
    object.__setattr__(following.watch, "memory", post.memory)
    assert following.sweep(7, value=9).level is HealthLevel.CRITICAL


def test_nobody_sweeps_out_of_turn_or_while_the_stack_starts_or_stops():
    post = Post()
    post.memory.turn = False
    assert post.sweep(value=9) is None
    post.memory.turn = True
    for reason in ("starting: not reconciled yet", "stopping"):
        post.store.vitals = replace(VITALS, mode=Mode.HALTED, mode_reason=reason)
        assert post.sweep(value=9) is None
    post.store.vitals = replace(VITALS, mode_changed_at_ns=post.clock.now_ns() - NS_PER_S)
    assert post.sweep(value=9) is None
    post.store.vitals = replace(VITALS, mode=Mode.HALTED, mode_reason="by hand")
    assert post.sweep(value=9) is not None


def test_what_cannot_be_measured_is_counted_and_keeps_its_level():
    post = Post()
    post.sweep(value=9)
    post.given.away = True
    assert post.sweep(5).level is HealthLevel.ERROR
    assert post.counts.counts["watchdog"]["unmeasured_given"] == 5


def test_a_database_that_is_away_is_told_within_two_sweeps_and_so_is_its_return():
    post = Post()
    post.store.away = True
    post.sweep(2)
    assert post.told("postgres_unreachable") == [Severity.CRITICAL]
    post.sweep(3)
    post.store.away = False
    post.sweep(2)
    assert post.told("postgres_unreachable") == [Severity.CRITICAL, Severity.INFO]


def test_redis_away_is_told_as_that_and_as_nothing_else():
    post = Post()
    post.beats.away = True
    post.sweep(3)
    assert {alert.kind for alert in post.alarms.raised} == {"redis_unreachable"}


def test_while_redis_is_away_only_the_rest_is_measured():
    post = Post()
    post.beats.away = True
    post.sweep(3, value=9)
    assert (post.given.asked, post.by_redis.asked) == (3, 0)
    post.beats.away = False
    post.sweep(1)
    assert post.by_redis.asked == 1


def test_a_moment_is_no_outage():
    post = Post()
    post.beats.away = True
    post.sweep(1)
    post.beats.away = False
    post.sweep(1)
    assert post.told("redis_unreachable") == []


def test_silent_workers_and_feeds_are_told_apart():
    post = Post()
    post.beats.beat("worker-orders", {}, post.clock.now_ns() - 20 * NS_PER_S)
    post.beats.beat("feed", {}, post.clock.now_ns())
    post.sweep(2)
    assert post.told("all_workers_gone") == [Severity.CRITICAL]
    assert post.told("all_feeds_unhealthy") == [Severity.CRITICAL]
    post.beats.beat("worker-evaluate", {}, post.clock.now_ns())
    post.sweep(1)
    assert post.told("all_workers_gone") == [Severity.CRITICAL, Severity.INFO]


def test_a_sweep_decides_how_much_is_done_and_asks_no_database_that_is_away():
    post = Post()
    post.given.value = 3
    post.watch.run()
    post.store.away = True
    post.clock.advance_ms(5_000)
    post.watch.run()
    assert [readings[-1].value for readings in post.degrade.decided] == [3, 3]
    assert len(post.degrade.disks) == 1
    assert post.counts.counts["watchdog"]["mode_not_written"] == 1


class Hangs:
    """Stands for anything that does not answer until the test ends it."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.asked = 0

    def __call__(self, *_: object) -> list[Reading]:
        self.asked += 1
        self.end.wait()
        return []

    read = run = add = ping = watch_disks = __call__


@pytest.fixture
def hangs(monkeypatch):
    monkeypatch.setattr(watch, "ERRAND_MS_MAX", 200)
    monkeypatch.setattr(books, "VITALS_MS_MAX", 200)
    hangs = Hangs()
    yield hangs
    hangs.end.set()


def told_parts(post: Post) -> list[tuple[str, Severity]]:
    return [
        (each.subject, each.severity) for each in post.alarms.raised if each.kind == AlertKind.WATCH_HANGS
    ]


def replaced(post: Post, **parts: object) -> Post:
    post.watch = replace(post.watch, **parts)
    return post


def test_a_probe_that_hangs_costs_its_own_reading_and_is_told_until_it_answers(hangs):
    post = Post()
    replaced(post, probes=(hangs, post.given))
    post.sweep(1, value=3)
    assert post.told("watchdog_ws_lag_ms") == [Severity.WARNING], "the others are read and judged"
    assert told_parts(post) == [], "once is no news"
    post.sweep(3)
    assert told_parts(post) == [("hangs", Severity.WARNING)]
    assert hangs.asked == 1, "one thread, however long it hangs"
    hangs.end.set()
    while told_parts(post)[-1] != ("hangs", Severity.INFO):
        post.sweep(1)


@pytest.mark.parametrize("part", ["feeds", "changes", "disks", "dead_man", "degrade", "redis", "markets"])
def test_whatever_hangs_the_sweep_ends_and_tells_the_rest(part, hangs):
    post = Post()
    match part:
        case "feeds" | "changes" | "dead_man":
            replaced(post, **{part: hangs})
        case "disks":
            post.degrade.watch_disks = hangs
        case "degrade":
            post.degrade.run = hangs
        case "redis":
            post.beats.read = hangs
        case "markets":
            post.quotes.put(
                [a_book(key, ts_recv_ns=post.clock.now_ns()) for key in (BTC_KRW, BTC_USDT, USDT_KRW)], []
            )
            replaced(post, monitor=replace(post.watch.monitor, markets=HangingMarkets(hangs)))
    post.sweep(1, value=3)
    post.sweep(1, value=9)
    assert post.told("watchdog_ws_lag_ms") == [Severity.WARNING, Severity.CRITICAL]
    assert told_parts(post) == [(part, Severity.WARNING)]


@dataclass
class HangingMarkets:
    """Markets whose rules a venue does not tell."""

    read: Hangs
    pair = PAIR


def test_a_database_that_hangs_is_told_and_nothing_that_needs_it_is_tried(hangs):
    post = Post()
    post.store.read = hangs.read
    replaced(post, feeds=(feeds := Hangs()), changes=(changes := Hangs()))
    post.sweep(2, value=3)
    assert post.told("postgres_unreachable") == [Severity.CRITICAL]
    assert post.told("watchdog_ws_lag_ms") == [Severity.WARNING]
    assert (feeds.asked, changes.asked, hangs.asked) == (0, 0, 1)
    assert told_parts(post) == [], "it is told as the database"


def test_probes_of_one_kind_have_names_of_their_own():
    one, two, other = Given(), Given(), Hangs()
    assert named_probes((one, other, two)) == {"given": one, "hangs": other, "given-2": two}
