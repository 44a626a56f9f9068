"""Tokens: the vector of docs/protocols/upbit.md, others computed as it is, and refusals."""

import pytest

from arb.sim.core.order_archive import OrderArchive
from arb.sim.krw.auth import AccessKey, Authenticator, KeyPolicy, check_policy
from arb.sim.krw.errors import KrwRejection
from arb.sim.krw.parameters import Parameters, from_json, query_hash
from tests.sim.upbit.client import signed_token

KEY = "test-access-key-000000000000000000000000"
SECRET = "test-secret-key-000000000000000000000000"
NONCE = "6f5570df-d8bc-4daf-85b4-976733feb624"
ORDER_JSON = (
    b'{"market":"KRW-BTC","side":"bid","ord_type":"limit","volume":"0.01",'
    b'"price":"100000000","identifier":"arb-0001-u-1"}'
)
ORDER_TEXT = "market=KRW-BTC&side=bid&ord_type=limit&volume=0.01&price=100000000&identifier=arb-0001-u-1"
NOTHING = Parameters((), "")


def token(nonce=NONCE, text="", key=KEY, secret=SECRET, algorithm="HS256"):
    claims = {"access_key": key, "nonce": nonce}
    if text:
        claims |= {"query_hash": query_hash(text), "query_hash_alg": "SHA512"}
    return "Bearer " + signed_token(claims, secret, algorithm)


def refused(authenticator, header, parameters=NOTHING):
    with pytest.raises(KrwRejection) as caught:
        authenticator.check(header, parameters)
    return caught.value.reply.status, caught.value.reply.name


@pytest.fixture
def authenticator():
    return Authenticator(AccessKey(key=KEY, secret=SECRET), OrderArchive().spend)


@pytest.mark.parametrize(
    ("algorithm", "signature"),
    [
        ("HS256", "2Kywt3Yk9CqVPk5qdgNHJjRVQs--P7L4boRHvLNLie4"),
        ("HS512", "3C-pTRKoJUdicnU4GKeaSLgzD8LcwzSuUQvc0xcVEiScT7tGg1JoRXjMxgZ5xfKtGrnpFPqKQKixLwIUXhcMOQ"),
    ],
)
def test_signature_of_the_published_vector(algorithm, signature):
    assert token(text=ORDER_TEXT, algorithm=algorithm).rpartition(".")[2] == signature


def test_signature_without_parameters():
    assert token().rpartition(".")[2] == "_CaXfHU7Ut8oIE6QIIEvqi4cT3cgXBqbw-e1naniKkI"


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_both_algorithms_are_accepted(authenticator, algorithm):
    header = token(text=ORDER_TEXT, algorithm=algorithm)
    authenticator.check(header, from_json(ORDER_JSON))


def test_nonce_is_accepted_once(authenticator):
    authenticator.check(token(), NOTHING)
    assert refused(authenticator, token()) == (401, "nonce_used")
    assert refused(authenticator, token(algorithm="HS512")) == (401, "nonce_used")


def test_wrong_signature_does_not_spend_the_nonce(authenticator):
    assert refused(authenticator, token(secret="other")) == (401, "jwt_verification")
    authenticator.check(token(), NOTHING)


def test_hash_of_other_parameters_is_refused(authenticator):
    header = token(text=ORDER_TEXT.replace("0.01", "0.02"))
    assert refused(authenticator, header, from_json(ORDER_JSON)) == (401, "invalid_query_payload")


def test_missing_hash_is_refused_when_there_are_parameters(authenticator):
    assert refused(authenticator, token(), from_json(ORDER_JSON)) == (401, "invalid_query_payload")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "no_authorization_token"),
        ("Basic abc", "no_authorization_token"),
        ("Bearer abc", "jwt_verification"),
        ("Bearer a.b.c", "jwt_verification"),
        (token(key="somebody"), "invalid_access_key"),
    ],
)
def test_unreadable_or_foreign_token_is_refused(authenticator, header, name):
    assert refused(authenticator, header) == (401, name)


@pytest.mark.parametrize(
    ("permission", "address", "now_ns", "name"),
    [
        ("make_orders", "10.0.0.1", 0, "out_of_scope"),
        ("view_assets", "10.0.0.2", 0, "no_authorization_ip"),
        ("view_assets", "10.0.0.1", 100, "expired_access_key"),
    ],
)
def test_key_policy_is_enforced(permission, address, now_ns, name):
    policy = KeyPolicy(
        permissions=frozenset({"view_assets"}), addresses=frozenset({"10.0.0.1"}), expires_ns=100
    )
    check_policy(policy, "view_assets", "10.0.0.1", 99)
    with pytest.raises(KrwRejection) as caught:
        check_policy(policy, permission, address, now_ns)
    assert caught.value.reply.name == name
