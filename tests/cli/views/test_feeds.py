"""`arb feeds`: who feeds what, and what nobody does."""

import io
from datetime import UTC

from rich.console import Console

from arb.cli.views.feeds import feeds_of, feeds_view
from tests.engine.market.test_membership import COINS, settled


def found_in(world, moves=5):
    return feeds_of(world.registry, COINS, moves, world.clock.now_ns())


def test_every_worker_is_shown_with_its_health_and_its_coins():
    found = found_in(settled("feed-1", "feed-2"))
    assert [(each["worker"], each["health"], len(each["coins"])) for each in found["workers"]] == [
        ("feed-1", "healthy", 3),
        ("feed-2", "healthy", 3),
    ]
    assert found["unfed"] == []
    assert {move["reason"] for move in found["moves"]} <= {"balance", "unowned"}
    assert len(found["moves"]) == 5


def test_when_nobody_is_left_to_say_so_the_silent_are_dead_and_their_coins_unfed():
    world = settled("feed-1")
    world.clock.advance_ms(5_000)
    found = found_in(world)
    assert found["workers"][0]["health"] == "dead"
    assert found["unfed"] == sorted(COINS)


def test_the_table_has_a_line_for_each():
    console = Console(file=io.StringIO(), width=140)
    console.print(feeds_view(found_in(settled("feed-1", "feed-2")), UTC))
    text = console.file.getvalue()
    assert "feed-2" in text and "balance" in text
