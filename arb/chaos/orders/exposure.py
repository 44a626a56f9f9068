"""For how long trades had one leg more than the other, by the venues' own record of what was executed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from arb.check.history import VenueFill
from arb.domain.market.ids import Symbol, TradeId, Venue, coin_of, parse_client_order_id
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_S
from arb.domain.trading.coverage import imbalance_there
from arb.domain.trading.position import LegPosition, TradePosition, is_dust

Instruments = Mapping[tuple[Venue, Symbol], Instrument]
PRICE_SLACK: Final = Decimal("0.9")  # dust was judged at a price of that moment, not at the fill's


@dataclass(frozen=True, slots=True, kw_only=True)
class UnhedgedTime:
    """Seconds during which trades were uneven by more than dust, and the trades that still are."""

    total_s: float
    longest_s: float
    uneven: tuple[TradeId, ...]


def exposure(fills: Iterable[VenueFill], instruments: Instruments, until_ns: int) -> UnhedgedTime:
    """Return what the fills of our orders show; fills of orders that are not ours are passed over."""
    by_trade = fills_by_trade(fills)
    spans = {trade_id: _uneven_ns(found, instruments, until_ns) for trade_id, found in by_trade.items()}
    return UnhedgedTime(
        total_s=round(sum(spans.values()) / NS_PER_S, 1),
        longest_s=round(max(spans.values(), default=0) / NS_PER_S, 1),
        uneven=tuple(trade_id for trade_id, found in by_trade.items() if is_uneven(found, instruments)),
    )


def fills_by_trade(fills: Iterable[VenueFill]) -> dict[TradeId, list[VenueFill]]:
    """Return what was executed for each of our trades, oldest first."""
    by_trade: dict[TradeId, list[VenueFill]] = defaultdict(list)
    for fill in sorted(fills, key=lambda each: each.fill.ts_event_ns):
        if (name := parse_client_order_id(fill.client_id)) is not None:
            by_trade[name[0]].append(fill)
    return by_trade


def _uneven_ns(fills: list[VenueFill], instruments: Instruments, until_ns: int) -> int:
    """Return for how long a trade was uneven; time is taken from fill to fill."""
    stamps = [fill.fill.ts_event_ns for fill in fills] + [until_ns]
    return sum(
        max(0, later_ns - since_ns)
        for count, (since_ns, later_ns) in enumerate(pairwise(stamps), start=1)
        if is_uneven(fills[:count], instruments)
    )


def is_uneven(fills: list[VenueFill], instruments: Instruments) -> bool:
    """Tell whether there is an imbalance that at least one venue would take an order for.

    What venues kept of the coin as their fee is at no venue any more, and nobody can sell it.
    """
    there = imbalance_there(_position(fills))
    return there != ZERO and any(
        not is_dust(there, fill.fill.price * PRICE_SLACK, instruments[fill.venue, fill.symbol])
        for fill in fills
    )


def _position(fills: list[VenueFill]) -> TradePosition:
    """Return what fills have moved of the coin, and what venues took of it as their fee."""
    base: dict[Venue, Decimal] = defaultdict(Decimal)
    fee: dict[Venue, Decimal] = defaultdict(Decimal)
    for each in fills:
        base[each.venue] += each.side.sign * each.fill.quantity
        if each.fill.fee_asset == coin_of(each.symbol):
            fee[each.venue] += each.fill.fee
    return TradePosition(
        legs={venue: LegPosition(base=moved, base_fee=fee[venue]) for venue, moved in base.items()}
    )
