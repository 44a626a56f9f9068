"""What stops a new pair before its exposure is looked at: the market, the rate, the venues' behaviour."""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.domain.market.money import ONE
from arb.domain.market.rates import Rate
from arb.domain.market.spread import Market
from arb.domain.risk.review import Limits, Refused
from arb.domain.risk.sanity import unfit
from arb.domain.risk.stability import StabilityRules, VenueRecord, obstacle, score
from arb.engine.market.rate_watch import RateWatch
from arb.engine.trading.stability import Stability


@dataclass(slots=True, kw_only=True)
class EntryGuard:
    """One process's view of what may be opened now."""

    limits: Limits
    rules: StabilityRules
    stability: Stability
    rates: RateWatch
    rate_is_absurd: bool = False

    def watch(self, rate: Rate) -> None:
        """Take note of a rate, whether or not anything is opened at it."""
        self.rate_is_absurd = self.rates.moved_bps(rate) > self.limits.rate_move_bps_max

    def share(self, market: Market, now_ns: int) -> Decimal | Refused:
        """Return the share of a full size that may be opened now, or why nothing may be.

        Raises: StoreUnavailable.
        """
        if self.rate_is_absurd:
            return Refused("rate_absurd")
        refused = unfit(market, self.limits)
        if refused is not None:
            return refused
        records = self.stability.records()
        share = ONE
        for venue in Venue:
            record = records.get(venue, VenueRecord())
            refused = obstacle(venue, record, self.rules, now_ns)
            if refused is not None:
                return refused
            share = min(share, score(record, self.rules))
        return share
