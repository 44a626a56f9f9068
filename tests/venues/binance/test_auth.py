"""Signatures against the vectors that Binance publishes."""

from arb.venues.api_key import ApiKey
from arb.venues.binance.auth import RequestStamp, sign_sorted, signed

KEY = ApiKey(
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
STAMP = RequestStamp(api_key=KEY, timestamp_ms=1499827319559, recv_window_ms=5000)
PARAMETERS = {
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "0.1",
}
SOCKET_ORDER = {
    "price": "52000.00",
    "quantity": "0.01000000",
    "recvWindow": "100",
    "side": "SELL",
    "symbol": "BTCUSDT",
    "timeInForce": "GTC",
    "timestamp": "1645423376532",
    "type": "LIMIT",
    "apiKey": KEY.key,
}


def test_published_rest_vector():
    text = signed({"symbol": "LTCBTC", **PARAMETERS}, STAMP)
    expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert text.endswith(f"&recvWindow=5000&timestamp=1499827319559&signature={expected}")


def test_published_vector_of_an_encoded_symbol():
    text = signed({"symbol": "１２３４５６", **PARAMETERS}, STAMP)
    assert text.startswith("symbol=%EF%BC%91%EF%BC%92")
    assert text.endswith("e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3")


def test_published_socket_vector():
    expected = "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    assert sign_sorted(KEY.secret, SOCKET_ORDER) == expected


def test_socket_subscription_vector():
    parameters = {"timestamp": "1747385641636", "apiKey": KEY.key}
    expected = "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e"
    assert sign_sorted(KEY.secret, parameters) == expected
