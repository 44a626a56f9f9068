"""Which account a key opens, and whether a session may go on with it."""

import pytest

from arb.domain.market.ids import Venue
from arb.domain.state.account import (
    Key,
    Known,
    Unnamed,
    are_others,
    fingerprint,
    former_account,
    name_of,
    refusal,
)
from arb.domain.state.owner import Owner, parse_owner

BEFORE = {Venue.UPBIT: "desk", Venue.BINANCE: "354937868"}
OTHER = BEFORE | {Venue.BINANCE: "1"}


def test_a_fingerprint_tells_nothing_of_its_key():
    key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
    assert len(fingerprint(Venue.BINANCE, key)) == 12
    assert fingerprint(Venue.BINANCE, key) != fingerprint(Venue.BINANCE, key[:-1])
    assert fingerprint(Venue.BINANCE, key) != fingerprint(Venue.UPBIT, key)
    assert not set(fingerprint(Venue.BINANCE, key)) - set("0123456789abcdef")


def test_sessions_of_before_are_known_by_both_keys_in_their_order():
    assert former_account(("binance", "upbit")) == "f51b87cc1882"
    assert former_account(("binance", "upbit")) != former_account(("upbit", "binance"))


@pytest.mark.parametrize(
    ("told", "label", "remembered", "former", "name"),
    [
        ("7", "", None, None, "7"),
        ("7", "", "8", "old", "7"),  # what the venue says beats what the operator did not know better
        ("", "desk", None, "old", "desk"),
        ("", "desk", "desk", None, "desk"),
        ("", "", "7", "old", "7"),
        ("", "", None, "old", "old"),
    ],
)
def test_the_venue_names_an_account_then_the_operator_then_what_is_remembered(
    told, label, remembered, former, name
):
    key = Key(fingerprint="f", told=told, label=label)
    known = Known(name=remembered) if remembered else None
    assert name_of(Venue.BINANCE, key, known, former) == name


@pytest.mark.parametrize(
    ("key", "remembered", "says"),
    [
        (Key(fingerprint="f", untold="403"), None, "403"),
        (Key(fingerprint="f", label="main"), "desk", "set it back to desk"),
        (Key(fingerprint="f", told="8"), "7", "check upbit.rest_url"),
    ],
)
def test_an_account_that_nobody_can_name_is_refused_in_one_line(key, remembered, says):
    known = Known(name=remembered, is_told=bool(key.told)) if remembered else None
    found = name_of(Venue.UPBIT, key, known, None)
    assert isinstance(found, Unnamed)
    assert says in found.line
    assert "\n" not in found.line


@pytest.mark.parametrize(
    ("before", "now", "others"),
    [
        (BEFORE, OTHER, True),
        (BEFORE, BEFORE, False),
        (BEFORE, {Venue.UPBIT: "desk"}, True),
        (dict.fromkeys(BEFORE, ""), BEFORE, False),
        (BEFORE, dict.fromkeys(BEFORE, ""), False),
        ({}, BEFORE, False),
    ],
)
def test_a_session_goes_on_with_its_own_accounts_and_names_what_had_no_name(before, now, others):
    assert are_others(before, now) is others


def test_what_is_refused_names_both():
    assert "binance=354937868,upbit=desk" in refusal("s-1", BEFORE, OTHER, 2)
    assert "binance=1,upbit=desk" in refusal("s-1", BEFORE, OTHER, 2)


@pytest.mark.parametrize(
    ("mine", "theirs", "may"),
    [
        (BEFORE, BEFORE, True),
        (BEFORE, OTHER, False),
        ({}, BEFORE, True),
        (BEFORE, {}, True),
        (BEFORE, dict.fromkeys(BEFORE, ""), True),
        ({Venue.UPBIT: "desk"}, BEFORE, False),  # it has no key for the other venue
    ],
)
def test_a_process_acts_for_sessions_of_its_accounts_in_its_own_mode(mine, theirs, may):
    process, session = (Owner(environment="live", accounts=each) for each in (mine, theirs))
    assert process.may_touch(session) is may
    assert not Owner(environment="paper", accounts=mine).may_touch(session)


def test_a_step_says_whose_process_took_it_today_and_before():
    owner = Owner(environment="live", accounts=BEFORE)
    assert parse_owner(str(owner), {}) == owner
    former = parse_owner("live:abc", BEFORE)
    assert former.accounts == dict.fromkeys(BEFORE, "abc")
    names = {(venue, "abc"): name for venue, name in BEFORE.items()}
    assert former.today(names).accounts == BEFORE
