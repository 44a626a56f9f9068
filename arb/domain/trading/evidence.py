"""What a decision saw, as text that is kept with it: for whoever asks later whether it was right.

Of each venue where something is done: the best prices that could be traded, how old they were, and from whose
feed. Of the rate: its own book.
"""

from decimal import Decimal

from arb.domain.market.halves import Tradable
from arb.domain.market.money import plain
from arb.domain.market.spread import Edge, Market
from arb.domain.time import NS_PER_MS
from arb.domain.trading.trade import Leg

Facts = dict[str, str]


def seen(market: Tradable, now_ns: int) -> Facts:
    """Return what a market shows where it can be traded."""
    rate = market.rate
    facts = {
        "krw_per_usdt": plain(rate.krw_per_usdt),
        "rate_age_ms": "0" if rate.is_par else str((now_ns - rate.ts_recv_ns) // NS_PER_MS),
        "rate_fence": str(rate.fence),
    }
    if rate.bid:
        facts |= {"rate_bid": plain(rate.bid), "rate_ask": plain(rate.ask)}
    for venue in market.venues:
        book = market.book(venue)
        facts |= {
            f"{venue}_bid": plain(book.bid),
            f"{venue}_ask": plain(book.ask),
            f"{venue}_age_ms": str((now_ns - book.ts_recv_ns) // NS_PER_MS),
            f"{venue}_ts_event_ns": str(book.ts_event_ns),
            f"{venue}_fence": str(book.fence),
        }
    return facts


def entry_facts(market: Market, best: Edge, now_ns: int) -> Facts:
    """Return what a pair is opened on: the best prices, the worst that it needs, and the edge."""
    facts = seen(market, now_ns) | {
        "premium_bps": plain(round(market.premium_bps, 4)),
        "edge_bps": plain(round(best.net_bps, 4)),
    }
    for venue in market.venues:
        facts[f"{venue}_worst_price"] = plain(best.legs[venue].worst_price)
        facts[f"{venue}_fee_bps"] = plain(market.instrument(venue).taker_fee_bps)
    return facts


def exit_facts(market: Market, reason: str, quantity: Decimal, now_ns: int) -> Facts:
    """Return what a pair is closed on, why, and how much of it."""
    facts = {"action": "close", "reason": reason, "quantity": plain(quantity)}
    return facts | {"premium_bps": plain(round(market.premium_bps, 4))} | seen(market, now_ns)


def repair_facts(market: Tradable, leg: Leg, now_ns: int) -> Facts:
    """Return what a leg that stands alone is repaired on."""
    facts = {"action": "repair", "venue": leg.venue.value, "quantity": plain(leg.quantity)}
    return facts | seen(market, now_ns)
