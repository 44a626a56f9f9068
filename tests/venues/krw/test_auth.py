"""Tokens against published vectors, and their nonces."""

from hypothesis import given
from hypothesis import strategies as st

from arb.venues.api_key import ApiKey
from arb.venues.jwt import hashed_text, nonce_of, query_hash
from arb.venues.krw.auth import Pass, token

KEY = ApiKey("test-access-key-000000000000000000000000", "test-secret-key-000000000000000000000000")
ACCESS = Pass(KEY, "6f5570df-d8bc-4daf-85b4-976733feb624")


QUERY_1 = "market=KRW-BTC&side=bid&ord_type=limit&volume=0.01&price=100000000&identifier=arb-0001-u-1"


QUERY_2 = [
    ("uuids[]", "9ca023a5-851b-4fec-9f0a-48cd83c2eaae"),
    ("uuids[]", "d098ceaf-6811-4df8-97f2-b7e01aefc03f"),
]


def test_published_hash_and_token_of_a_query():
    assert query_hash(QUERY_1).startswith("5ae50dea1bb1e740b2c71efa87f8ecf021701c3f49027742363ec76fb586fd45")
    assert token(ACCESS, QUERY_1).endswith(".2Kywt3Yk9CqVPk5qdgNHJjRVQs--P7L4boRHvLNLie4")


def test_published_hash_of_an_array():
    digest = query_hash(hashed_text(QUERY_2))
    assert digest.startswith("7b38979b98105cde6f379a451389519a1904b0b92cae55603a861fdd4b84c8ce")
    assert digest.endswith("6635e2193679c1c99e1a573676b9a9efebcc4041117ec506a363480321404287")


def test_published_token_without_parameters():
    assert token(ACCESS).endswith("._CaXfHU7Ut8oIE6QIIEvqi4cT3cgXBqbw-e1naniKkI")


@given(st.integers(min_value=0, max_value=(1 << 128) - 1))
def test_a_nonce_is_a_version_4_uuid(bits: int):
    parts = nonce_of(bits).split("-")
    assert [len(part) for part in parts] == [8, 4, 4, 4, 12]
    assert parts[2][0] == "4"
    assert parts[3][0] in "89ab"
