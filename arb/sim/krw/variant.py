"""Where venues that speak this protocol differ from each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from arb.sim.core import orders as core
from arb.sim.core.ticks import TickRule
from arb.sim.krw.orders import OrderTrade, OrderView
from arb.sim.krw.rates import RequestRate


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolVariant:
    """What differs between venues in KRW of one protocol."""

    public_path: str
    private_path: str
    client_id: tuple[str, ...]  # what requests call our id of an order
    rates: Mapping[str, RequestRate]
    tells_remaining: bool  # how many requests are left, with each reply
    error_names: Mapping[str, str] = field(default_factory=dict)  # of errors that are called otherwise
    token_life_ms: int | None = None  # None: a token does not age
    idle_close_ms: int  # of a connection on which nothing moves
    keeps_identifiers: bool  # an identifier belongs to the first order that used it, for ever
    state_of: Callable[[core.SimulatedOrder], str]
    order_event: Callable[[OrderView, str, OrderTrade | None, int], dict[str, Any]]  # of the private stream
    event_names: Mapping[str, str]  # short ones of its fields
    book_stamp: Callable[[int], int]  # of a book on the stream
    book_units_max: int  # rows of one
    tick: TickRule
