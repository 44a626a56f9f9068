"""What a session earned, from two sources: its booked trades, and what the venues hold.

Asset by asset: what a venue holds now = its opening + what our fills moved + named moves from outside. In
KRW, all of it at one rate: what the venues gained = booked profit + revaluation + unrealised. A trade's
profit is booked at the rate of its end, and revaluation is what its flows are worth more at the one rate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.check.history import BookedFill, EngineHistory, VenueFill, VenueHistory, sum_effects
from arb.check.holdings import Amounts, booked, underway, value
from arb.domain.ledger.ledger import EntryKind
from arb.domain.market.money import ONE, ZERO, differs, plain
from arb.domain.trading.lone_leg import BY_HAND
from arb.domain.trading.trade import ENDED, Trade, TradeState

CENT: Final = Decimal("0.01")
ROUNDING_KRW: Final = Decimal("0.000001")  # sums of quotients have no last digit
RATE: Final = "krw_per_usdt"  # among the facts that a trade was decided on
Prices = Mapping[str, Decimal]  # KRW for one unit of an asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """A session in KRW at one rate."""

    booked_krw: Decimal  # of trades that ended, each at the rate of its end
    revaluation_krw: Decimal  # of these, from the rates of their ends to the one rate
    unrealised_krw: Decimal  # of what has not ended, or was escalated while nobody could value it
    real_krw: Decimal | None  # what the venues gained; None where they were not asked
    outside_krw: Decimal  # what others moved in or out, which is in none of these
    krw_per_usdt: Decimal

    @property
    def unexplained_krw(self) -> Decimal:
        """Return by how much the venues gained more than is booked."""
        if self.real_krw is None:
            return ZERO
        return self.real_krw - self.booked_krw - self.revaluation_krw - self.unrealised_krw

    def as_json(self) -> dict[str, Any]:
        """Return the amounts as text."""
        amounts = {
            name: plain(getattr(self, name).quantize(CENT))
            for name in ("booked_krw", "revaluation_krw", "unrealised_krw", "outside_krw", "unexplained_krw")
        }
        real = None if self.real_krw is None else plain(self.real_krw.quantize(CENT))
        return amounts | {"real_krw": real, "krw_per_usdt": plain(self.krw_per_usdt)}


def profit_of(engine: EngineHistory, venues: VenueHistory | None) -> Profit:
    """Return what a session earned, both ways, at the newest rate that one of its trades was valued by."""
    prices, flows = _prices_of(engine), flows_by_trade(engine)
    ended = [trade for trade in engine.trades if is_booked(trade)]
    open_flows = [flows.get(trade.trade_id, {}) for trade in engine.trades if not is_booked(trade)]
    booked_krw = sum((trade.pnl_krw for trade in ended), ZERO)
    worth_krw = sum((value(flows.get(trade.trade_id, {}), prices) for trade in ended), ZERO)
    return Profit(
        booked_krw=booked_krw,
        revaluation_krw=worth_krw - booked_krw,
        unrealised_krw=sum((value(each, prices) for each in open_flows), ZERO),
        real_krw=None if venues is None else value(_gained(engine, venues), prices),
        outside_krw=value(booked(engine, (EntryKind.ADJUSTMENT,)), prices),
        krw_per_usdt=prices.get("USDT", ZERO),
    )


def is_booked(trade: Trade) -> bool:
    """Tell whether a trade's profit is booked.

    What was escalated while there was no market has been valued by nobody: it is unrealised.
    """
    waits = trade.state is TradeState.ESCALATED or trade.reason == BY_HAND
    return trade.state in ENDED and not (waits and not trade.valued_krw_per_usdt)


def flows_by_trade(engine: EngineHistory) -> dict[str, Amounts]:
    """Return what each trade's fills moved at the venues, fees of every asset taken off."""
    orders, fills = engine.orders_by_id(), defaultdict[str, list[VenueFill]](list)
    for each in engine.fills:
        order = orders.get(each.client_order_id)
        if order is not None:
            fills[order.trade_id].append(each.at_venue(order.side))
    return {trade_id: sum_effects(own) for trade_id, own in fills.items()}


def _prices_of(engine: EngineHistory) -> Prices:
    """Return what one unit of each asset is worth: one rate for all, the newest that is known."""
    rate = _rate(engine)
    fills = sorted(engine.fills, key=lambda each: each.fill.ts_event_ns)
    paid = {
        each.symbol.partition("/")[0]: each.fill.price * (ONE if each.venue.quote == "KRW" else rate)
        for each in fills
    }
    valued = {
        each.fill.fee_asset: each.fill.fee_in_quote
        / each.fill.fee
        * (ONE if each.venue.quote == "KRW" else rate)
        for each in fills
        if each.fill.fee and each.fill.fee_in_quote is not None
    }
    return valued | paid | {"KRW": ONE, "USDT": rate}


def _rate(engine: EngineHistory) -> Decimal:
    """Return the newest rate by which a trade was valued, or else decided."""
    valued = [trade for trade in engine.trades if trade.valued_krw_per_usdt]
    if valued:
        return max(valued, key=lambda trade: trade.closed_at_ns).valued_krw_per_usdt
    decided = [
        engine.decided_on[trade.trade_id] for trade in engine.trades if trade.trade_id in engine.decided_on
    ]
    return Decimal(decided[-1].get(RATE, ONE)) if decided else ONE


def _gained(engine: EngineHistory, venues: VenueHistory) -> Amounts:
    """Return what the venues hold more than at the opening, without what others moved or is under way."""
    before = booked(engine, (EntryKind.OPENING, EntryKind.ADJUSTMENT))
    own, foreign = underway(engine, venues)
    held = booked(engine)
    gained: Amounts = defaultdict(lambda: ZERO)
    for holder in {*venues.balances, *held}:
        has, said = venues.balances.get(holder, ZERO) - own.get(holder, ZERO), held.get(holder, ZERO)
        explained = (said, said + foreign.get(holder, ZERO))
        if holder[0] in venues.torn or not all(differs(has, each) for each in explained):
            has = said
        gained[holder] = has - before.get(holder, ZERO)
    return dict(gained)


def worth_at_its_end(trade: Trade, flows: Amounts, fees_in_quote: Amounts) -> Decimal:
    """Return what a trade's flows were worth by the rate and the price that it was valued by.

    Fees in a third asset are worth what they were when they were valued, in the quote of their market.
    """
    kept = {"KRW": ONE, "USDT": trade.valued_krw_per_usdt, trade.coin: trade.valued_base_krw}
    own = {key: amount for key, amount in flows.items() if key[1] in kept}
    return value(own, kept) - value(fees_in_quote, kept)


def third_fees_by_trade(engine: EngineHistory) -> dict[str, list[BookedFill]]:
    """Return each trade's fills whose fee is in neither asset of their market."""
    orders, found = engine.orders_by_id(), defaultdict[str, list[BookedFill]](list)
    for each in engine.fills:
        order = orders.get(each.client_order_id)
        if order is not None and each.fill.fee and each.fill.fee_asset not in each.symbol.split("/"):
            found[order.trade_id].append(each)
    return found


def in_quote(fees: Iterable[BookedFill]) -> Amounts:
    """Return what fees in third assets were worth, by venue and quote; those nobody valued are left out."""
    sums: Amounts = defaultdict(lambda: ZERO)
    for each in fees:
        sums[each.venue, each.symbol.partition("/")[2]] += each.fill.fee_in_quote or ZERO
    return dict(sums)
