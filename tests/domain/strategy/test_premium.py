"""Where premiums come back to, and what says that they do."""

from random import Random

import pytest

from arb.domain.strategy.premium import GAP_NS, LOOK_NS
from arb.domain.strategy.premium_memory import read_memory, written_memory
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from tests.domain.strategy import premiums
from tests.domain.strategy.premiums import BEGINS_NS, DAY, RULES, noise, planted, seen

WARM = 600  # minutes


def level_after(values, **how):
    levels = seen(values, **how)
    memory = levels.of("BTC")
    return memory.level(memory.newest_ns)


@pytest.mark.parametrize("level", [-90.0, 0.0, 40.0])
def test_the_level_is_where_premiums_are_and_not_even(level):
    found = level_after(planted(Random(1), 3 * DAY, level=level))
    assert found.bps == pytest.approx(level, abs=2)
    assert found.sd_bps == pytest.approx(7, abs=2)
    assert found.margin_bps < 12


def test_what_lasts_for_less_than_hours_does_not_move_the_level():
    calm = noise(Random(2), WARM)
    away = [100.0 + each for each in noise(Random(3), 120)]
    assert level_after([*calm, *away]).bps == pytest.approx(level_after(calm).bps, abs=5)


def test_what_has_moved_for_good_is_the_level_within_half_a_day():
    values = [*noise(Random(2), 2 * DAY), *(60.0 + each for each in noise(Random(3), 720))]
    assert level_after(values).bps == pytest.approx(60, abs=5)


def test_a_level_that_moves_is_told_with_its_margin():
    assert level_after(premiums.walk(Random(4), 2 * DAY)).margin_bps > 25


@pytest.mark.parametrize("minutes", [1, 60, 120, 180])
def test_a_few_hours_tell_no_level(minutes):
    assert level_after(noise(Random(5), minutes)) is None


@pytest.mark.parametrize("every_ns", [GAP_NS + 1, NS_PER_HOUR, NS_PER_DAY])
def test_rows_too_far_apart_tell_no_level_however_many(every_ns):
    assert level_after(noise(Random(6), 2_000), every_ns=every_ns) is None


def test_a_hole_is_filled_with_nothing():
    levels = seen(noise(Random(7), WARM))
    memory = levels.of("BTC")
    before, seconds = memory.newest_ns, memory.histogram.seconds(memory.newest_ns, RULES.half_life_ns)
    later = before + 6 * NS_PER_HOUR
    assert memory.level(later) is None
    memory.note(later, 500.0)
    assert memory.histogram.seconds(later, RULES.half_life_ns) == pytest.approx(seconds / 2)


def test_years_without_a_look_and_a_clock_that_was_set_back_leave_it_of_use():
    levels = seen(noise(Random(8), WARM))
    memory = levels.of("BTC")
    for begins_ns in (BEGINS_NS + 1_000 * NS_PER_DAY, BEGINS_NS - 1_000 * NS_PER_DAY):
        seen([30.0 + each for each in noise(Random(9), WARM)], levels=levels, begins_ns=begins_ns)
        assert memory.level(memory.newest_ns).bps == pytest.approx(30, abs=3)


def test_looks_that_come_too_soon_are_left_out():
    calm, often = noise(Random(10), WARM), seen([])
    for minute, bps in enumerate(calm):
        at_ns = BEGINS_NS + minute * NS_PER_MINUTE
        often.note("BTC", at_ns, bps)
        for second in range(1, LOOK_NS // NS_PER_S):
            often.note("BTC", at_ns + second * NS_PER_S, 900.0)
    assert written_memory(often.of("BTC")) == written_memory(seen(calm).of("BTC"))


def test_absurd_premiums_are_bounded():
    assert abs(level_after([1e9] * WARM).bps) <= 2_000


def test_what_was_learnt_comes_back_as_it_was():
    memory = seen(planted(Random(11), 2 * DAY)).of("BTC")
    assert read_memory(written_memory(memory), RULES) == memory


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", "{}", '{"histogram":{"weights":{"x":1},"since_ns":0}}', "x" * 2_000_000],
)
def test_a_text_that_makes_no_sense_is_nothing(text):
    assert read_memory(text, RULES) is None


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", '"3"', "null", "[]"])
@pytest.mark.parametrize("key", ["newest_bps", "newest_ns", "stands", "error_bps"])
def test_a_number_that_is_none_is_nothing(key, wrong):
    text = written_memory(seen(noise(Random(12), 300)).of("BTC"))
    value = text.partition(f'"{key}":')[2].partition(",")[0]
    assert read_memory(text.replace(f'"{key}":{value}', f'"{key}":{wrong}'), RULES) is None
