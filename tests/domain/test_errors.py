"""Errors survive the way between processes, and say what to do."""

import inspect
import pickle

import pytest

from arb.domain import errors
from arb.domain.errors import (
    AgainstRules,
    ArbError,
    DataError,
    HotStateUnavailable,
    IllegalTransition,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retryable,
    StoreUnavailable,
    VenueError,
)

ALL = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, ArbError)]


def example(kind: type[ArbError]) -> ArbError:
    """Return an error with an argument of its own in each place that it names."""
    if not inspect.isfunction(kind.__init__):
        return kind("any text")
    places = list(inspect.signature(kind.__init__).parameters)[1:]
    return kind(*(25 if name.endswith("_ms") else f"the {name}" for name in places))


@pytest.mark.parametrize("kind", ALL)
def test_an_error_arrives_in_another_process_as_it_left(kind):
    sent = example(kind)
    arrived = pickle.loads(pickle.dumps(sent))
    assert type(arrived) is kind
    assert (arrived.args, str(arrived), vars(arrived)) == (sent.args, str(sent), vars(sent))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (RateLimited, Retryable),
        (AgainstRules, Rejected),
        (Retryable, VenueError),
        (OutcomeUnknown, VenueError),
        (HotStateUnavailable, StoreUnavailable),
    ],
)
def test_what_is_handled_as_the_wider_kind_is_one(narrow, wide):
    assert issubclass(narrow, wide)


def test_an_unknown_outcome_is_never_taken_for_one_that_may_be_sent_again():
    assert not issubclass(OutcomeUnknown, Retryable)
    assert not issubclass(OutcomeUnknown, Rejected)


def test_a_pause_that_a_venue_asks_for_travels_with_the_error():
    assert RateLimited("upbit", "429", 700).retry_after_ms == 700
    assert Retryable("upbit").retry_after_ms == 0


def test_messages_name_the_subject_and_the_fact():
    assert str(IllegalTransition("o-1", "filled", "claim")) == "o-1 in state filled cannot take event claim"
    assert str(DataError("stale", "lag 7")) == "stale: lag 7"
    assert str(DataError("stale")) == "stale"
    assert str(Rejected("binance", "no", "-2010")) == "binance: no"
