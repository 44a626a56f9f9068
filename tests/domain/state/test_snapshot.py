"""A part of a snapshot is what was written, or it is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.errors import DataError
from arb.domain.state.snapshot import canonical, checksum, verify

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(part=plain)
def test_a_part_comes_back_as_it_was(part):
    body = canonical(part)
    assert verify(body, checksum(body)) == part


@settings(max_examples=40)
@given(part=st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_makes_no_other_text(part):
    assert canonical(part) == canonical(dict(reversed(part.items())))


@settings(max_examples=40)
@given(part=plain, place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_single_damaged_byte_is_refused(part, place, flip):
    body = canonical(part)
    damaged = bytearray(body)
    damaged[place % len(body)] ^= flip
    with pytest.raises(DataError, match="snapshot_checksum"):
        verify(bytes(damaged), checksum(body))


def test_a_text_is_plain_ascii_without_spaces():
    assert canonical({"b": "원", "a": [1, 2]}) == b'{"a":[1,2],"b":"\\uc6d0"}'
