"""Whether a market may be traded on at all, before anybody asks how much.

A book that is old, or of no known age, stops everything. A rate in doubt, a venue's warning or an absurd
premium stops entries only: what is open must still be closed and repaired. A hole in a book stops what is
decided by it.
"""

from collections.abc import Sequence
from decimal import Decimal

from arb.domain.market.book import sweep
from arb.domain.market.depth import hole
from arb.domain.market.money import bps
from arb.domain.market.spread import RATE_AHEAD, RATE_FORGOTTEN, RATE_STALE, Market, Rate, reach_bps
from arb.domain.risk.review import Denied, Limits
from arb.domain.time import STAMP_AHEAD_NS_MAX
from arb.domain.trading.trade import Leg


def stale(market: Market, limits: Limits, now_ns: int) -> Denied | None:
    """Return that a book is too old to act on, or stamped ahead of now, or None."""
    ages_ns = [now_ns - leg.book.ts_recv_ns for leg in market.legs.values()]
    if max(ages_ns) > limits.quote_age_ns_max:
        return Denied("quote_stale")
    if min(ages_ns) < -STAMP_AHEAD_NS_MAX:
        return Denied("quote_ahead")
    return None


def rate_doubt(rate: Rate, limits: Limits, now_ns: int) -> str:
    """Return why nothing is opened at a rate and nothing has converged by it, "" if it is believed."""
    if rate.is_par:
        return ""
    age_ns = now_ns - rate.ts_recv_ns
    if rate.doubt == RATE_FORGOTTEN or age_ns > limits.rate_memory_ns:
        return RATE_FORGOTTEN
    if rate.doubt:
        return rate.doubt
    if age_ns > limits.rate_age_ns_max:
        return RATE_STALE
    return RATE_AHEAD if age_ns < -STAMP_AHEAD_NS_MAX else ""


def untradable(market: Market) -> Denied | None:
    """Return which venue takes no orders, or None: a pair needs both."""
    for venue in market.venues:
        if not market.instrument(venue).tradable:
            return Denied(f"not_tradable_{venue}")
    return None


def unfit(market: Market, limits: Limits) -> Denied | None:
    """Return why nothing new may be opened on this market, or None."""
    if reach_bps(market) > limits.premium_bps_abs_max:
        return Denied("premium_absurd")
    for venue in market.venues:
        if market.instrument(venue).closing_only:
            return Denied(f"closing_only_{venue}")
        flags = market.instrument(venue).warning.split(",")
        if any(flag in limits.warnings_blocked for flag in flags):
            return Denied(f"market_warning_{venue}")
    return None


def with_hole(market: Market, quantity: Decimal, limits: Limits) -> Denied | None:
    """Return which venue's book is too thin or too wide for this size to decide by it, or None."""
    venue = hole(market, quantity, limits.spread_bps_max)
    return None if venue is None else Denied(f"book_wide_{venue}")


def out_of_band(legs: Sequence[Leg], market: Market, limits: Limits) -> Denied | None:
    """Return which leg's limit is too far from what the other venue takes for it: a second opinion."""
    for leg in legs:
        other = market.pair.other(leg.venue)
        there = sweep(market.book(other).against(leg.side), leg.quantity)
        if there is None:
            return Denied(f"price_band_{leg.venue}")
        fair_krw = market.krw(other, there.vwap)
        distance_bps = bps(market.krw(leg.venue, leg.limit_price) - fair_krw, fair_krw)
        if abs(distance_bps) > limits.price_band_bps_max:
            return Denied(f"price_band_{leg.venue}")
    return None
