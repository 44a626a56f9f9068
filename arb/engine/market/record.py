"""What every coin's premium and edges were: each minute, and each second of those near their mark.

Nobody waits for it: it reads the books that are there, leaves out what is stale, and what cannot be written
is a hole in the record. A row is named by its moment, so that two that record write each row once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow, premium_row
from arb.domain.market.spread import Edge, Market
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S
from arb.engine.market.markets import Markets
from arb.ports.market import Clock
from arb.ports.messaging import Counters

LOOK_NS: Final = 10 * NS_PER_S  # between two looks at coins that are far
RECORDED, FULL = "recorded", "day_full"


class PremiumStore(Protocol):
    """Where rows are kept, a day together. Raises, everywhere: StoreUnavailable."""

    def add(self, pair: Pair, rows: Sequence[PremiumRow]) -> None:
        """Keep rows; one that is there stays as it is."""

    def count(self, day: int) -> int:
        """Return how many rows a day has, of whatever mode."""


class Edges(Protocol):
    """The edges of a market at the size that is traded."""

    def __call__(self, market: Market) -> tuple[Edge, ...]: ...


class Stale(Protocol):
    """Whether a market is too old to be told of."""

    def __call__(self, market: Market, now_ns: int) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRules:
    """Near which mark premiums are recorded each second, and how many rows a day."""

    near_bps: Decimal  # below the least edge: from there on each second is kept
    rows_per_day_max: int


@dataclass(slots=True, kw_only=True)
class RecordPremiums:
    """Keeps one stack's premiums; `run` is called each second."""

    coins: Sequence[Coin]
    markets: Markets
    store: PremiumStore
    edges: Edges
    is_stale: Stale
    mark_bps: Decimal  # the edge from which on there is a chance
    counters: Counters
    clock: Clock
    rules: RecordRules
    _near: frozenset[Coin] = frozenset()
    _minute: int = -1
    _looked_ns: int = 0
    _day: int = -1
    _rows: int = 0

    def run(self) -> int:
        """Keep what is due now; return how many rows. Raises: StoreUnavailable."""
        now_ns = self.clock.now_ns()
        minute, at_ns = now_ns // NS_PER_MINUTE, now_ns // NS_PER_S * NS_PER_S
        is_minute = minute != self._minute
        if not is_minute and not self._near and 0 <= now_ns - self._looked_ns < LOOK_NS:
            return 0
        is_all = is_minute or not 0 <= now_ns - self._looked_ns < LOOK_NS
        rows = self._look(self.coins if is_all else tuple(sorted(self._near)), at_ns, now_ns)
        near = frozenset(row.coin for row in rows if self._is_near(row))
        self._near = near if is_all else (self._near - {row.coin for row in rows}) | near
        if is_all:
            self._looked_ns = now_ns
        due = rows if is_minute else [row for row in rows if row.coin in near]
        kept = self._keep(due, now_ns)
        self._minute = minute
        return kept

    def _look(self, coins: Sequence[Coin], at_ns: int, now_ns: int) -> list[PremiumRow]:
        found = self.markets.read(coins, now_ns)
        return [
            premium_row(market, self.edges(market), at_ns)
            for market in found.values()
            if not self.is_stale(market, now_ns)
        ]

    def _is_near(self, row: PremiumRow) -> bool:
        best = row.best_bps
        return best is not None and best >= self.mark_bps - self.rules.near_bps

    def _keep(self, rows: list[PremiumRow], now_ns: int) -> int:
        """Keep rows as long as the day has room."""
        day = now_ns // NS_PER_DAY
        if day != self._day:
            self._rows, self._day = self.store.count(day), day
        room = self.rules.rows_per_day_max - self._rows
        if len(rows) > room:
            self.counters.count(RECORDED, FULL, len(rows) - max(0, room))
            rows = rows[: max(0, room)]
        if not rows:
            return 0
        self.store.add(self.markets.pair, rows)
        self._rows += len(rows)
        self.counters.count(RECORDED, "premiums", len(rows))
        return len(rows)
