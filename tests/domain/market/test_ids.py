"""Ids that can be computed again after a crash, and that both venues accept."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue, client_order_id, parse_client_order_id, trade_id

moments = st.integers(0, (1 << 42) - 1)
randoms = st.integers(0, (1 << 22) - 1)


@given(moments, randoms, st.sampled_from(Venue), st.integers(1, 99_999))
def test_an_order_id_says_what_it_was_derived_from(now_ms, bits, venue, number):
    trade = trade_id(now_ms, bits)
    text = client_order_id(trade, venue, number)
    assert parse_client_order_id(text) == (trade, venue, number)
    assert re.fullmatch(r"[a-z0-9-]{1,24}", text)


@given(moments, randoms, moments, randoms)
def test_trade_ids_are_equal_only_for_the_same_moment_and_draw(first, one, second, two):
    assert (trade_id(first, one) == trade_id(second, two)) is ((first, one) == (second, two))


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_a_number_out_of_range_is_refused(number):
    with pytest.raises(ValueError, match="not a client order id"):
        client_order_id(trade_id(1, 1), Venue.UPBIT, number)


@pytest.mark.parametrize("text", ["", "web_1", "a1-short-u1", "a1-aaaaaaaaaaaaa-x1", "a1-aaaaaaaaaaaaa-u0"])
def test_foreign_ids_are_not_ours(text):
    assert parse_client_order_id(text) is None


def test_no_two_venues_share_a_letter_in_ids():
    assert len({venue.code for venue in Venue}) == len(Venue)
    assert all(re.fullmatch("[a-z]", venue.code) for venue in Venue)


@pytest.mark.parametrize(
    ("text", "venue"), [("a1-aaaaaaaaaaaaa-u1", "upbit"), ("a1-aaaaaaaaaaaaa-b7", "binance")]
)
def test_ids_of_older_versions_are_still_read(text, venue):
    found = parse_client_order_id(text)
    assert found is not None and found[1] == venue
    assert client_order_id(*found) == text
