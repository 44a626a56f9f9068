"""What a session that is set aside leaves behind: nobody repairs or closes it until it is taken up again."""

from arb.domain.errors import ConfigError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.trading.trade import MOVING
from arb.ports.messaging import AlertSink
from arb.ports.trading import Session, TradeStore, TradeView


def refuse_unless_at_rest(session: Session, trades: TradeStore, now_ns: int) -> None:
    """Return if no leg can be alone, and of none that is nobody was told. Raises: ConfigError."""
    moving = [view.trade.trade_id for view in trades.active(session.session_id) if _moves(view)]
    untold = [trade.trade_id for trade in trades.untold(session.session_id, now_ns)]
    if moving or untold:
        raise ConfigError(
            f"session {session.session_id} is not at rest, trades {', '.join((*moving, *untold))}: "
            "`arb up` goes on and repairs them, `arb kill` then escalates what cannot be"
        )


def _moves(view: TradeView) -> bool:
    return view.trade.state in MOVING or not all(order.is_terminal for order in view.orders)


def alert_open_pairs(trades: TradeStore, alerts: AlertSink, left: Session, now_ns: int) -> str | None:
    """Alarm for the hedged pairs of a session that was set aside, and return what was said, if anything."""
    pairs = [f"{view.trade.trade_id} ({view.trade.coin})" for view in trades.active(left.session_id)]
    if not pairs:
        return None
    message = (
        f"session {left.session_id} is set aside with {len(pairs)} hedged pairs, which nobody closes until "
        f"`arb resume {left.session_id}`: {', '.join(pairs)}"
    )
    alerts.raise_alert(
        Alert(
            kind=AlertKind.PAIRS_SET_ASIDE,
            subject=left.session_id,
            severity=Severity.WARNING,
            message=message,
            at_ns=now_ns,
        )
    )
    return message
