"""What is at risk, from the tables in memory."""

from collections import Counter, defaultdict
from decimal import Decimal

from arb.adapters.memory.by_hand import MemoryByHand
from arb.adapters.memory.ledger import OWN, moved_by, opened, venue_balances
from arb.adapters.memory.reentry import losses
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.postgres.records.holds import Hold, HoldState
from arb.domain.ledger.ledger import TRADING
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import EXACT, ZERO, exact_sum
from arb.domain.market.pair import Direction
from arb.domain.risk.direction import Currencies, currencies
from arb.domain.risk.mode import Cause
from arb.domain.risk.review import Exposure, nearest_ceilings
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE
from arb.domain.trading.trade import ENDED, Trade, TradeState


def active(tables: MemoryTables, session_id: SessionId) -> list[Trade]:
    """Return the trades that have not ended, oldest first."""
    own = [trade for trade in tables.trades.values() if trade.session_id == session_id]
    return sorted(
        (trade for trade in own if trade.state not in ENDED),
        key=lambda trade: (trade.opened_at_ns, trade.trade_id),
    )


def alone(tables: MemoryTables, session_id: SessionId) -> list[Trade]:
    """Return the trades that were escalated with a leg that stands alone, oldest first."""
    own = [trade for trade in tables.trades.values() if trade.session_id == session_id]
    return sorted(
        (trade for trade in own if trade.stands_alone), key=lambda trade: (trade.opened_at_ns, trade.trade_id)
    )


def at_risk(tables: MemoryTables, session_id: SessionId) -> list[Trade]:
    """Return what every ceiling counts."""
    return [*active(tables, session_id), *alone(tables, session_id)]


def siblings(tables: MemoryTables, session_id: SessionId, *venues: Venue) -> set[SessionId]:
    """Return the sessions that share an account, of these venues or any, this one among them."""
    own = tables.sessions.get(session_id)
    if own is None:
        return {session_id}
    places = {tables.place(session_id, venue) for venue, name in own.accounts.items() if name}
    found = {
        other
        for other, session in tables.sessions.items()
        for venue in venues or session.accounts
        if tables.place(other, venue) in places
    }
    return found | {session_id}


def reserved(tables: MemoryTables, session_id: SessionId) -> list[Hold]:
    """Return what is set aside, by client order id."""
    own = [row.hold for row in tables.orders.values() if row.session_id == session_id]
    return sorted(
        (hold for hold in own if hold.state is HoldState.RESERVED), key=lambda hold: hold.client_order_id
    )


def exposure(tables: MemoryTables, session_id: SessionId, now_ns: int) -> Exposure:
    """Return a session's exposure, and that of its accounts."""
    venues = tuple(tables.session(session_id).accounts)
    found = _exposure(tables, session_id, now_ns)
    if not venues:
        return found
    return nearest_ceilings(found, [_exposure(tables, session_id, now_ns, venue) for venue in venues])


