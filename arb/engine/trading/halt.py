"""The one way in which the engine halts a session: over a halt that passes, never over one that stays.

And what is said of a halt that an order caused.
"""

from typing import Final

from arb.domain.errors import Fatal
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import stays_halted
from arb.domain.risk.review import Mode
from arb.domain.trading.order import Order
from arb.ports.trading import SessionStore

FATAL_MEND: Final = (
    "check the key, its permissions and addresses, what the venue says of the account and where it serves; "
    "then `arb mode normal`"
)


def halt(sessions: SessionStore, session_id: SessionId, reason: str, now_ns: int) -> None:
    """Halt a session, unless it is halted until a person lifts that: then it keeps the reason it has."""
    while (session := sessions.get(session_id)) is not None:
        stays = stays_halted(session.mode, session.mode_reason)
        if stays or sessions.change_mode(session, Mode.HALTED, reason, now_ns):
            return


def fatal_alarm(error: Fatal, now_ns: int) -> Alert:
    """Return what is said where a venue will reject every later order as it rejected this one."""
    return Alert(
        kind=AlertKind.VENUE_FATAL,
        subject=error.venue,
        severity=Severity.CRITICAL,
        message=f"trading halted: {error}; {FATAL_MEND}",
        at_ns=now_ns,
    )


def overfill_alarm(order: Order, what: str, now_ns: int) -> Alert:
    """Return what is said where more was executed than can be."""
    return Alert(
        kind=AlertKind.ORDER_OVERFILLED,
        subject=order.client_order_id,
        severity=Severity.CRITICAL,
        message=f"trading halted: {order.venue} tells of {order.side} {order.quantity:f} "
        f"{order.symbol} executed beyond what can be ({what}); {order.filled_quantity:f} is booked",
        at_ns=now_ns,
    )
