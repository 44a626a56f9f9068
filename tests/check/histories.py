"""Histories in which nothing went wrong, told consistently by both sides; tests break one thing each."""

from dataclasses import dataclass, replace
from decimal import Decimal

from arb.check.history import (
    BookedEntry,
    BookedFill,
    EngineHistory,
    OrderTransition,
    VenueFill,
    VenueHistory,
    VenueOrder,
    sum_effects,
)
from arb.domain.ledger.ledger import Entry, fill_entry, opening_entry
from arb.domain.market.ids import Coin, FillId, SessionId, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import FeeIn, Instrument, Side
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction, Pair
from arb.domain.risk.mode import ModeChange
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import Snapshot, SnapshotKind
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Fill, Order, OrderEvent, OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.market.markets import symbol_on
from arb.ports.trading import Session

START_NS = 1_700_000_000_000_000_000
SESSION = Session(
    session_id=SessionId("s1"),
    environment="mock",
    started_at_ns=START_NS,
    mode=Mode.NORMAL,
    mode_reason="start",
    mode_changed_at_ns=START_NS,
)
PRICES = {Venue.UPBIT: Decimal(140_000_000), Venue.BINANCE: Decimal("100000.5")}
PAIR = Pair(Venue.UPBIT, Venue.BINANCE)
RATE = Decimal(1390)
OPENING = {
    Venue.UPBIT: {"KRW": Decimal(1_000_000_000), "BTC": Decimal(10)},
    Venue.BINANCE: {"USDT": Decimal(1_000_000), "BTC": Decimal(10)},
}
BTC = Coin("BTC")


def instrument(venue: Venue) -> Instrument:
    """Return the rules of BTC on a venue."""
    quote = "KRW" if venue is Venue.UPBIT else "USDT"
    return Instrument(
        venue=venue,
        symbol=symbol_on(venue, BTC),
        venue_symbol="-",
        base=BTC,
        quote=quote,
        price_bands=((ZERO, Decimal("0.01")),),
        lot_step=Decimal("0.00001"),
        quantity_min=Decimal("0.00001"),
        quantity_max=Decimal(1000),
        notional_min=Decimal(5000) if venue is Venue.UPBIT else Decimal(5),
        taker_fee_bps=Decimal(5) if venue is Venue.UPBIT else Decimal(10),
        fee_in=FeeIn.QUOTE if venue is Venue.UPBIT else FeeIn.RECEIVED,
    )


RULES = {(venue, symbol_on(venue, BTC)): instrument(venue) for venue in PAIR.venues}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Both sides of one story."""

    engine: EngineHistory
    venues: VenueHistory

    def with_engine(self, **changes: object) -> "Told":
        """Return the story with other things in our journal."""
        return replace(self, engine=replace(self.engine, **changes))  # type: ignore[arg-type]

    def with_venues(self, **changes: object) -> "Told":
        """Return the story with other things in the venues' journal."""
        return replace(self, venues=replace(self.venues, **changes))  # type: ignore[arg-type]

    def with_order(self, index: int, **changes: object) -> "Told":
        """Return the story with one of our orders changed."""
        return self.with_engine(orders=changed(self.engine.orders, index, **changes))

    def with_trade(self, index: int, **changes: object) -> "Told":
        """Return the story with one trade changed."""
        return self.with_engine(trades=changed(self.engine.trades, index, **changes))


def changed(rows: tuple, index: int, **changes: object) -> tuple:  # type: ignore[type-arg]
    """Return the rows with one of them changed."""
    return (*rows[:index], replace(rows[index], **changes), *rows[index + 1 :])


def without(rows: tuple, index: int) -> tuple:  # type: ignore[type-arg]
    """Return the rows with one of them gone."""
    return (*rows[:index], *rows[index + 1 :])


