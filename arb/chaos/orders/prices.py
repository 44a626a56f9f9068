"""The simulated venues' best prices over public HTTP, for the baseline, which has no feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
import urllib3

from arb.chaos.orders.exposure import Instruments
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import fraction
from arb.engine.market.markets import symbol_on

TIMEOUT_S: Final = 2.0
SLIP: Final = fraction(Decimal(60))


@dataclass(slots=True, kw_only=True)
class Prices:
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
        for row in self._get(Venue.BINANCE, "/api/v3/ticker/bookTicker"):
            coin = Coin(row["symbol"].removesuffix("USDT"))
            self._keep(Venue.BINANCE, coin, row["bidPrice"], row["askPrice"])
        markets = ",".join(f"KRW-{coin}" for coin in self.coins)
        for row in self._get(Venue.UPBIT, f"/v1/orderbook?markets={markets}"):
            unit = row["orderbook_units"][0]
            coin = Coin(row["market"].removeprefix("KRW-"))
            self._keep(Venue.UPBIT, coin, str(unit["bid_price"]), str(unit["ask_price"]))

    def protective(self, venue: Venue, coin: Coin, side: Side) -> Decimal:
        """Return a limit that takes what is best, and a little worse."""
        return self.best[venue, coin][side] * (1 + side.sign * SLIP)

    def quantity(self, coin: Coin) -> Decimal:
        """Return how much of a coin a leg trades: always the same, on both venues."""
        if coin not in self.quantities:
            rules = self.instruments[Venue.BINANCE, symbol_on(Venue.BINANCE, coin)]
            price = self.best[Venue.BINANCE, coin][Side.BUY]
            self.quantities[coin] = rules.round_quantity(self.notional_usdt / price)
        return self.quantities[coin]

    def _keep(self, venue: Venue, coin: Coin, bid: str, ask: str) -> None:
        self.best[venue, coin] = {Side.BUY: Decimal(ask), Side.SELL: Decimal(bid)}

    def _get(self, venue: Venue, path: str) -> Any:
        try:
            reply = self.http.request("GET", self.base_urls[venue].rstrip("/") + path)
        except urllib3.exceptions.HTTPError:
            return ()
        return orjson.loads(reply.data) if reply.status == 200 else ()
