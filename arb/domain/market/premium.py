"""One moment of a coin as it is kept: both venues' best prices, the rate, the premium, and both edges."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Edge, Market

PLACES: Final = Decimal("0.0001")  # of basis points


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumRow:
    """A coin at a whole second. `selling` is on the first venue; None where a book holds too little."""

    at_ns: int
    coin: Coin
    first_bid: Decimal
    first_ask: Decimal
    second_bid: Decimal
    second_ask: Decimal
    rate_bid: Decimal
    rate_ask: Decimal
    premium_bps: Decimal
    selling_bps: Decimal | None
    buying_bps: Decimal | None

    @property
    def best_bps(self) -> Decimal | None:
        """Return the better of both edges."""
        return _best((self.selling_bps, self.buying_bps))


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumStep:
    """What a coin's rows of one step of time come to: how far its premium went, and the best of each edge."""

    from_ns: int
    premium_bps: Decimal  # the last
    low_bps: Decimal
    high_bps: Decimal
    selling_bps: Decimal | None
    buying_bps: Decimal | None


def premium_row(market: Market, edges: tuple[Edge, ...], at_ns: int) -> PremiumRow:
    """Return the row that is recorded of a market at a moment."""
    first, second = (market.book(venue) for venue in market.pair.venues)
    by_venue = {each.direction.sell_on: each.net_bps.quantize(PLACES) for each in edges}
    rate, pair = market.rate, market.pair
    return PremiumRow(
        at_ns=at_ns,
        coin=market.coin,
        first_bid=first.bid,
        first_ask=first.ask,
        second_bid=second.bid,
        second_ask=second.ask,
        rate_bid=rate.bid or rate.krw_per_usdt,
        rate_ask=rate.ask or rate.krw_per_usdt,
        premium_bps=market.premium_bps.quantize(PLACES),
        selling_bps=by_venue.get(pair.first),
        buying_bps=by_venue.get(pair.second),
    )


def steps_of(rows: Iterable[PremiumRow], step_ns: int) -> list[PremiumStep]:
    """Return what one coin's rows, in order of time, come to; a step without a row is left out."""
    found = []
    for step, group in groupby(rows, lambda row: row.at_ns // step_ns):
        within = list(group)
        premiums = [row.premium_bps for row in within]
        found.append(
            PremiumStep(
                from_ns=step * step_ns,
                premium_bps=premiums[-1],
                low_bps=min(premiums),
                high_bps=max(premiums),
                selling_bps=_best(row.selling_bps for row in within),
                buying_bps=_best(row.buying_bps for row in within),
            )
        )
    return found


def _best(edges: Iterable[Decimal | None]) -> Decimal | None:
    return max((each for each in edges if each is not None), default=None)


def name_of(pair: Pair) -> str:
    """Return how a pair is named where its rows are kept."""
    return f"{pair.first},{pair.second}"
