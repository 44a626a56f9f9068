"""`arb chaos feeds`: the replay in every test run, the stack in `make chaos`."""

import pytest

from arb.chaos.feeds import run_feeds as chaos_feeds
from arb.chaos.feeds.dry_run import dry_run
from arb.stack.shutdown import silent
from tests.chaos.command import chaos

STEPS = 120


def test_the_same_seed_decides_the_same_and_another_one_does_not():
    first, again, other = dry_run(3, STEPS), dry_run(3, STEPS), dry_run(4, STEPS)
    assert first.lines() == again.lines()
    assert first.lines() != other.lines()


def test_a_dry_run_opens_pairs_and_closes_them_under_fences():
    decisions = dry_run(3, STEPS).decisions
    assert {each.action for each in decisions} == {"open", "close"}
    assert all(seen.fence > 0 for each in decisions for seen in each.seen)


def test_decisions_that_differ_fail_the_scenario(monkeypatch):
    monkeypatch.setattr(chaos_feeds, "_decisions", lambda seed, hash_seed: b"%d\n" % hash_seed)
    assert not chaos_feeds.dry_runs(1, silent).passed


def test_a_seed_that_changes_nothing_fails_the_scenario(monkeypatch):
    monkeypatch.setattr(chaos_feeds, "_decisions", lambda seed, hash_seed: b"the same\n")
    assert not chaos_feeds.dry_runs(1, silent).passed


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_feed_workers_die_and_freeze_and_no_zombie_is_traded_on():
    code, lines, said = chaos("feeds", "--seed", "1", timeout_s=880)
    print(*lines, sep="\n")
    assert code == 0, said[-2_000:]
    assert len(lines) == 8
    moved = {line["name"]: line["recovery_s"] for line in lines}
    assert max(moved["one_killed"], moved["one_frozen"]) < 10