def order(number_of_trade: int, venue: Venue, number: int, quantity: Decimal, at_ns: int) -> Order:
    """Return a filled order; odd numbers enter, even ones exit."""
    entering = number % 2 == 1
    direction = Direction("sell_upbit") if entering else Direction("buy_upbit")
    trade = trade_id(START_NS // NS_PER_MS, number_of_trade)
    side, symbol = direction.side(venue), symbol_on(venue, BTC)
    fee_asset, fee = RULES[venue, symbol].fee(side, quantity, PRICES[venue])
    fill = Fill(
        fill_id=FillId(f"{number_of_trade}-{number}"),
        price=PRICES[venue],
        quantity=quantity,
        fee=fee,
        fee_asset=fee_asset,
        ts_event_ns=at_ns + 30 * NS_PER_MS,
    )
    return Order(
        client_order_id=client_order_id(trade, venue, number),
        trade_id=trade,
        venue=venue,
        symbol=symbol,
        side=side,
        purpose=Purpose.ENTRY if entering else Purpose.EXIT,
        quantity=quantity,
        limit_price=PRICES[venue],
        expires_at_ns=at_ns + 3 * NS_PER_S,
        created_at_ns=at_ns,
        state=OrderState.FILLED,
        fence=1,
        attempts=1,
        claimed_at_ns=at_ns + 10 * NS_PER_MS,
        venue_order_id=VenueOrderId(f"{venue}-{number_of_trade}-{number}"),
        fills=(fill,),
    )


def events_of(filled: Order) -> tuple[OrderTransition, ...]:
    """Return the life of an order whose answer was lost and whose fill was found."""
    path = (
        (OrderEvent.CLAIM, OrderState.INTENT, OrderState.SUBMITTED, "", 10),
        (OrderEvent.LOSE, OrderState.SUBMITTED, OrderState.UNKNOWN, "timeout", 500),
        (OrderEvent.FILL, OrderState.UNKNOWN, OrderState.FILLED, "", 900),
    )
    return tuple(
        OrderTransition(
            client_order_id=filled.client_order_id,
            seq=seq,
            event=event,
            from_state=before,
            to_state=after,
            fence=1,
            reason=reason,
            at_ns=filled.created_at_ns + later_ms * NS_PER_MS,
        )
        for seq, (event, before, after, reason, later_ms) in enumerate(path, start=1)
    )


def trade(number: int, quantity: Decimal, at_ns: int) -> Trade:
    """Return a closed trade."""
    return Trade(
        trade_id=trade_id(START_NS // NS_PER_MS, number),
        session_id=SESSION.session_id,
        coin=BTC,
        direction=Direction("sell_upbit"),
        state=TradeState.CLOSED,
        quantity=quantity,
        notional_krw=quantity * PRICES[Venue.UPBIT],
        entry_edge_bps=Decimal(20),
        entry_premium_bps=Decimal(40),
        opened_at_ns=at_ns,
        updated_at_ns=at_ns + 3 * NS_PER_S,
        closed_at_ns=at_ns + 3 * NS_PER_S,
        reason="converged",
        version=2,
    )


def valued(ended: Trade, orders: list[Order]) -> Trade:
    """Return a trade with its profit, as the engine books it."""
    base_krw = PRICES[Venue.BINANCE] * RATE
    return replace(
        ended,
        pnl_krw=trade_position(orders).pnl_krw(PAIR, RATE, base_krw),
        valued_krw_per_usdt=RATE,
        valued_base_krw=base_krw,
    )


def saw(decided: list[Order]) -> dict[str, str]:
    """Return what the two orders of a pair were decided on: each trades at the best price there is."""
    facts = {"krw_per_usdt": str(RATE), "rate_age_ms": "40", "rate_bid": "1389", "rate_ask": "1391"}
    for each in decided:
        away = each.limit_price * (1 + each.side.sign * Decimal("-0.0001"))
        buys = each.side is Side.BUY
        bid, ask = (away, each.limit_price) if buys else (each.limit_price, away)
        facts |= {f"{each.venue}_bid": str(bid), f"{each.venue}_ask": str(ask), f"{each.venue}_age_ms": "7"}
    return facts


def story(*quantities: Decimal) -> Told:
    """Return a session with one closed trade for each quantity (0.1 BTC if none is given)."""
    quantities = quantities or (Decimal("0.1"),)
    trades, orders = [], []
    for number, quantity in enumerate(quantities, start=1):
        at_ns = START_NS + number * 10 * NS_PER_S
        own = [
            order(number, venue, step, quantity, at_ns + (step - 1) * 2 * NS_PER_S)
            for step in (1, 2)
            for venue in PAIR.venues
        ]
        trades.append(valued(trade(number, quantity, at_ns), own))
        orders += own
    return Told(engine=_engine(tuple(trades), tuple(orders)), venues=_venues(tuple(orders)))


def _engine(trades: tuple[Trade, ...], orders: tuple[Order, ...]) -> EngineHistory:
    entries = _entries(orders)
    balances: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        for posting in entry.postings:
            key = posting.account, posting.asset
            balances[key] = balances.get(key, ZERO) + posting.amount
    return EngineHistory(
        session=SESSION,
        pair=PAIR,
        read_at_ns=START_NS + 1000 * NS_PER_S,
        repair_ns_max=60 * NS_PER_S,
        trades=trades,
        orders=orders,
        events=tuple(event for each in orders for event in events_of(each)),
        fills=tuple(
            BookedFill(
                venue=each.venue,
                symbol=each.symbol,
                client_order_id=each.client_order_id,
                fill=fill,
                booked_at_ns=fill.ts_event_ns + 5 * NS_PER_MS,
            )
            for each in orders
            for fill in each.fills
        ),
        entries=entries,
        decided_on={each.trade_id: saw(_of(orders, each, Purpose.ENTRY)) for each in trades},
        decided_later={
            each.trade_id: {exits[0].created_at_ns: saw(exits)}
            for each in trades
            if (exits := _of(orders, each, Purpose.EXIT))
        },
        balances=balances,
        ledger_position=entries[-1].entry_id,
        mode_changes=(ModeChange(mode=Mode.NORMAL, reason="start", at_ns=START_NS),),
        snapshot=_opening_snapshot(entries[:2]),
        instruments=RULES,
    )


def _of(orders: tuple[Order, ...], of_trade: Trade, purpose: Purpose) -> list[Order]:
    return [each for each in orders if each.trade_id == of_trade.trade_id and each.purpose is purpose]


def _entries(orders: tuple[Order, ...]) -> tuple[BookedEntry, ...]:
    booked: list[Entry] = [opening_entry("s1", venue, OPENING[venue]) for venue in PAIR.venues]
    booked += [fill_entry(each, fill) for each in orders for fill in each.fills]
    return tuple(
        BookedEntry(entry_id=number, key=entry.key, kind=entry.kind, postings=entry.postings)
        for number, entry in enumerate(booked, start=1)
    )


def _opening_snapshot(entries: tuple[BookedEntry, ...]) -> Snapshot:
    """Return a snapshot taken before the first trade."""
    balances: dict[str, dict[str, str]] = {}
    for entry in entries:
        for posting in entry.postings:
            account = balances.setdefault(posting.account, {})
            account[posting.asset] = str(Decimal(account.get(posting.asset, "0")) + posting.amount)
    return Snapshot(
        session_id=SESSION.session_id,
        kind=SnapshotKind.PERIODIC,
        slot="periodic:1",
        taken_at_ns=START_NS + NS_PER_S,
        ledger_position=entries[-1].entry_id,
        parts={"positions": {"balances": balances, "trades": []}},
    )


def _venues(orders: tuple[Order, ...]) -> VenueHistory:
    fills = tuple(venue_fill(each, fill) for each in orders for fill in each.fills)
    balances = {(venue, asset): amount for venue in PAIR.venues for asset, amount in OPENING[venue].items()}
    for key, amount in sum_effects(fills).items():
        balances[key] = balances.get(key, ZERO) + amount
    return VenueHistory(orders=tuple(venue_order(each) for each in orders), fills=fills, balances=balances)


def venue_order(ours: Order) -> VenueOrder:
    """Return the venue's side of an order."""
    return VenueOrder(
        venue=ours.venue,
        venue_order_id=str(ours.venue_order_id),
        client_id=ours.client_order_id,
        coin=BTC,
        status="FILLED",
        received_ns=ours.created_at_ns + 20 * NS_PER_MS,
    )


def venue_fill(ours: Order, fill: Fill) -> VenueFill:
    """Return the venue's side of a fill."""
    return VenueFill(
        venue=ours.venue, symbol=ours.symbol, client_id=ours.client_order_id, side=ours.side, fill=fill
    )


__all__ = ["Side", "Told", "changed", "order", "story", "without"]
