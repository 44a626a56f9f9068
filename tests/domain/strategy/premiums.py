"""Premiums minute by minute, seeded: of what is worth trading, and of what only looks like it."""

from itertools import pairwise

from arb.domain.strategy.levels import SeenLevels
from arb.domain.strategy.premium import LevelRules
from arb.domain.time import NS_PER_HOUR, NS_PER_MINUTE

RULES = LevelRules(half_life_ns=6 * NS_PER_HOUR, away_bps=23.0, return_ns=3 * NS_PER_HOUR)
BEGINS_NS = 1_750_000_000 * 1_000_000_000
NOISE_BPS = 7.0
DAY = 1_440


def noise(draw, minutes, sd=NOISE_BPS, keep=0.8):
    value, found = 0.0, []
    for _ in range(minutes):
        value = keep * value + draw.gauss(0, sd * (1 - keep * keep) ** 0.5)
        found.append(value)
    return found


def planted(draw, minutes, a_day=4, size=80.0, half_life=15, level=0.0):
    """Return noise around a level, with premiums that come and go."""
    found = [level + each for each in noise(draw, minutes)]
    for begins in range(minutes):
        if draw.random() < a_day / DAY:
            sign = draw.choice((-1, 1))
            for minute in range(begins, min(minutes, begins + 6 * half_life)):
                found[minute] += sign * size * 0.5 ** ((minute - begins) / half_life)
    return found


def shuffled(draw, minutes):
    found = planted(draw, minutes)
    draw.shuffle(found)
    return found


def increments_shuffled(draw, minutes):
    found = planted(draw, minutes)
    moves = [later - earlier for earlier, later in pairwise(found)]
    draw.shuffle(moves)
    return summed([found[0], *moves])


def walk(draw, minutes, step=3.0):
    return summed(draw.gauss(0, step) for _ in range(minutes))


def slowly_back(draw, minutes):
    """Return what a premium against a bank's rate is like: back within days."""
    return noise(draw, minutes, sd=90.0, keep=0.5 ** (1 / (104 * 60)))


def steps(draw, minutes, a_day=2):
    """Return a level that is another one now and then, for good."""
    moves = ((draw.random() < a_day / DAY) * draw.choice((-80.0, 80.0)) for _ in range(minutes))
    return [level + each for level, each in zip(summed(moves), noise(draw, minutes), strict=True)]


def summed(moves):
    total, found = 0.0, []
    for each in moves:
        total += each
        found.append(total)
    return found


def seen(premiums, coin="BTC", rules=RULES, levels=None, begins_ns=BEGINS_NS, every_ns=NS_PER_MINUTE):
    """Return the levels of who has seen these."""
    levels = levels or SeenLevels(rules=rules)
    for minute, bps in enumerate(premiums):
        levels.note(coin, begins_ns + minute * every_ns, bps)
    return levels
