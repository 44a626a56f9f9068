"""A venue that nothing gets through to is left alone, and tried again by one request at a time."""

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.venues.http import NoConnectionFree, NotSent, ReplyLost
from arb.adapters.venues.venue_breaker import RULES, VenueBreaker
from arb.domain.errors import OutcomeUnknown, Retryable
from arb.domain.market.ids import Venue
from tests.adapters.venues.scripted import upbit_bench
from tests.venues.samples import response


@pytest.fixture
def breaker():
    return VenueBreaker(Venue.UPBIT, ManualClock(), SeededEntropy(1))


def broken(breaker):
    for _ in range(RULES.failures_max):
        breaker.enter()
        breaker.failed()
    return breaker


def test_ten_failures_in_a_row_open_it_and_say_when_to_come_again(breaker):
    broken(breaker)
    with pytest.raises(Retryable) as refused:
        breaker.enter()
    assert 0 < refused.value.retry_after_ms <= RULES.cooldown_ms * 1.1


def test_an_answer_in_between_starts_the_count_again(breaker):
    for _ in range(3):
        for _ in range(RULES.failures_max - 1):
            breaker.failed()
        breaker.succeeded()
    breaker.enter()


def test_after_the_cooldown_one_request_tries_and_the_others_wait_for_it(breaker):
    broken(breaker)
    breaker._clock.sleep_ms(int(RULES.cooldown_ms * 1.2))
    breaker.enter()
    with pytest.raises(Retryable):
        breaker.enter()
    breaker.succeeded()
    breaker.enter()
    breaker.enter()


def test_a_try_that_fails_costs_another_cooldown(breaker):
    broken(breaker)
    breaker._clock.sleep_ms(int(RULES.cooldown_ms * 1.2))
    breaker.enter()
    breaker.failed()
    with pytest.raises(Retryable):
        breaker.enter()


def test_a_try_that_nobody_heard_of_again_is_followed_by_another(breaker):
    broken(breaker)
    for _ in range(2):
        breaker._clock.sleep_ms(int(RULES.cooldown_ms * 1.2))
        breaker.enter()


@pytest.mark.parametrize("failure", [NotSent("upbit", "refused"), ReplyLost("upbit", "timed out")])
def test_a_client_stops_asking_a_venue_that_does_not_answer(failure):
    bench = upbit_bench()
    bench.transport.on("GET /v1/accounts", failure)
    for _ in range(RULES.failures_max + 5):
        with pytest.raises((Retryable, OutcomeUnknown)):
            bench.client.balances()
    assert bench.transport.count("GET /v1/accounts") == RULES.failures_max
    bench.transport.on("GET /v1/accounts", response(200, []))
    bench.clock.sleep_ms(int(RULES.cooldown_ms * 1.2))
    assert bench.client.balances() == {}


def test_that_all_of_our_connections_are_in_use_is_not_the_venues_fault():
    bench = upbit_bench()
    bench.transport.on("GET /v1/accounts", NoConnectionFree("upbit", "every connection is in use"))
    for _ in range(RULES.failures_max + 5):
        with pytest.raises(Retryable):
            bench.client.balances()
    assert bench.transport.count("GET /v1/accounts") == RULES.failures_max + 5