def _exposure(tables: MemoryTables, session_id: SessionId, now_ns: int, *venues: Venue) -> Exposure:
    beside = siblings(tables, session_id, *venues)
    listed = [trade for each in sorted(beside) for trade in at_risk(tables, each)]
    notional: dict[Coin, Decimal] = defaultdict(lambda: ZERO)
    for trade in listed:
        notional[trade.coin] = EXACT.add(notional[trade.coin], trade.notional_krw)
    own = [trade for trade in tables.trades.values() if trade.session_id == session_id]
    day_ago_ns = max(0, now_ns - NS_PER_DAY)
    of_account = [
        trade
        for trade in tables.trades.values()
        if trade.session_id in beside or _is_replaced(tables, session_id, trade.session_id)
    ]
    orders = [row.order for row in tables.orders.values() if row.session_id in beside]
    unvalued = [row.order for row in tables.orders.values() if row.session_id == session_id]
    return Exposure(
        mode=tables.session(session_id).mode,
        generation=tables.session(session_id).generation,
        notional_by_coin_krw=dict(notional),
        trades_open_by_coin=Counter(trade.coin for trade in listed),
        realised_today_krw=exact_sum(
            trade.pnl_krw for trade in of_account if trade.closed_at_ns > day_ago_ns
        ),
        loss_reserved_krw=exact_sum(
            trade.loss_reserve_krw for trade in of_account if _reserves(trade, day_ago_ns)
        ),
        orders_last_minute=sum(order.created_at_ns > now_ns - NS_PER_MINUTE for order in orders),
        opened_at_ns=_newest(own, now_ns - NS_PER_MINUTE),
        unvalued_fees=sum(len(order.unvalued_fees) for order in unvalued),
        account_killed=_is_killed(tables, siblings(tables, session_id) - {session_id}),
        free={(venue.value, asset): amount for (venue, asset), amount in free(tables, session_id).items()},
        losses=losses(of_account, now_ns),
        currencies=_currencies(tables, session_id, of_account),
        paused=MemoryByHand(tables).decided(session_id, now_ns).paused,
    )


def _currencies(tables: MemoryTables, session_id: SessionId, of_account: list[Trade]) -> Currencies:
    taken_in: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for other_id, held in tables.balances.items():
        is_before = other_id in tables.set_aside and other_id != session_id
        if other_id in siblings(tables, session_id) and not is_before:
            for (account, asset), amount in held.items():
                if account == TRADING:
                    taken_in[asset] = EXACT.subtract(taken_in[asset], amount)
    at_risk = [trade for trade in of_account if trade.state not in ENDED or trade.stands_alone]
    return currencies([(trade.direction, trade.state, trade.notional_krw) for trade in at_risk], taken_in)


def _is_replaced(tables: MemoryTables, session_id: SessionId, other_id: SessionId) -> bool:
    """Tell whether a session took the place of another one where accounts have no names."""
    own, other = tables.session(session_id), tables.sessions.get(other_id)
    if other is None or other_id not in tables.set_aside:
        return False
    unnamed = not any((*own.accounts.values(), *other.accounts.values()))
    return unnamed and (own.environment, own.group_name) == (other.environment, other.group_name)


def _is_killed(tables: MemoryTables, others: set[SessionId]) -> bool:
    in_use = [tables.session(each) for each in others if each not in tables.set_aside]
    return any(session.reason.cause is Cause.KILLED for session in in_use)


def _reserves(trade: Trade, day_ago_ns: int) -> bool:
    """Tell whether a trade's worst loss may still come, or may have come without being known."""
    escalated = trade.state is TradeState.ESCALATED and trade.closed_at_ns > day_ago_ns
    return trade.state not in ENDED or trade.stands_alone or escalated


def _newest(own: list[Trade], after_ns: int) -> dict[tuple[Coin, Direction], int]:
    newest: dict[tuple[Coin, Direction], int] = {}
    for trade in own:
        if trade.opened_at_ns > after_ns:
            key = (trade.coin, trade.direction)
            newest[key] = max(newest.get(key, 0), trade.opened_at_ns)
    return newest


def free(tables: MemoryTables, session_id: SessionId) -> dict[tuple[Venue, str], Decimal]:
    """Return what each venue's balances leave free."""
    found = dict(venue_balances(tables, session_id))
    beside = {venue: siblings(tables, session_id, venue) for venue in Venue}
    for each in siblings(tables, session_id):
        for hold in (hold for hold in reserved(tables, each) if each in beside[hold.venue]):
            key = (hold.venue, hold.asset)
            found[key] = EXACT.subtract(found.get(key, ZERO), hold.amount)
    for venue in Venue:
        for posting in moved_by(tables, beside[venue] - {session_id}, since=opened(tables, session_id)):
            if OWN[posting.account] is venue:
                key = (venue, posting.asset)
                found[key] = EXACT.add(found.get(key, ZERO), posting.amount)
    return found
