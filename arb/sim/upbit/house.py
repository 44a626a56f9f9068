"""What makes Upbit of the protocol that it shares: its paths, limits, states and private events."""

from types import MappingProxyType
from typing import Final

from arb.sim.core.ticks import krw_tick
from arb.sim.upbit.frames import COMMON_NAMES
from arb.sim.upbit.orders import state_of
from arb.sim.upbit.rates import UPBIT_RATES
from arb.sim.upbit.render import my_order_json
from arb.sim.upbit.text import milliseconds
from arb.sim.upbit.variant import ProtocolVariant

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

UPBIT: Final = ProtocolVariant(
    public_path="/websocket/v1",
    private_path="/websocket/v1/private",
    client_id=("identifier", "new_identifier"),
    rates=UPBIT_RATES,
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
