"""Which chances there were and what became of them; denials are counted once for a chance, and by look.

What is remembered is of one process. It is told of after each look, when everything that follows from it was
done, and passes on what is new once a second at most.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.market.ids import Coin, TradeId
from arb.domain.market.opportunity import OPENED, Opportunity, opportunity
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge, Market, best_case_bps
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.ports.messaging import Counters

DENIED: Final = "refused"  # chances
DENIED_LOOKS: Final = "refused_looks"  # at any of them: how often the engine wants what it must not
TOLD_NS: Final = NS_PER_S  # between two times that the same chance is passed on
UNSEEN_NS_MAX: Final = 10 * NS_PER_S  # a coin that nobody looked at for so long has another chance
UNWANTED: Final = "no_entry"  # by the strategy, which said no more
HALTED, CLOSING = Mode.HALTED.value, "closing"  # nothing is judged then
UNCOUNTED: Final = frozenset({OPENED, UNWANTED, CLOSING, *(mode.value for mode in Mode)})


class ChanceLog(Protocol):
    """Where chances are passed on to; best effort, and quick."""

    def keep(self, found: Sequence[Opportunity]) -> None:
        """Keep these as they are now, in place of what they were. Never raises."""


class NoChanceLog:
    """Ignores opportunities."""

    def keep(self, _found: Sequence[Opportunity]) -> None:
        """Ignore the opportunities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Takes note of every look at a market."""

    least_bps: Decimal  # net of the entry's fees and depth; what a strategy wants below it is a chance, too
    counters: Counters
    log: ChanceLog = field(default_factory=NoChanceLog)
    _standing: dict[tuple[Coin, Direction], tuple[Opportunity, int]] = field(default_factory=dict)
    _barred: dict[Coin, set[str]] = field(default_factory=dict)

    def is_below(self, market: Market) -> bool:
        """Tell, by the best prices alone, whether no edge of any size is a chance."""
        return best_case_bps(market) < self.least_bps

    def bar(self, coin: Coin, reason: str) -> None:
        """Take note that a coin could not be judged; that counts once until it can be."""
        self.counters.count(DENIED_LOOKS, reason)
        seen = self._barred.setdefault(coin, set())
        if reason not in seen:
            seen.add(reason)
            self.counters.count(DENIED, reason)

    def look(
        self,
        market: Market,
        edges: Sequence[Edge],
        wanted: Edge | None,
        why: str,
        now_ns: int,
        trade_id: TradeId | None = None,
    ) -> None:
        """Take note of what became of the edges of a market: `why` is about the one that was wanted."""
        above = {each.direction: each for each in edges if each.net_bps >= self.least_bps or each is wanted}
        chosen = wanted or max(above.values(), key=lambda each: each.net_bps, default=None)
        if above or not why:
            self._barred.pop(market.coin, None)
        elif why not in UNCOUNTED:
            self.bar(market.coin, why)
        told: list[Opportunity] = []
        for way in market.pair.directions:
            if way not in above:
                told += self._over(market.coin, way)
            elif chosen is not None and way is chosen.direction:
                told += self._stands(market, above[way], why or UNWANTED, now_ns, trade_id)
        if told:
            self.log.keep(told)

    def _over(self, coin: Coin, way: Direction) -> Iterable[Opportunity]:
        known = self._standing.pop((coin, way), None)
        return () if known is None else (known[0],)

    def _stands(
        self,
        market: Market,
        best: Edge,
        why: str,
        now_ns: int,
        trade_id: TradeId | None,
    ) -> Iterable[Opportunity]:
        key = market.coin, best.direction
        known, told_ns = self._standing.get(key, (None, 0))
        if known is not None and now_ns - known.ended_ns > UNSEEN_NS_MAX:
            yield known
            known = None
        if known is None or best.net_bps > known.peak_bps:
            peak = opportunity(market, best, min(self.least_bps, best.net_bps), now_ns)
            if known is not None:
                peak = replace(peak, began_ns=known.began_ns, reasons=known.reasons, trades=known.trades)
            fresh = peak
        else:
            fresh = known
        if why not in UNCOUNTED:
            self.counters.count(DENIED_LOOKS, why)
            if why not in fresh.reasons:
                self.counters.count(DENIED, why)
        fresh = fresh.seen(now_ns, why)
        if trade_id is not None:
            fresh = replace(fresh, trades=(*fresh.trades, trade_id))
        is_due = known is None or trade_id is not None or not 0 <= now_ns - told_ns < TOLD_NS
        self._standing[key] = fresh, now_ns if is_due else told_ns
        if is_due:
            yield fresh
