"""Entries, exits and repairs are decided by prices at which the size can be traded at that moment.

DESIGN section 3, rule 10. With each decision is kept what it saw (`arb.domain.trading.evidence`): books that
are whole, fresh and close together, and orders whose limits reach what was there. A middle only values.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from arb.check.history import EngineHistory, Invariant, VenueHistory, Violation
from arb.domain.market.ids import Coin
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.money import ONE, ZERO, bps, fraction
from arb.domain.time import NS_PER_MS, STAMP_AHEAD_NS_MAX
from arb.domain.trading.exits import CONVERGED, STOP_LOSS
from arb.domain.trading.order import Order, Purpose
from arb.domain.trading.trade import Trade
from arb.engine.market.markets import symbol_on

Facts = Mapping[str, str]
# Where the limit that was in force was not kept with a decision. A coarse tick alone is no hole.
SPREAD_BPS_MAX: Final = Decimal(100)
TICKS: Final = 3
ROUNDING_BPS: Final = Decimal("0.01")  # edges are kept with four decimals


def decided_by_what_executes(engine: EngineHistory, _venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the orders that were decided on prices at which they could not be traded."""
    trades, since_ns = {trade.trade_id: trade for trade in engine.trades}, _kept_since_ns(engine)
    found = []
    for order in engine.orders:
        trade, facts = trades.get(order.trade_id), _facts_of(engine, order)
        if trade is None or (facts is None and order.created_at_ns < since_ns):
            continue
        messages = ["nobody kept what it was decided on"] if facts is None else _wrong(order, facts, engine)
        rule = Invariant.DECIDED_BY_WHAT_EXECUTES
        found += [Violation(rule, f"order {order.client_order_id}", message) for message in messages]
    found += [
        Violation(Invariant.DECIDED_BY_WHAT_EXECUTES, f"trade {trade.trade_id}", message)
        for trade in engine.trades
        for message in _edge(trade, engine)
    ]
    return tuple(found)


def unproven_decisions(engine: EngineHistory) -> tuple[str, ...]:
    """Return since when what decisions saw is kept, where older ones are there."""
    since_ns = _kept_since_ns(engine)
    older = [
        order
        for order in engine.orders
        if order.created_at_ns < since_ns and _facts_of(engine, order) is None
    ]
    if not older:
        return ()
    return (f"what {len(older)} older orders were decided on was not kept then",)


def _facts_of(engine: EngineHistory, order: Order) -> Facts | None:
    """Return what was seen when this order was decided, or None if nobody kept it."""
    if order.purpose is Purpose.ENTRY:
        return engine.decided_on.get(order.trade_id) or None
    return engine.decided_later.get(order.trade_id, {}).get(order.created_at_ns)


def _kept_since_ns(engine: EngineHistory) -> int:
    """Return when the first exit or repair was decided of which it is kept; until then nobody kept any."""
    kept = (at_ns for later in engine.decided_later.values() for at_ns in later)
    return min(kept, default=engine.read_at_ns)


def _wrong(order: Order, facts: Facts, engine: EngineHistory) -> Iterator[str]:
    coin = Coin(order.symbol.partition("/")[0])
    age_ns_max = _age_ns_max("quote", facts, engine.ages.quote_ns_max)
    if order.purpose is Purpose.REPAIR:  # a leg alone is repaired at the price there is, if it can be had
        yield from _book(order.venue, facts, age_ns_max)
    else:
        why = facts.get("reason", CONVERGED)
        for venue in engine.pair.venues:
            yield from _book(venue, facts, age_ns_max)
            rules = engine.instruments.get((venue, symbol_on(venue, coin)))
            # A stop-loss has waited for the hole to close. Without its price steps no book is judged.
            if why != STOP_LOSS and rules is not None:
                yield from _hole(venue, facts, rules)
        if why == CONVERGED:  # what a pair has earned hardly depends on the rate, and its time not at all
            yield from _rate(facts, engine)
    yield from _reach(order, facts)


