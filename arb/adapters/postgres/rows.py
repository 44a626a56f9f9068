"""Rows to domain values and back."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, and_, func

from arb.adapters.postgres.session_accounts import accounts_of
from arb.adapters.postgres.tables import fills
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, Symbol, TradeId, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Direction
from arb.domain.risk.mode import ModeChange
from arb.domain.risk.review import Mode, Proposal
from arb.domain.state.owner import Owner
from arb.domain.trading.order import Fill, Order, OrderState, Purpose
from arb.domain.trading.trade import Trade, TradeKind, TradeState
from arb.ports.trading import Session

Values = dict[str, Any]
# Fees in neither asset of their market.
THIRD_FEE: Final = and_(
    fills.c.fee != 0,
    fills.c.fee_asset != func.split_part(fills.c.symbol, "/", 1),
    fills.c.fee_asset != func.split_part(fills.c.symbol, "/", 2),
)
TRIAL: Final = "trial_"  # before the scope of a circuit, among the facts that a trade was decided on


def session_of(row: Row[Any]) -> Session:
    """Return the session of a row."""
    return Session(
        session_id=SessionId(row.session_id),
        environment=row.environment,
        started_at_ns=row.started_at_ns,
        mode=Mode(row.mode),
        mode_reason=row.mode_reason,
        mode_changed_at_ns=row.mode_changed_at_ns,
        group_name=row.group_name,
        accounts=accounts_of(row.accounts),
        generation=row.generation,
    )


def mode_change_of(row: Row[Any]) -> ModeChange:
    """Return the change of mode of a row."""
    return ModeChange(mode=Mode(row.mode), reason=row.reason, at_ns=row.at_ns)


def trade_of(row: Row[Any]) -> Trade:
    """Return the trade of a row."""
    return Trade(
        trade_id=TradeId(row.trade_id),
        session_id=SessionId(row.session_id),
        coin=Coin(row.coin),
        direction=Direction(row.direction),
        state=TradeState(row.state),
        quantity=row.quantity,
        notional_krw=row.notional_krw,
        entry_edge_bps=row.entry_edge_bps,
        entry_premium_bps=row.entry_premium_bps,
        opened_at_ns=row.opened_at_ns,
        updated_at_ns=row.updated_at_ns,
        repair_since_ns=row.repair_since_ns,
        closed_at_ns=row.closed_at_ns,
        pnl_krw=row.pnl_krw,
        valued_krw_per_usdt=row.valued_krw_per_usdt,
        valued_base_krw=row.valued_base_krw,
        reason=row.reason,
        loss_reserve_krw=row.loss_reserve_krw,
        rate_reserve_krw=row.rate_reserve_krw,
        entry_krw_per_usdt=row.entry_krw_per_usdt,
        kind=TradeKind(row.kind),
        residual=row.residual,
        version=row.version,
    )


def order_of(row: Row[Any], fills: Iterable[Fill] = ()) -> Order:
    """Return the order of a row and its fills."""
    return Order(
        client_order_id=ClientOrderId(row.client_order_id),
        trade_id=TradeId(row.trade_id),
        venue=Venue(row.venue),
        symbol=Symbol(row.symbol),
        side=Side(row.side),
        purpose=Purpose(row.purpose),
        quantity=row.quantity,
        limit_price=row.limit_price,
        expires_at_ns=row.expires_at_ns,
        created_at_ns=row.created_at_ns,
        state=OrderState(row.state),
        fence=row.fence,
        attempts=row.attempts,
        claimed_at_ns=row.claimed_at_ns,
        venue_order_id=None if row.venue_order_id is None else VenueOrderId(row.venue_order_id),
        fills=tuple(fills),
        reason=row.reason,
        tick_at_ns=row.tick_at_ns,
    )


def fill_of(row: Row[Any]) -> Fill:
    """Return the fill of a row."""
    return Fill(
        fill_id=FillId(row.fill_id),
        price=row.price,
        quantity=row.quantity,
        fee=row.fee,
        fee_asset=row.fee_asset,
        ts_event_ns=row.ts_event_ns,
        fee_in_quote=row.fee_in_quote,
        fee_is_assumed=row.fee_is_assumed,
    )


def trade_values(trade: Trade) -> Values:
    """Return the columns of a trade."""
    return _texts(asdict(trade))


def facts_of(proposal: Proposal) -> dict[str, str]:
    """Return what a trade was decided on, and of which circuits it is a trial at which level."""
    levels = proposal.trial.levels if proposal.trial else {}
    return dict(proposal.decided_on) | {f"{TRIAL}{scope}": str(level) for scope, level in levels.items()}


def order_values(order: Order, session_id: SessionId, changed_at_ns: int) -> Values:
    """Return the columns of an order; its fills have rows of their own."""
    values = {name: getattr(order, name) for name in order.__dataclass_fields__ if name != "fills"}
    return _texts(values) | {"session_id": session_id, "changed_at_ns": changed_at_ns}


def fill_values(order: Order, fill: Fill, owner: Owner, now_ns: int) -> Values:
    """Return the columns of one fill of an order."""
    return asdict(fill) | {
        "environment": owner.environment,
        "account": owner.accounts.get(order.venue, ""),
        "venue": order.venue.value,
        "symbol": order.symbol,
        "client_order_id": order.client_order_id,
        "booked_at_ns": now_ns,
    }


def _texts(values: Values) -> Values:
    """Return the values with every enumeration as the plain text that SQL keeps."""
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}
