"""Signatures: the venue's published vectors."""

import pytest

from arb.sim.binance.signing import api_payload, matches, rest_payload, signature_of

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = "&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
PLAIN = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
WIDE = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [("LTCBTC", PLAIN), ("%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96", WIDE)],
)
def test_rest_vectors(symbol, signature):
    assert signature_of(SECRET, f"symbol={symbol}{ORDER}") == signature


def test_query_and_body_are_joined_without_the_signature():
    payload = f"symbol=LTCBTC{ORDER}"
    head, tail = payload[:30], payload[30:]
    assert rest_payload(head, f"{tail}&signature={PLAIN}") == payload
    assert rest_payload(f"{payload}&signature={PLAIN}", "") == payload


def test_signature_is_case_insensitive_and_a_wrong_one_fails():
    assert matches(SECRET, f"symbol=LTCBTC{ORDER}", PLAIN.upper())
    assert not matches(SECRET, f"symbol=LTCBTC{ORDER}", PLAIN[::-1])
    assert not matches(SECRET, "x", "not-ascii-ß")


def test_websocket_api_vectors():
    order = {
        "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.01000000", "price": "52000.00", "recvWindow": "100",
        "timestamp": "1645423376532", "apiKey": KEY, "signature": "ignored",
    }  # fmt: skip
    assert signature_of(SECRET, api_payload(order)) == (
        "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    )
    subscribe = {"apiKey": KEY, "timestamp": "1747385641636"}
    assert signature_of(SECRET, api_payload(subscribe)) == (
        "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e"
    )
