"""How often something was counted in the last minute."""

from arb.domain.time import NS_PER_MINUTE, NS_PER_S
from arb.engine.health.probes.rates import Rates
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import Counts


def test_rates_are_of_the_last_minute_and_survive_a_reset():
    counts = Counts()
    rates = Rates(counts)
    seen = []
    for at_s in range(0, 150, 30):
        counts.count("errors", "arb.settle_trade", 2)
        seen.append(int(readings(rates, at_s * NS_PER_S)[("live_errors_per_minute", "errors")]))
    assert seen == [0, 2, 4, 4, 4]
    counts.counts.clear()
    assert readings(rates, 3 * NS_PER_MINUTE)[("live_errors_per_minute", "errors")] == 0


def test_only_refusals_that_mean_trouble_count_as_safety_rejections():
    counts = Counts()
    rates = Rates(counts)
    readings(rates, 0)
    for reason in (
        "orders_per_minute",
        "price_band_upbit",
        "price_band_binance",
        "quote_stale",
        "daily_loss",
    ):
        counts.count("refused_looks", reason)
    assert readings(rates, NS_PER_S)["safety_rejections_per_minute", "refused_looks"] == 3


def test_only_drifts_count_of_what_was_reconciled():
    counts = Counts()
    rates = Rates(counts)
    readings(rates, 0)
    counts.count("reconciled", "agreed", 7)
    counts.count("reconciled", "drift", 2)
    assert readings(rates, NS_PER_S)["drifts_per_minute", "reconciled"] == 2


def test_what_was_counted_before_the_first_look_is_nobodys_last_minute():
    counts = Counts()
    counts.count("errors", "any", 100)
    assert set(readings(Rates(counts), 0).values()) == {0}
