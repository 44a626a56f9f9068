"""Whether a market may be traded on at all, before anybody asks how much.

Data that is old, or of no known age, stops everything. A venue's warning or an absurd premium stops entries
only: what is open must still be closed and repaired.
"""

from collections.abc import Sequence

from arb.domain.market.money import bps
from arb.domain.market.spread import Market
from arb.domain.risk.review import Limits, Refused
from arb.domain.time import STAMP_AHEAD_NS_MAX
from arb.domain.trading.trade import Leg


def stale(market: Market, limits: Limits, now_ns: int) -> Refused | None:
    """Return which of the market's data is too old to act on, or stamped ahead of now, or None."""
    for name, seen, age_ns_max in (
        ("quote", [leg.book for leg in market.legs.values()], limits.quote_age_ns_max),
        ("rate", (market.rate,), limits.rate_age_ns_max),
    ):
        ages_ns = [now_ns - each.ts_recv_ns for each in seen]
        if max(ages_ns) > age_ns_max:
            return Refused(f"{name}_stale")
        if min(ages_ns) < -STAMP_AHEAD_NS_MAX:
            return Refused(f"{name}_ahead")
    return None


def untradable(market: Market) -> Refused | None:
    """Return which venue takes no orders, or None: a pair needs both."""
    for venue in market.venues:
        if not market.instrument(venue).tradable:
            return Refused(f"not_tradable_{venue}")
    return None


def unfit(market: Market, limits: Limits) -> Refused | None:
    """Return why nothing new may be opened on this market, or None."""
    if abs(market.premium_bps) > limits.premium_bps_abs_max:
        return Refused("premium_absurd")
    for venue in market.venues:
        if market.instrument(venue).closing_only:
            return Refused(f"closing_only_{venue}")
        flags = market.instrument(venue).warning.split(",")
        if any(flag in limits.warnings_blocked for flag in flags):
            return Refused(f"market_warning_{venue}")
    return None


def out_of_band(legs: Sequence[Leg], market: Market, limits: Limits) -> Refused | None:
    """Return which leg's limit is too far from the other venue's middle: a second opinion on its price."""
    for leg in legs:
        other = market.pair.other(leg.venue)
        fair_krw = market.krw(other, market.book(other).mid)
        distance_bps = bps(market.krw(leg.venue, leg.limit_price) - fair_krw, fair_krw)
        if abs(distance_bps) > limits.price_band_bps_max:
            return Refused(f"price_band_{leg.venue}")
    return None
