"""The simulated venues' best prices over public HTTP, for the baseline, which has no feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
import urllib3

from arb.chaos.orders.exposure import Instruments
from arb.domain.errors import DataError
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import fraction
from arb.engine.market.markets import symbol_on
from arb.venues.registry import FACTS

TIMEOUT_S: Final = 2.0
SLIP: Final = fraction(Decimal(60))


@dataclass(slots=True, kw_only=True)
class BestPrices:
    """The newest best bid and ask of each coin on each venue."""

    base_urls: Mapping[Venue, str]
    coins: Sequence[Coin]
    instruments: Instruments
    notional_usdt: Decimal
    best: dict[tuple[Venue, Coin], dict[Side, Decimal]] = field(default_factory=dict)
    quantities: dict[Coin, Decimal] = field(default_factory=dict)
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
    )

    def refresh(self) -> None:
        """Read both venues; one that does not answer properly keeps its last prices."""
        for venue in self.base_urls:
            for coin in self.coins:
                self._read(venue, coin)

    def protective(self, venue: Venue, coin: Coin, side: Side) -> Decimal:
        """Return a limit that takes what is best, and a little worse."""
        return self.best[venue, coin][side] * (1 + side.sign * SLIP)

    def quantity(self, coin: Coin) -> Decimal:
        """Return how much of a coin a leg trades: always the same, on both venues."""
        if coin not in self.quantities:
            *_, second = self.base_urls
            rules = self.instruments[second, symbol_on(second, coin)]
            price = self.best[second, coin][Side.BUY]
            self.quantities[coin] = rules.round_quantity(self.notional_usdt / price)
        return self.quantities[coin]

    def _read(self, venue: Venue, coin: Coin) -> None:
        facts, symbol = FACTS[venue], symbol_on(venue, coin)
        request = facts.book_request(symbol)
        try:
            found = facts.book(symbol, self._get(venue, f"{request.path}?{request.query}"), 0)
        except (DataError, ValueError, LookupError, TypeError):
            return
        self.best[venue, coin] = {Side.BUY: found.ask, Side.SELL: found.bid}

    def _get(self, venue: Venue, path: str) -> Any:
        try:
            reply = self.http.request("GET", self.base_urls[venue].rstrip("/") + path)
        except urllib3.exceptions.HTTPError:
            return ()
        return orjson.loads(reply.data) if reply.status == 200 else ()
