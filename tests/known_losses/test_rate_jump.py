"""A move of the rate is believed once it has lasted: a jump of its book opens and converges nothing.

When somebody buys USDT in a hurry, KRW-USDT jumps for seconds while no coin moves. That is no premium: what
was opened on it was closed at a loss once the rate was back, and good pairs as if they had converged.
"""

import pytest

from tests.engine.town import Town
from tests.known_losses.helpers import (
    DEFAULT_LIMITS,
    TunedTown,
    go_on,
    open_pairs,
    open_trades,
    quote,
    require,
    trades,
    upbit_books,
)


def jump(town: Town, premium_bps: int, krw_per_usdt: int, for_ms: int) -> None:
    """Move the rate alone for so long, then bring it back; the coin's own books stay."""
    upbit, rate = upbit_books(premium_bps), (str(krw_per_usdt - 1), str(krw_per_usdt + 1))
    go_on(town, for_ms, step_ms=100, quoting=lambda: quote(town, upbit=upbit, rate=rate))
    go_on(town, for_ms=3_000, step_ms=100, quoting=lambda: quote(town, upbit=upbit))


def be_calm(town: Town, premium_bps: int, for_s: int) -> None:
    upbit = upbit_books(premium_bps)
    go_on(town, for_s * 1_000, step_ms=500, quoting=lambda: quote(town, upbit=upbit))


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
    town = TunedTown(limits=DEFAULT_LIMITS)
    be_calm(town, 0, for_s=70)
    require(not trades(town), "even prices open nothing")
    jump(town, 0, krw_per_usdt, for_ms=5_000)
    opened = len(trades(town))
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
    town = Town()
    open_pairs(town, premium_bps)
    be_calm(town, premium_bps, for_s=10)
    require(len(open_trades(town)) == 1, "the pair is held in calm")
    jump(town, premium_bps, krw_per_usdt, for_ms=1_000)
    held = len(open_trades(town))
    assert held == 1


@pytest.mark.parametrize("premium_bps", [60, -60])
def test_a_premium_while_the_rate_is_quiet_is_taken(premium_bps: int):
    town = Town()
    be_calm(town, 0, for_s=70)
    be_calm(town, premium_bps, for_s=5)
    assert trades(town)
