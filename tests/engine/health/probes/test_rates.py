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
