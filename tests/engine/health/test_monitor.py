"""The whole at a glance: what is wrong, since when, and whether it was told."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.errors import Retryable
from arb.domain.health.alert import Severity
from arb.domain.health.durability import WORDS, DurabilityReport
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.engine.health.monitor import HOLD_NS, MESSAGES, StandingAlert, SystemMonitor, stand
from arb.engine.market.markets import Markets
from tests.domain.markets import PAIR, USDT_KRW, a_belief
from tests.engine.books import BTC_KRW, BTC_USDT, NOW_NS, a_book
from tests.engine.health.test_watch import Beats, Store
from tests.engine.testbed import BTC, RULES

KIND = "redis_unreachable"
WRONG, RIGHT = {KIND: True}, {KIND: False}


class World:
    """A stack in which all is well."""

    def __init__(self) -> None:
        self.quotes, self.beats, self.store = MemoryQuoteStore(ManualClock(NOW_NS)), Beats(), Store()
        self.rules = {(venue, rule.symbol): rule for venue, rule in RULES.items()}
        self.quotes.put([a_book(key) for key in (BTC_KRW, BTC_USDT, USDT_KRW)], [])
        self.beats.beat("worker-orders", {}, NOW_NS)
        self.troubles = dict.fromkeys(WORDS, False)

    def look(self, after_s: int = 0):
        monitor = SystemMonitor(
            quotes=self.quotes, heartbeats=self.beats, vitals=self.store, coins=(BTC,),
            durability=SimpleNamespace(look=lambda: DurabilityReport(self.troubles)),
            markets=Markets(pair=PAIR, quotes=self.quotes, instruments=self.rules, belief=a_belief()),
            quote_age_ns_max=10 * NS_PER_S, heartbeat_age_ns_max=15 * NS_PER_S,
        )  # fmt: skip
        return monitor.look(NOW_NS + after_s * NS_PER_S)

    def wrong(self, after_s: int = 0) -> set[str]:
        return {kind for kind, is_wrong in self.look(after_s).items() if is_wrong}


@pytest.fixture
def world() -> World:
    return World()


class NoRules(dict):
    """Rules that a venue does not tell."""

    def __contains__(self, _key):
        raise Retryable(Venue.UPBIT, "away")


def test_where_all_is_well_every_condition_is_looked_at_and_none_is_wrong(world):
    assert world.look() == dict.fromkeys(MESSAGES, False)


@pytest.mark.parametrize("kind", WORDS)
def test_a_redis_that_was_made_to_lose_work_is_a_warning_and_over_when_it_is_mended(world, kind):
    world.troubles[kind] = True
    assert world.wrong() == {kind}
    stood = stand({}, world.look(), NOW_NS, NOW_NS)
    later_ns = NOW_NS + HOLD_NS
    told = stand(stood.conditions, world.look(), later_ns, later_ns)
    assert [(alert.kind, alert.severity) for alert in told.alerts] == [(kind, Severity.WARNING)]
    world.troubles[kind] = False
    over = stand(told.conditions, world.look(), later_ns, later_ns)
    assert [(alert.kind, alert.severity) for alert in over.alerts] == [(kind, Severity.INFO)]


def test_a_database_that_is_away_is_told_beside_the_rest(world):
    world.store.away = True
    assert world.wrong() == {"postgres_unreachable"}


@pytest.mark.parametrize("what", ["quotes", "beats"])
def test_while_redis_is_away_nothing_is_said_of_what_it_would_tell(world, what):
    getattr(world, what).away = True
    assert world.look() == {"postgres_unreachable": False, "redis_unreachable": True}


def test_quotes_of_one_venue_are_a_feed_and_no_market(world):
    world.quotes.remove({BTC_KRW: 0, USDT_KRW: 0})
    assert world.wrong() == {"no_tradable_market"}


def test_old_quotes_are_no_sign_of_any_feed(world):
    assert world.wrong(after_s=10) == set()
    assert world.wrong(after_s=11) == {"all_feeds_unhealthy", "no_tradable_market"}


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_market_that_a_venue_closed_is_not_tradable(world, venue):
    key = (venue, RULES[venue].symbol)
    world.rules[key] = replace(RULES[venue], tradable=False)
    assert world.wrong() == {"no_tradable_market"}


def test_rules_that_cannot_be_read_leave_no_tradable_market(world):
    world.rules = NoRules()
    assert world.wrong() == {"no_tradable_market"}


def test_one_worker_that_lives_is_enough(world):
    world.beats.beat("worker-evaluate", {}, NOW_NS - 60 * NS_PER_S)
    assert world.wrong() == set()


def test_workers_that_all_fell_silent_are_gone(world):
    world.beats.beat("worker-orders", {}, NOW_NS - 16 * NS_PER_S)
    assert world.wrong() == {"all_workers_gone"}


def test_other_processes_are_no_workers(world):
    world.beats.beat("worker-orders", {}, NOW_NS - 16 * NS_PER_S)
    world.beats.beat("feed", {}, NOW_NS)
    assert world.wrong() == {"all_workers_gone"}


def test_workers_that_never_began_are_not_gone(world):
    world.beats.beats.clear()
    assert world.wrong() == set()


# what stands, and what is told of it


def test_what_is_wrong_for_a_moment_is_kept_and_not_told():
    stood = stand({}, WRONG, 0, HOLD_NS - 1)
    assert (stood.conditions, stood.alerts) == ({KIND: StandingAlert(0)}, ())


def test_what_lasts_is_told_as_critical():
    (alert,) = stand({KIND: StandingAlert(0)}, WRONG, HOLD_NS, HOLD_NS).alerts
    assert (alert.kind, alert.severity, alert.message) == (KIND, Severity.CRITICAL, MESSAGES[KIND])


def test_what_was_waited_for_through_one_sweep_is_told_at_its_end():
    """The look began when the database fell silent, and took as long as it is borne."""
    assert stand({}, WRONG, 0, HOLD_NS).alerts != ()


def test_what_was_told_is_not_told_again():
    told = {KIND: StandingAlert(0, told=True)}
    stood = stand(told, WRONG, 9 * HOLD_NS, 9 * HOLD_NS)
    assert (stood.conditions, stood.alerts) == (told, ())


def test_what_was_told_and_is_over_is_told_to_be_over():
    stood = stand({KIND: StandingAlert(0, told=True)}, RIGHT, HOLD_NS, HOLD_NS)
    assert stood.conditions == {}
    assert [(alert.kind, alert.severity) for alert in stood.alerts] == [(KIND, Severity.INFO)]


def test_what_is_over_before_it_was_told_is_forgotten():
    stood = stand({KIND: StandingAlert(0)}, RIGHT, 1, 1)
    assert (stood.conditions, stood.alerts) == ({}, ())


def test_what_cannot_be_told_now_stands_as_it_stood():
    before = {"no_tradable_market": StandingAlert(3, told=True)}
    stood = stand(before, WRONG, 0, 1)
    assert stood.conditions == {**before, KIND: StandingAlert(0)}
    assert stood.alerts == ()


def test_what_began_in_what_is_the_future_now_is_told_at_once():
    assert stand({KIND: StandingAlert(9 * HOLD_NS)}, WRONG, 0, 0).alerts != ()


def test_conditions_stand_each_for_itself():
    facts = {KIND: True, "postgres_unreachable": False}
    before = {KIND: StandingAlert(0), "postgres_unreachable": StandingAlert(0, told=True)}
    alerts = stand(before, facts, HOLD_NS, HOLD_NS).alerts
    assert {(alert.kind, alert.severity) for alert in alerts} == {
        (KIND, Severity.CRITICAL), ("postgres_unreachable", Severity.INFO),
    }  # fmt: skip
