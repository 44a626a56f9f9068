"""`/websocket/v1/info`: over real sockets who may connect and what is refused, and the news by the clock."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from arb.domain.time import NS_PER_S
from arb.sim.core.candles import Candles
from arb.sim.krw.subscription import INFO_TYPES, read_request
from arb.sim.upbit.info_stream import InfoStream
from tests.sim.upbit.client import receive

BEGIN_S = 1_700_000_100  # five minutes begin here
AVERAGE = {"type": "moving_average", "params": {"period": 3, "type": "SMA"}}
WANTED = {"type": "indicator", "codes": ["KRW-BTC"], "timeframe": "5m", "indicators": [AVERAGE]}


@pytest.fixture
def market(moving):
    moving.clear_faults()
    moving.switch()
    return moving


def refused(market, *fields, **options):
    with market.socket(*fields, **options) as socket:
        return receive(socket)[1]["error"]["name"]


def test_subscriptions_are_taken_with_any_key(market):
    market.switch(permissions=[])
    with market.socket(WANTED, path="/websocket/v1/info") as socket:
        socket.send('[{"ticket":"again"},{"method":"LIST_SUBSCRIPTIONS"}]')
        assert receive(socket)[1]["result"] == [{"type": "indicator", "codes": ["KRW-BTC"]}]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"codes": []}, "NO_CODES"),
        ({"timeframe": "1m"}, "INVALID_PARAM"),
        ({"indicators": []}, "INVALID_PARAM"),
        ({"indicators": [{"type": "rsi", "params": {"period": 15}}]}, "INVALID_PARAM"),
        ({"type": "ticker"}, "INVALID_PARAM"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(market, change, name):
    assert refused(market, WANTED | change, path="/websocket/v1/info") == name


def test_indicators_are_not_on_the_public_endpoint(market):
    assert refused(market, WANTED) == "INVALID_AUTH"


class Listener:
    """A connection that keeps what it is sent."""

    def __init__(self, fields, form="DEFAULT"):
        text = json.dumps([{"ticket": "t"}, *fields])
        self.subscriptions, self.form = read_request(text, INFO_TYPES).subscriptions, form
        self.told = []

    def send_in_order(self, frame, _lag_ms):
        self.told.append(json.loads(frame))


class Clock:
    """The stream over trades at seconds of our choice."""

    def __init__(self):
        self.now_s = BEGIN_S
        faults = SimpleNamespace(
            strike=lambda *_given: None, standing=lambda *_given: None, lag_ms=lambda *_given: 0
        )
        clock = SimpleNamespace(now_ns=lambda: self.now_s * NS_PER_S)
        context = SimpleNamespace(faults=faults, clock=clock, now_ns=clock.now_ns)
        self.candles = Candles()
        self.stream = InfoStream(context, SimpleNamespace(candles={"KRW-BTC": self.candles}))

    def trade(self, second, price):
        self.candles.add((BEGIN_S + second) * NS_PER_S, Decimal(price), Decimal(1), True)

    def step(self, second):
        self.now_s = BEGIN_S + second
        self.stream.publish()


def test_values_come_once_when_a_candle_closes_and_only_once_there_are_enough():
    clock, listener = Clock(), Listener([WANTED])
    short = Listener([WANTED], form="SIMPLE")
    clock.stream.join(listener)
    clock.stream.join(short)
    for second, price in enumerate((10, 20, 30)):
        clock.trade(300 * second, price)
        clock.step(300 * second)
        clock.step(300 * second + 200)
    assert listener.told == []
    clock.step(900)
    clock.step(901)
    (told,) = listener.told
    assert told["value"] == {"value": "20"}
    assert told["candle_date_time_utc"] == "2023-11-14T22:25:00"
    assert told["stream_type"] == "REALTIME"
    assert short.told[0]["p"] == {"p": 3, "t": "SMA"}
    assert set(short.told[0]) == {"ty", "cd", "tf", "ind", "p", "v", "cdttmu", "tms", "st"}
    clock.stream.leave(listener)
    clock.step(1200)
    assert len(listener.told) == 1
    assert len(short.told) == 2
