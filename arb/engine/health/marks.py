"""Finds premiums beyond their mark and inventory below its own, and says so again only after a while."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import ZERO, plain
from arb.domain.market.spread import Market, common_quantity, edge
from arb.domain.risk.review import Limits
from arb.domain.risk.sanity import rate_doubt, stale, unfit, untradable, with_hole
from arb.engine.market.markets import Markets
from arb.ports.market import Clock
from arb.ports.messaging import MessageStore
from arb.ports.trading import TradeStore


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchMarks:
    """Looks once; a mark of None is not watched."""

    session_id: SessionId
    coins: Sequence[Coin]
    markets: Markets
    trades: TradeStore
    store: MessageStore
    limits: Limits
    leg_notional: Decimal  # in what the second venue quotes in
    premium_bps: Decimal | None
    legs_min: Decimal | None
    again_ns: int
    clock: Clock

    def run(self) -> None:
        """Keep what is beyond its mark. Raises: StoreUnavailable."""
        if self.premium_bps is None and self.legs_min is None:
            return
        now_ns = self.clock.now_ns()
        read = self.markets.read(tuple(self.coins), now_ns)
        markets = {coin: market for coin, market in read.items() if self._is_believed(market, now_ns)}
        found = [*self._premiums(markets, now_ns), *self._inventory(markets, now_ns)]
        new = [each for each in found if self._is_due(each, now_ns)]
        if new:
            self.store.add(self.session_id, new)

    def _is_believed(self, market: Market, now_ns: int) -> bool:
        """Tell whether a market is one that a pair could be opened on."""
        if untradable(market) or stale(market, self.limits, now_ns) or unfit(market, self.limits):
            return False
        if rate_doubt(market.rate, self.limits, now_ns):
            return False
        quantity = common_quantity(market, self.leg_notional)
        return bool(quantity) and not with_hole(market, quantity, self.limits)

    def _is_due(self, message: Message, now_ns: int) -> bool:
        """Tell whether nothing was said of its subject for a while; a clock that was set back ends that."""
        subject = message.key.rpartition(" ")[0]
        newest_ns = self.store.newest_ns(self.session_id, message.kind, subject)
        return not 0 <= now_ns - newest_ns < self.again_ns

    def _premiums(self, markets: Mapping[Coin, Market], now_ns: int) -> Iterator[Message]:
        mark = self.premium_bps
        if mark is None:
            return
        for coin, market in markets.items():
            if abs(market.premium_bps) < mark:
                continue
            rate = "" if market.rate.is_par else f"{market.rate.krw_per_usdt:,.2f}"
            facts = {
                "coin": str(coin),
                "premium_bps": plain(market.premium_bps),
                "mark_bps": plain(mark),
                "edge_bps": _edge_bps(market, common_quantity(market, self.leg_notional)),
                "rate": rate,
                "at_rate": f", rate {rate}" if rate else "",
            }
            yield self._message(MessageKind.PREMIUM_ABOVE, str(coin), facts, now_ns)

    def _inventory(self, markets: Mapping[Coin, Market], now_ns: int) -> Iterator[Message]:
        mark = self.legs_min
        if mark is None or not markets:
            return
        legs = self._leg_of_each(markets)
        for (venue, asset), free in self.trades.free(self.session_id).items():
            of_one = legs.get((venue, asset), ZERO)
            if not of_one or free / of_one >= mark:
                continue
            facts = {
                "venue": venue.value,
                "asset": asset,
                "free": f"{free:,f}",
                "legs": f"{free / of_one:.1f}",
                "mark_legs": plain(mark),
            }
            yield self._message(MessageKind.INVENTORY_LOW, f"{venue.value} {asset}", facts, now_ns)

    def _leg_of_each(self, markets: Mapping[Coin, Market]) -> dict[tuple[Venue, str], Decimal]:
        """Return what one leg takes of each asset: of a currency to buy with, of a coin to sell."""
        rate = next(iter(markets.values())).rate.krw_per_usdt
        pair = self.markets.pair
        found = {
            (pair.first, pair.first.quote): self.leg_notional * rate,
            (pair.second, pair.second.quote): self.leg_notional,
        }
        for coin, market in markets.items():
            quantity = self.leg_notional / market.book(pair.second).mid
            found |= {(venue, str(coin)): quantity for venue in pair.venues}
        return found

    def _message(self, kind: MessageKind, subject: str, facts: Mapping[str, str], now_ns: int) -> Message:
        """Return a message; within a while there is one key, so that two that look at once say it once."""
        return Message(kind=kind, key=f"{subject} {now_ns // self.again_ns}", at_ns=now_ns, facts=facts)


def _edge_bps(market: Market, quantity: Decimal) -> str:
    found = [edge(market, way, quantity) for way in market.pair.directions]
    best = max((each.net_bps for each in found if each is not None), default=None)
    return "" if best is None else plain(best)
