"""The baseline: an exception means failed, so the order is sent again under a new id.

It trades as pairs too, in threads, against the same simulators with the same faults; nothing is killed,
stored, asked about or repaired. What it believes is of no interest: the venues say what it did.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Executor, wait
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from arb.chaos.orders.exposure import Instruments
from arb.chaos.orders.prices import BestPrices
from arb.domain.errors import OutcomeUnknown, VenueError
from arb.domain.market.ids import ClientOrderId, Coin, TradeId, Venue, client_order_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.ports.trading import VenueClient

ATTEMPTS_MAX: Final = 5
LIFETIME_NS: Final = 3_000_000_000
PAUSE_MS: Final = 50


class NaiveLeg(NamedTuple):
    """What one leg of a trade is to do, once."""

    trade_id: TradeId
    venue: Venue
    coin: Coin
    side: Side
    purpose: Purpose


@dataclass(slots=True, kw_only=True)
class Naive:
    """The policy. Safe between threads; `sent` is every id it used, with the leg that it was for."""

    venues: Mapping[Venue, VenueClient]
    instruments: Instruments
    prices: BestPrices
    legs: Executor
    clock: Clock
    sent: dict[ClientOrderId, NaiveLeg] = field(default_factory=dict)
    unknowns: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def trade(self, trade_id: TradeId, coin: Coin, first_side: Side) -> None:
        """Open a pair, both legs at once, and close it."""
        for purpose, side in ((Purpose.ENTRY, first_side), (Purpose.EXIT, first_side.opposite)):
            sides = dict(zip(self.venues, (side, side.opposite), strict=True))
            wait([
                self.legs.submit(self._send, NaiveLeg(trade_id, venue, coin, leg_side, purpose))
                for venue, leg_side in sides.items()
            ])  # fmt: skip

    def _send(self, leg: NaiveLeg) -> None:
        for _ in range(ATTEMPTS_MAX):
            order = self._order(leg)
            try:
                self.venues[leg.venue].place(order)
            except VenueError as error:
                with self.lock:
                    self.unknowns += isinstance(error, OutcomeUnknown)
                self.clock.sleep_ms(PAUSE_MS)
                continue
            return

    def _order(self, leg: NaiveLeg) -> Order:
        symbol, now_ns = symbol_on(leg.venue, leg.coin), self.clock.now_ns()
        price = self.prices.protective(leg.venue, leg.coin, leg.side)
        with self.lock:
            number = 1 + sum(
                each.trade_id == leg.trade_id and each.venue is leg.venue for each in self.sent.values()
            )
            name = client_order_id(leg.trade_id, leg.venue, number)
            self.sent[name] = leg
        return Order(
            client_order_id=name,
            trade_id=leg.trade_id,
            venue=leg.venue,
            symbol=symbol,
            side=leg.side,
            purpose=leg.purpose,
            quantity=self.prices.quantity(leg.coin),
            limit_price=self.instruments[leg.venue, symbol].round_price(price, leg.side),
            expires_at_ns=now_ns + LIFETIME_NS,
            created_at_ns=now_ns,
            claimed_at_ns=now_ns,
            state=OrderState.SUBMITTED,
        )
