"""Premiums in a dictionary."""

from collections.abc import Sequence

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow, PremiumStep, steps_of
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, Span


class MemoryPremiums:
    """The twin of `arb.adapters.postgres.premiums.SqlPremiums` for tests."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Pair, int, Coin], PremiumRow] = {}

    def add(self, pair: Pair, rows: Sequence[PremiumRow]) -> None:
        """Keep rows; one that is there stays as it is."""
        for row in rows:
            self._rows.setdefault((pair, row.at_ns, row.coin), row)

    def count(self, day: int) -> int:
        """Return how many rows a day has."""
        return sum(at_ns // NS_PER_DAY == day for _, at_ns, _ in self._rows)

    def read(self, pair: Pair, span: Span) -> list[PremiumRow]:
        """Return the rows of a span of time, in order."""
        own = (row for (of_pair, at_ns, _), row in self._rows.items() if of_pair == pair)
        within = (row for row in own if span.from_ns <= row.at_ns <= span.to_ns)
        return sorted(within, key=lambda row: (row.at_ns, row.coin))

    def steps(self, pair: Pair, coin: Coin, span: Span, step_ns: int) -> list[PremiumStep]:
        """Return what a coin's rows come to by steps that begin within a span."""
        own = (row for row in self.read(pair, Span(from_ns=span.from_ns)) if row.coin == coin)
        found = steps_of(own, step_ns)
        return [each for each in found if span.from_ns <= each.from_ns <= span.to_ns]

    def hours(self, pair: Pair, coin: Coin, span: Span) -> list[PremiumStep]:
        """Return what a coin's rows come to by hours that begin within a span."""
        return self.steps(pair, coin, span, NS_PER_HOUR)

    def clean_up(self, before_ns: int) -> None:
        """Forget the days that ended before."""
        before = before_ns // NS_PER_DAY
        self._rows = {key: row for key, row in self._rows.items() if key[1] // NS_PER_DAY >= before}
