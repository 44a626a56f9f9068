"""What stops a new pair before its exposure is looked at: the market, the rate, the venues' behaviour."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ONE, ZERO, bps
from arb.domain.market.spread import Market, Rate
from arb.domain.risk.review import Denied, Limits
from arb.domain.risk.sanity import unfit
from arb.domain.risk.stability import StabilityRules, VenueRecord, obstacle, score
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.by_hand import PAUSED, Decided, nothing_decided
from arb.engine.trading.stability import Stability

RATE_WINDOW_NS: Final = 60 * NS_PER_S
RATE_SPACING_NS: Final = 500 * NS_PER_MS  # rates closer together than this are not all kept


class RateWatch:
    """Remembers the rates that this process saw within the last minute, each with when it was learnt."""

    def __init__(self) -> None:
        self._seen: deque[Rate] = deque()

    def moved_bps(self, rate: Rate) -> Decimal:
        """Return the largest distance of `rate` from what was seen in the minute before it; remember it."""
        while self._seen and not 0 <= rate.ts_recv_ns - self._seen[0].ts_recv_ns <= RATE_WINDOW_NS:
            self._seen.popleft()
        moves = [abs(bps(rate.krw_per_usdt - seen.krw_per_usdt, seen.krw_per_usdt)) for seen in self._seen]
        if not self._seen or rate.ts_recv_ns - self._seen[-1].ts_recv_ns >= RATE_SPACING_NS:
            self._seen.append(rate)
        return max(moves, default=ZERO)


@dataclass(slots=True, kw_only=True)
class EntryGuard:
    """One process's view of what may be opened now."""

    limits: Limits
    rules: StabilityRules
    stability: Stability
    rates: RateWatch
    rate_is_absurd: bool = False
    by_hand: Callable[[], Decided] = nothing_decided
    _watched: Rate | None = None  # last: many coins come with one rate

    def watch(self, rate: Rate) -> None:
        """Take note of a rate, whether or not anything is opened at it."""
        if rate is not self._watched:
            self.rate_is_absurd = self.rates.moved_bps(rate) > self.limits.rate_move_bps_max
            self._watched = rate

    def share(self, market: Market, now_ns: int) -> Decimal | Denied:
        """Return the share of a full size that may be opened now, or why nothing may be.

        Raises: StoreUnavailable.
        """
        if market.coin in self.by_hand().paused:
            return Denied(PAUSED)
        if self.rate_is_absurd:
            return Denied("rate_absurd")
        denied = unfit(market, self.limits)
        if denied is not None:
            return denied
        records = self.stability.records()
        share = ONE
        for venue in market.venues:
            record = records.get(venue, VenueRecord())
            denied = obstacle(venue, record, self.rules, now_ns)
            if denied is not None:
                return denied
            share = min(share, score(record, self.rules))
        return share
