"""What makes Upbit of the protocol that it shares: its paths, limits, states and private events."""

from types import MappingProxyType
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.core.ticks import krw_tick
from arb.sim.krw.frames import COMMON_NAMES
from arb.sim.krw.orders import state_of
from arb.sim.krw.rates import RequestRate
from arb.sim.krw.text import milliseconds
from arb.sim.krw.variant import ProtocolVariant
from arb.sim.upbit.render import my_order_json

EVENT_NAMES: Final = MappingProxyType(
    COMMON_NAMES
    | {"uuid": "uid", "ask_bid": "ab", "order_type": "ot", "state": "s", "trade_uuid": "tuid"}
    | {"price": "p", "avg_price": "ap", "volume": "v", "remaining_volume": "rv"}
    | {"executed_volume": "ev", "trades_count": "tc", "reserved_fee": "rsf", "remaining_fee": "rmf"}
    | {"paid_fee": "pf", "locked": "l", "executed_funds": "ef", "time_in_force": "tif"}
    | {"trade_fee": "tf", "is_maker": "im", "identifier": "id", "smp_type": "smpt"}
    | {"prevented_volume": "pv", "prevented_locked": "pl"}
    | {"trade_timestamp": "ttms", "order_timestamp": "otms"}
)

RATES: Final = {
    "market": RequestRate(count=10),
    "candle": RequestRate(count=10),
    "trade": RequestRate(count=10),
    "ticker": RequestRate(count=10),
    "orderbook": RequestRate(count=10),
    "default": RequestRate(count=30),
    "order": RequestRate(count=12),
    "order-test": RequestRate(count=8),
    "order-cancel-all": RequestRate(count=1, period_ns=2 * NS_PER_S),
    "websocket-connect": RequestRate(count=5),
    "origin": RequestRate(count=1, period_ns=10 * NS_PER_S),
}

UPBIT: Final = ProtocolVariant(
    public_path="/websocket/v1",
    private_path="/websocket/v1/private",
    client_id=("identifier", "new_identifier"),
    rates=RATES,
    tells_remaining=True,
    idle_close_ms=120_000,
    keeps_identifiers=True,
    state_of=state_of,
    order_event=my_order_json,
    event_names=EVENT_NAMES,
    book_stamp=milliseconds,
    book_units_max=30,
    tick=krw_tick,
)
INFO_PATH: Final = "/websocket/v1/info"
