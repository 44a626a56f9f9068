import json

import pytest

from arb.sim.krw.errors import SocketRejection
from arb.sim.krw.subscription import PRIVATE_TYPES, PUBLIC_TYPES, listing, read_request, split_code

TICKET = {"ticket": "0e66c0ac"}
BOOK = {"type": "orderbook", "codes": ["KRW-BTC.15", "KRW-USDT.15"]}


def read(*fields, types=PUBLIC_TYPES):
    return read_request(json.dumps(fields), types)


def test_request_with_two_types_and_a_format():
    request = read(TICKET, BOOK, {"type": "trade", "codes": ["KRW-BTC"]}, {"format": "SIMPLE"})
    assert [each.type for each in request.subscriptions] == ["orderbook", "trade"]
    assert request.format == "SIMPLE"
    assert request.subscriptions[0].snapshot
    assert request.subscriptions[0].realtime


@pytest.mark.parametrize("name", ["is_only_realtime", "isOnlyRealtime"])
def test_only_realtime_has_no_snapshot(name):
    only = read(TICKET, BOOK | {name: True}).subscriptions[0]
    assert (only.snapshot, only.realtime) == (False, True)


def test_only_snapshot_has_no_realtime():
    only = read(TICKET, BOOK | {"is_only_snapshot": True}).subscriptions[0]
    assert (only.snapshot, only.realtime) == (True, False)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("not json", "WRONG_FORMAT"),
        ("{}", "WRONG_FORMAT"),
        ("[1]", "WRONG_FORMAT"),
        (json.dumps([BOOK]), "NO_TICKET"),
        (json.dumps([{"ticket": ""}, BOOK]), "NO_TICKET"),
        (json.dumps([TICKET]), "NO_TYPE"),
        (json.dumps([TICKET, {"type": "orderbook"}]), "NO_CODES"),
        (json.dumps([TICKET, {"type": "orderbook", "codes": []}]), "NO_CODES"),
        (json.dumps([TICKET, {"type": "orderbook", "codes": "KRW-BTC"}]), "WRONG_FORMAT"),
        (json.dumps([TICKET, {"type": "other", "codes": ["KRW-BTC"]}]), "INVALID_PARAM"),
        (json.dumps([TICKET, {"type": "myOrder"}]), "INVALID_AUTH"),
        (json.dumps([TICKET, BOOK, {"format": "XML"}]), "INVALID_PARAM"),
        (json.dumps([TICKET, {"method": "OTHER"}]), "INVALID_PARAM"),
        (json.dumps([TICKET, BOOK | {"level": "x"}]), "INVALID_PARAM"),
        ("[" + " " * 70_000 + "]", "WRONG_FORMAT"),
    ],
)
def test_malformed_request_is_refused_by_name(text, name):
    with pytest.raises(SocketRejection) as caught:
        read_request(text, PUBLIC_TYPES)
    assert caught.value.name == name
    assert caught.value.body()["error"]["name"] == name


def test_private_types():
    request = read(TICKET, {"type": "myOrder"}, {"type": "myAsset"}, types=PRIVATE_TYPES)
    assert [each.codes for each in request.subscriptions] == [(), ()]
    with pytest.raises(SocketRejection, match="WRONG_FORMAT"):
        read(TICKET, {"type": "myAsset", "codes": ["KRW-BTC"]}, types=PRIVATE_TYPES)


@pytest.mark.parametrize(
    ("code", "split"),
    [
        ("KRW-BTC", ("KRW-BTC", 30)),
        ("KRW-BTC.1", ("KRW-BTC", 1)),
        ("KRW-BTC.5", ("KRW-BTC", 5)),
        ("KRW-BTC.15", ("KRW-BTC", 15)),
        ("KRW-BTC.7", ("KRW-BTC", 30)),
        ("KRW-BTC.x", ("KRW-BTC", 30)),
    ],
)
def test_unknown_unit_becomes_thirty(code, split):
    assert split_code(code) == split


def test_listing_names_what_is_subscribed():
    request = read(TICKET, {"method": "LIST_SUBSCRIPTIONS"})
    assert listing(request, read(TICKET, BOOK).subscriptions) == {
        "method": "LIST_SUBSCRIPTIONS",
        "result": [{"type": "orderbook", "codes": ["KRW-BTC.15", "KRW-USDT.15"], "level": 0}],
        "ticket": "0e66c0ac",
    }
