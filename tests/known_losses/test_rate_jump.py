"""A move of the rate is believed once it has lasted: a jump of its book opens and converges nothing.

When somebody buys USDT in a hurry, KRW-USDT jumps for seconds while no coin moves. That is no premium: what
was opened on it was closed at a loss once the rate was back, and good pairs as if they had converged.
"""

import pytest

from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import (
    DEFAULT_LIMITS,
    TunedTestbed,
    go_on,
    open_pairs,
    open_trades,
    quote,
    require,
    trades,
    upbit_books,
)


def jump(testbed: EngineTestbed, premium_bps: int, krw_per_usdt: int, for_ms: int) -> None:
    """Move the rate alone for so long, then bring it back; the coin's own books stay."""
    upbit, rate = upbit_books(premium_bps), (str(krw_per_usdt - 1), str(krw_per_usdt + 1))
    go_on(testbed, for_ms, step_ms=100, quoting=lambda: quote(testbed, upbit=upbit, rate=rate))
    go_on(testbed, for_ms=3_000, step_ms=100, quoting=lambda: quote(testbed, upbit=upbit))


def be_calm(testbed: EngineTestbed, premium_bps: int, for_s: int) -> None:
    upbit = upbit_books(premium_bps)
    go_on(testbed, for_s * 1_000, step_ms=500, quoting=lambda: quote(testbed, upbit=upbit))


@pytest.mark.parametrize(
    "krw_per_usdt",
    [
        1_400,
        1_390,
        1_410,
        1_420,
        1_460,
        1_480,
    ],
)
def test_a_rate_that_jumps_for_five_seconds_opens_no_pair(krw_per_usdt: int):
    testbed = TunedTestbed(limits=DEFAULT_LIMITS)
    be_calm(testbed, 0, for_s=70)
    require(not trades(testbed), "even prices open nothing")
    jump(testbed, 0, krw_per_usdt, for_ms=5_000)
    opened = len(trades(testbed))
    assert opened == 0


@pytest.mark.parametrize(
    ("premium_bps", "krw_per_usdt"),
    [
        (60, 1_400),
        (60, 1_412),
        (60, 1_470),
        (60, 1_540),
        (-60, 1_388),
    ],
)
def test_a_rate_that_jumps_for_a_second_closes_no_pair(premium_bps: int, krw_per_usdt: int):
    testbed = EngineTestbed()
    open_pairs(testbed, premium_bps)
    be_calm(testbed, premium_bps, for_s=10)
    require(len(open_trades(testbed)) == 1, "the pair is held in calm")
    jump(testbed, premium_bps, krw_per_usdt, for_ms=1_000)
    held = len(open_trades(testbed))
    assert held == 1


@pytest.mark.parametrize("premium_bps", [60, -60])
def test_a_premium_while_the_rate_is_quiet_is_taken(premium_bps: int):
    testbed = EngineTestbed()
    be_calm(testbed, 0, for_s=70)
    be_calm(testbed, premium_bps, for_s=5)
    assert trades(testbed)
