"""What goes wrong and when, as a function of a seed: faults in spells of some seconds, and deaths.

Pure. A spell is a whole set of faults for one venue; the next one replaces it, so that rates, delays,
skewed clocks and the memory for burnt identifiers change while orders are under way. How long a process
lives before it is killed is drawn for each of its lives.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from arb.domain.market.ids import Venue
from arb.sim.venues import SIMULATED
from arb.venues.registry import FACTS

SPELL_MS: Final = 8_000
BAN_SPELLS: Final = 6  # one spell in this many begins with a ban
BAN_MS: Final = 2_000
SKEW_MS_MAX: Final = 900  # what is a second ahead is refused where there is a receive window

# kind -> (least, greatest) share of what it can strike; orders unless the kind is about something else.
RATES: Final[dict[str, tuple[float, float]]] = {
    "accept_then_drop_reply": (0.02, 0.08),
    "drop_then_timeout": (0.01, 0.04),
    "error_5xx_accepted": (0.02, 0.06),
    "error_5xx_not_accepted": (0.02, 0.06),
    "slow_accept": (0.01, 0.05),
    "late_execution": (0.01, 0.04),
    "reject": (0.01, 0.05),
    "rate_limit_429": (0.001, 0.004),  # of all requests
    "partial_fill": (0.05, 0.2),
    "get_not_yet_visible": (0.1, 0.3),  # of all look-ups
    "duplicate_event": (0.05, 0.2),
    "missing_event": (0.05, 0.2),
    "late_event": (0.05, 0.2),
    "reordered_event": (0.05, 0.2),
}
# Longer than our time-out, and on both sides of a receive window.
DELAYS_MS: Final[dict[str, tuple[int, int]]] = {
    "drop_then_timeout": (1_500, 4_000),
    "slow_accept": (800, 2_600),
    "late_event": (200, 2_000),
    "get_not_yet_visible": (200, 2_000),
}
LATE_MS_MAX: Final = 3_000  # where there is no receive window

# program -> (least, greatest) ms that a life lasts once it runs; a program not named here is not killed.
LIVES_MS: Final[dict[str, tuple[int, int]]] = {
    "worker-orders": (1_500, 11_000),
    "worker-evaluate": (3_000, 18_000),
    "worker-housekeeping": (3_000, 22_000),
    "feed": (4_000, 24_000),
    "stream": (3_000, 20_000),
    "beat": (4_000, 26_000),
}

# How long a life lasts until it is aimed at, and how long after an order was seen in its hand the shot comes:
# about as long as it takes from the commit of a claim to the record of its answer.
AIM_AFTER_MS: Final = (8_000, 30_000)
AIM_FIRE_MS: Final = (0, 25)


def spell_at(elapsed_ms: int) -> int:
    """Return the number of the spell that reigns this long after the start."""
    return max(0, elapsed_ms) // SPELL_MS


def faults_of(seed: int, venue: Venue, spell: int) -> list[dict[str, Any]]:
    """Return the faults of one venue during one spell, as its `/sim/faults` takes them."""
    dice = Random(f"{seed}:{venue}:{spell}")
    faults = [_fault(kind, venue, dice) for kind in RATES]
    faults.append({"kind": "clock_skew_ms", "delay_ms": dice.randint(-SKEW_MS_MAX, SKEW_MS_MAX)})
    faults += [{"kind": kind} for kind in SIMULATED[venue].own_faults if dice.random() < 0.5]
    if spell % BAN_SPELLS == BAN_SPELLS - 1:
        faults.insert(0, {"kind": "ban_418", "probability": 0.05, "count": 1, "delay_ms": BAN_MS})
    return faults


def _fault(kind: str, venue: Venue, dice: Random) -> dict[str, Any]:
    fault: dict[str, Any] = {"kind": kind, "probability": round(dice.uniform(*RATES[kind]), 4)}
    if kind in DELAYS_MS:
        fault["delay_ms"] = dice.randint(*DELAYS_MS[kind])
    if kind == "late_execution":
        to_the_fence = FACTS[venue].has_receive_window and dice.random() < 0.5
        fault["delay_ms"] = 0 if to_the_fence else dice.randint(100, LATE_MS_MAX)
    return fault


def is_mortal(program: str) -> bool:
    """Tell whether a program is killed at all."""
    return _kind_of(program) in LIVES_MS


def lives_ms(seed: int, program: str) -> Iterator[int]:
    """Return how long each life of a mortal program lasts, without end."""
    dice = Random(f"{seed}:kill:{program}")
    while True:
        yield dice.randint(*LIVES_MS[_kind_of(program)])


def aims_ms(seed: int) -> Iterator[tuple[int, int]]:
    """Return for each aim at who has an order in hand how long its life has lasted, and when it fires."""
    dice = Random(f"{seed}:aim")
    while True:
        yield dice.randint(*AIM_AFTER_MS), dice.randint(*AIM_FIRE_MS)


def _kind_of(program: str) -> str:
    """Return `worker-evaluate` for `worker-evaluate-2`, its second copy."""
    return program.rstrip("0123456789").removesuffix("-")
