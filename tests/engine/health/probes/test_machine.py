"""What the machine shows, and how far the venues' clocks are off."""

from decimal import Decimal

from arb.adapters.local.clock import ManualClock
from arb.domain.health.judge import HealthLevel, Rule
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.health.probes.machine import ClockOffset, Load, ProcessUsage
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import Post

STEP_MS = 60_000


class Rushing:
    """A venue whose clock is right."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.asked = clock, 0

    def time_offset_ms(self) -> int:
        self.asked += 1
        return (self.clock.steady_ns() - self.clock.now_ns()) // NS_PER_MS


def test_a_wrong_clock_is_an_error_within_a_sample_and_critical_within_a_minute_and_a_half():
    """What docs/operations.md promises; CRITICAL halts the session."""
    post = Post()
    rule = Rule(name="clock_offset_ms", warn=Decimal(500), limit=Decimal(1_000))
    probe = ClockOffset({Venue.BINANCE: Rushing(post.clock)}, 10 * NS_PER_S)
    object.__setattr__(post.watch, "probes", (probe,))
    object.__setattr__(post.watch, "redis_probes", ())
    object.__setattr__(post.watch, "rules", {"clock_offset_ms": rule})
    assert post.sweep(10).level is HealthLevel.OK
    post.clock.set_back_ms(STEP_MS)
    assert post.sweep(1).level is HealthLevel.ERROR
    assert post.sweep(13).level is HealthLevel.CRITICAL


class Shown:
    """A machine that shows what a test says."""

    def __init__(self, *usages: ProcessUsage) -> None:
        self.usages = usages

    def processes(self, now_ns):
        return self.usages

    def disk_free_mb(self):
        return {"/data": Decimal(512)}


class Kept:
    """Keeps the samples that were written."""

    def __init__(self) -> None:
        self.samples = []

    def write(self, usages):
        self.samples.append([usage.name for usage in usages])


class Asked:
    """A venue that counts how often its clock is asked for."""

    def __init__(self, offset_ms: int | None) -> None:
        self.offset_ms, self.asked = offset_ms, 0

    def time_offset_ms(self) -> int | None:
        self.asked += 1
        return self.offset_ms


def test_each_process_and_each_disk_is_measured():
    feed = ProcessUsage(name="feed", cpu_pct=Decimal(7), rss_mb=Decimal(90))
    assert readings(Load(Shown(feed), Kept(), 30), 0) == {
        ("rss_mb", "feed"): 90, ("cpu_pct", "feed"): 7, ("disk_free_mb", "/data"): 512,
    }  # fmt: skip


def test_a_process_that_is_seen_for_the_first_time_has_no_measure_of_its_work():
    feed = ProcessUsage(name="feed", cpu_pct=None, rss_mb=Decimal(90))
    assert ("cpu_pct", "feed") not in readings(Load(Shown(feed), Kept(), 30), 0)


def test_a_clock_is_off_either_way():
    probe = ClockOffset({Venue.UPBIT: Asked(-300), Venue.BINANCE: Asked(200)}, NS_PER_S)
    assert readings(probe, 10 * NS_PER_S) == {
        ("clock_offset_ms", "upbit"): 300, ("clock_offset_ms", "binance"): 200,
    }  # fmt: skip


def test_a_venue_without_a_clock_is_not_measured():
    assert readings(ClockOffset({Venue.UPBIT: Asked(None)}, NS_PER_S), 10 * NS_PER_S) == {}


def test_between_two_questions_the_last_answer_goes_on():
    venue = Asked(200)
    probe = ClockOffset({Venue.BINANCE: venue}, 10 * NS_PER_S)
    found = [readings(probe, at_s * NS_PER_S) for at_s in (100, 105, 109, 110)]
    assert (found, venue.asked) == ([{("clock_offset_ms", "binance"): 200}] * 4, 2)


def test_processes_are_sampled_once_in_each_samples_time_and_after_a_clock_set_back():
    kept = Kept()
    load = Load(Shown(ProcessUsage("feed", None, Decimal(80))), kept, 30)
    counts = []
    for now_ns in (0, 10, 29, 31, 59, 65, 5):
        readings(load, now_ns)
        counts.append(len(kept.samples))
    assert counts == [1, 1, 1, 2, 2, 3, 4]
    assert kept.samples[0] == ["feed"]
