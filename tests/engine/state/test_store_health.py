"""Three misses are an alert, the return another, one miss is neither."""

from arb.adapters.local.clock import ManualClock
from arb.domain.errors import StoreUnavailable
from arb.engine.state.store_health import WatchDatabase
from tests.engine.testbed import Uncounted


class Database:
    away = False

    def ask(self):
        if self.away:
            raise StoreUnavailable("gone")


class Alerts(list):
    def raise_alert(self, alert):
        self.append(alert.kind)


def test_three_misses_are_told_once_and_so_is_the_return():
    database, alerts, clock, recovered = Database(), Alerts(), ManualClock(), []
    watch = WatchDatabase(
        ask=database.ask, alerts=alerts, counters=Uncounted(), clock=clock, recovered=recovered.append
    )
    assert watch.run()
    database.away = True
    lost_at_ns = clock.now_ns()
    for _ in range(5):
        assert not watch.run()
        clock.advance_ms(30_000)
    assert alerts == ["store_unreachable"]
    database.away = False
    assert watch.run()
    assert watch.run()
    assert alerts == ["store_unreachable", "store_recovered"]
    (recovery,) = recovered
    assert (recovery.component, recovery.cause) == ("postgres", "gone")
    assert (recovery.lost_at_ns, recovery.recovered_at_ns) == (lost_at_ns, clock.now_ns())


def test_one_miss_is_nothing():
    database, alerts, recovered = Database(), Alerts(), []
    watch = WatchDatabase(
        ask=database.ask,
        alerts=alerts,
        counters=Uncounted(),
        clock=ManualClock(),
        recovered=recovered.append,
    )
    database.away = True
    watch.run()
    database.away = False
    watch.run()
    assert alerts == []
    assert recovered == []
