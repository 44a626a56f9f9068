"""The simulators' rows become values, and a venue that moves while it is read is said to."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
import urllib3

from arb.check.venue_history import READINGS_MAX, ReadVenues
from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side

ORDER = {
    "order_id": "12",
    "client_id": "a1-gf47zliaaaaab-b1",
    "symbol": "BTCUSDT",
    "coin": "BTC",
    "side": "BUY",
    "status": "FILLED",
    "received_ns": 5,
}
FILL = {
    "seq": 4,
    "ts_ns": 7,
    "kind": "order_filled",
    "fill_id": "3",
    "client_id": "a1-gf47zliaaaaab-b1",
    "coin": "BTC",
    "side": "BUY",
    "price": "100000.5",
    "quantity": "0.01",
    "fee": "0.00001",
    "fee_asset": "BTC",
}
BALANCES = {"current": {"USDT": {"free": "1.5", "locked": "0.25"}}}


class Reply:
    def __init__(self, body: Any, status: int = 200) -> None:
        self.data, self.status = orjson.dumps(body), status


class Simulator:
    """Answers like `/sim/*`; its journal grows for the first `moves` looks at it."""

    def __init__(self, moves: int = 0, status: int = 200) -> None:
        self.moves, self.status, self.seq = moves, status, 10

    def request(self, _method: str, url: str) -> Reply:
        what = url.rpartition("/")[2]
        if what == "health":
            self.moves -= 1
            self.seq += self.moves >= 0
            return Reply({"seq": self.seq}, self.status)
        return Reply({"orders": [ORDER], "fills": [FILL], **BALANCES})


def reader(simulator: Any) -> ReadVenues:
    return ReadVenues(base_urls={Venue.BINANCE: "http://sim/"}, http=simulator)


def test_rows_become_values() -> None:
    history = reader(Simulator())()
    (order,), (fill,) = history.orders, history.fills
    assert (order.venue, order.venue_order_id, order.received_ns) == (Venue.BINANCE, "12", 5)
    assert (fill.symbol, fill.side, fill.fill.ts_event_ns) == ("BTC/USDT", Side.BUY, 7)
    assert fill.effects() == {"BTC": Decimal("0.00999"), "USDT": Decimal("-1000.005")}
    assert history.balances == {(Venue.BINANCE, "USDT"): Decimal("1.75")}
    assert history.torn == frozenset()


def test_a_venue_that_moved_is_read_again() -> None:
    assert reader(Simulator(moves=3))().torn == frozenset()


def test_a_venue_that_never_rests_is_marked_as_torn() -> None:
    assert reader(Simulator(moves=2 * READINGS_MAX + 2))().torn == {Venue.BINANCE}


def test_a_venue_that_does_not_answer_is_a_venue_error() -> None:
    pool = urllib3.PoolManager(timeout=0.2, retries=False)
    with pytest.raises(VenueError, match="binance"):
        ReadVenues(base_urls={Venue.BINANCE: "http://127.0.0.1:9"}, http=pool)()
    with pytest.raises(VenueError, match="500"):
        reader(Simulator(status=500))()
