"""What makes Bithumb of the protocol that it shares: its paths, limits, tokens, states and private events.

Where its documentation is silent, the simulator does what is hardest on a client: an id that was used is free
again, so that an order that is sent twice is two.
"""

from types import MappingProxyType
from typing import Final

from arb.domain.time import NS_PER_US
from arb.sim.bithumb.render import EVENT_NAMES, event_json, state_of
from arb.sim.core.ticks import bithumb_tick
from arb.sim.krw.rates import RequestRate
from arb.sim.krw.variant import ProtocolVariant

PRIVATE: Final = RequestRate(count=140)
PUBLIC: Final = RequestRate(count=150)
TOKEN_LIFE_MS: Final = 5_000  # not published
ERROR_NAMES: Final = MappingProxyType(
    {
        "no_authorization_ip": "NotAllowIP",
        "no_authorization_token": "jwt_verification",
        "invalid_access_key": "jwt_verification",
        "expired_access_key": "jwt_verification",
        "nonce_used": "jwt_verification",
        "create_ask_error": "invalid_parameter",
        "create_bid_error": "invalid_parameter",
        "validation_error": "invalid_parameter",
        "blocked": "too_many_requests",
    }
)
BITHUMB: Final = ProtocolVariant(
    public_path="/websocket/v1",
    private_path="/websocket/v2/private",
    client_id=("client_order_id",),
    rates={
        **dict.fromkeys(("market", "candle", "trade", "ticker", "orderbook"), PUBLIC),
        **dict.fromkeys(("default", "order"), PRIVATE),
        "websocket-connect": RequestRate(count=10),
        "origin": PUBLIC,
    },
    tells_remaining=False,
    error_names=ERROR_NAMES,
    token_life_ms=TOKEN_LIFE_MS,
    idle_close_ms=60_000,  # 120,000 by the documentation; on the wire it was seen to be half of that
    keeps_identifiers=False,
    state_of=state_of,
    order_event=event_json,
    event_names=EVENT_NAMES,
    book_stamp=lambda now_ns: now_ns // NS_PER_US,
    book_units_max=15,
    tick=bithumb_tick,
)
