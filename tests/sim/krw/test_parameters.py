"""The text that a token hashes, by the rules and the vector of docs/protocols/upbit.md."""

import pytest

from arb.sim.krw.parameters import from_json, from_query, query_hash

ORDER_JSON = (
    b'{"market":"KRW-BTC","side":"bid","ord_type":"limit","volume":"0.01",'
    b'"price":"100000000","identifier":"arb-0001-u-1"}'
)
ORDER_TEXT = "market=KRW-BTC&side=bid&ord_type=limit&volume=0.01&price=100000000&identifier=arb-0001-u-1"
ORDER_HASH = (
    "5ae50dea1bb1e740b2c71efa87f8ecf021701c3f49027742363ec76fb586fd45"
    "a572327c335c0f35a6518499444672b6d19a1d97997330044245a400191785a0"
)
UUIDS_TEXT = "uuids[]=9ca023a5-851b-4fec-9f0a-48cd83c2eaae&uuids[]=d098ceaf-6811-4df8-97f2-b7e01aefc03f"
UUIDS_HASH = (
    "7b38979b98105cde6f379a451389519a1904b0b92cae55603a861fdd4b84c8ce"
    "6635e2193679c1c99e1a573676b9a9efebcc4041117ec506a363480321404287"
)


def test_json_body_is_hashed_in_key_order():
    assert from_json(ORDER_JSON).hashed_text == ORDER_TEXT
    assert query_hash(ORDER_TEXT) == ORDER_HASH


@pytest.mark.parametrize("query", [UUIDS_TEXT, UUIDS_TEXT.replace("[]", "%5B%5D")])
def test_array_brackets_are_hashed_unencoded(query):
    parameters = from_query(query)
    assert query_hash(parameters.hashed_text) == UUIDS_HASH
    assert len(parameters.all("uuids")) == 2


def test_json_array_is_flattened_with_brackets():
    assert from_json(b'{"pairs":["KRW-BTC","KRW-ETH"],"n":1.50,"b":true}').hashed_text == (
        "pairs[]=KRW-BTC&pairs[]=KRW-ETH&n=1.50&b=true"
    )