def _rate(facts: Facts, engine: EngineHistory) -> Iterator[str]:
    """Yield what is wrong with the rate that a pair is opened at, or has converged by."""
    yield from _age("rate", facts, _age_ns_max("rate", facts, engine.ages.rate_ns_max))
    if "rate_bid" in facts:
        yield from _hole("rate", facts, _rate_rules(engine))


def _age_ns_max(name: str, facts: Facts, otherwise_ns: int) -> int:
    """Return how old it might be by the settings of the decision; today's where nobody kept them."""
    kept = facts.get(f"{name}_age_ms_max")
    return otherwise_ns if kept is None else int(kept) * NS_PER_MS


def _book(name: str, facts: Facts, age_ns_max: int) -> Iterator[str]:
    """Yield what is wrong with a book: it has one side, is crossed, too old, or of the future."""
    bid, ask = _price(facts, name, Side.SELL), _price(facts, name, Side.BUY)
    if not ZERO < bid < ask:
        yield f"was decided on a book of {name} that is not whole: {bid:f} to {ask:f}"
    yield from _age(name, facts, age_ns_max)


def _age(name: str, facts: Facts, age_ns_max: int) -> Iterator[str]:
    age_ns = int(facts.get(f"{name}_age_ms", -1_000_000)) * NS_PER_MS
    if not -STAMP_AHEAD_NS_MAX - NS_PER_MS <= age_ns <= age_ns_max:
        yield f"was decided on {name} as it was {age_ns // NS_PER_MS} ms before"


def _hole(name: str, facts: Facts, rules: Instrument | None) -> Iterator[str]:
    """Yield whether the sides of a book are so far apart that nobody trades at its middle."""
    bid, ask = _price(facts, name, Side.SELL), _price(facts, name, Side.BUY)
    if not ZERO < bid < ask:
        return
    ticks = TICKS * rules.tick(ask) if rules is not None else ZERO
    spread_bps = bps(ask - bid, bid)
    if ask - bid > ticks and spread_bps > Decimal(facts.get("spread_bps_max", SPREAD_BPS_MAX)):
        yield f"was decided on a book of {name} with a hole of {spread_bps:.0f} bps: {bid:f} to {ask:f}"


def _reach(order: Order, facts: Facts) -> Iterator[str]:
    """Yield whether an order could trade with nobody: its limit is on its own side of the best price."""
    best = _price(facts, order.venue, order.side)
    short = best - order.limit_price if order.side is Side.BUY else order.limit_price - best
    if best and short > ZERO:
        yield f"has a limit of {order.limit_price:f}, and {order.side} was possible at {best:f}"


def _price(facts: Facts, name: str, side: Side) -> Decimal:
    """Return the best price that an order of this side trades at; 0 where there was none."""
    return Decimal(facts.get(f"{name}_{'ask' if side is Side.BUY else 'bid'}", ZERO))


def _edge(trade: Trade, engine: EngineHistory) -> Iterator[str]:
    """Yield whether an entry claims more than the best prices paid, both fees off: no middle pays an edge."""
    facts = engine.decided_on.get(trade.trade_id, {})
    if not {"edge_bps", *(f"{venue}_fee_bps" for venue in engine.pair.venues)} <= facts.keys():
        return
    rate = {
        venue: engine.pair.krw(venue, ONE, Decimal(facts["krw_per_usdt"])) for venue in engine.pair.venues
    }
    brings, costs = ZERO, ZERO
    for venue in engine.pair.venues:
        side, fee = trade.direction.side(venue), fraction(Decimal(facts[f"{venue}_fee_bps"]))
        krw = _price(facts, venue, side) * rate[venue]
        if side is Side.SELL:
            brings = krw * (ONE - fee)
        else:
            costs = krw * (ONE + fee)
    best_bps = bps(brings - costs, costs) if costs else ZERO
    if Decimal(facts["edge_bps"]) > best_bps + ROUNDING_BPS:
        yield f"was opened for {facts['edge_bps']} bps, and the best prices paid {best_bps:.2f}"


def _rate_rules(engine: EngineHistory) -> Instrument | None:
    """Return the rules of the market that the rate is read from, None where they are not known."""
    return None if engine.pair.rate_key is None else engine.instruments.get(engine.pair.rate_key)
