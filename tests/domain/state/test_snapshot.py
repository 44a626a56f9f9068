"""The one text of a part of a snapshot."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.state.snapshot import canonical, checksum

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(part=plain)
def test_a_text_says_all_of_its_part(part):
    assert json.loads(canonical(part)) == part


@settings(max_examples=40)
@given(part=st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_makes_no_other_text(part):
    assert canonical(part) == canonical(dict(reversed(part.items())))


def test_a_text_is_plain_ascii_without_spaces():
    assert canonical({"b": "원", "a": [1, 2]}) == b'{"a":[1,2],"b":"\\uc6d0"}'


def test_a_checksum_is_the_sha_256_of_the_text():
    assert checksum(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
