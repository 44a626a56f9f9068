"""`arb.ports.trading.HandStore` in PostgreSQL; what is over stays as a row: who did it, when, and why."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Engine, Row, Select, and_, bindparam, insert, select, update

from arb.adapters.postgres import review_marks
from arb.adapters.postgres.engine import asking, reading, transaction
from arb.adapters.postgres.owners import require_own
from arb.adapters.postgres.tables import close_requests, coin_pauses, sessions, trades
from arb.domain.errors import Conflict
from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.trading.by_hand import CloseRequest, CoinPause, Decided
from arb.domain.trading.trade import TradeState

SESSION: Final[BindParameter[str]] = bindparam("session_id")
# A pause is of the mode and group, so that a new session of them begins with it.
OF_SESSION: Final = and_(
    sessions.c.session_id == SESSION,
    coin_pauses.c.environment == sessions.c.environment,
    coin_pauses.c.group_name == sessions.c.group_name,
    coin_pauses.c.resumed_at_ns == 0,
)
IN_FORCE: Final[Select[Any]] = (
    select(coin_pauses).join(sessions, OF_SESSION).order_by(coin_pauses.c.coin, coin_pauses.c.coin_pause_id)
)


@dataclass(frozen=True, slots=True)
class SqlByHand:
    """Pauses of coins and requests to close pairs."""

    engine: Engine

    def pause(self, session_id: SessionId, pause: CoinPause) -> CoinPause:
        with transaction(self.engine) as connection:
            session = _lock(connection, session_id)
            if (known := _pause_of(connection, session_id, pause.coin)) is not None:
                return known
            values = {
                "environment": session.environment,
                "group_name": session.group_name,
                "coin": pause.coin,
                "paused_at_ns": pause.since_ns,
                "paused_by": pause.by,
                "reason": pause.reason,
            }
            connection.execute(insert(coin_pauses).values(values))
            review_marks.move(connection, session_id)
        return pause

    def resume(self, session_id: SessionId, coin: Coin, by: str, now_ns: int) -> CoinPause | None:
        with transaction(self.engine) as connection:
            session = _lock(connection, session_id)
            known = _pause_of(connection, session_id, coin)
            connection.execute(
                update(coin_pauses)
                .where(
                    coin_pauses.c.environment == session.environment,
                    coin_pauses.c.group_name == session.group_name,
                    coin_pauses.c.coin == coin,
                    coin_pauses.c.resumed_at_ns == 0,
                )
                .values(resumed_at_ns=now_ns, resumed_by=by)
            )
            review_marks.move(connection, session_id)
        return known

    def pauses(self, session_id: SessionId) -> tuple[CoinPause, ...]:
        with reading(self.engine) as connection:
            return tuple(map(_pause, connection.execute(IN_FORCE, {"session_id": session_id})))

    def ask_to_close(self, request: CloseRequest) -> CloseRequest:
        with transaction(self.engine, request.trade_id) as connection:
            locked = select(trades.c.state).where(
                trades.c.trade_id == request.trade_id, trades.c.session_id == request.session_id
            )
            state = connection.execute(locked.with_for_update()).scalar_one_or_none()
            if state != TradeState.OPEN:
                raise Conflict(f"trade {request.trade_id} is {state or 'not of this session'}")
            require_own(connection, request.session_id)
            for known in map(_request, connection.execute(_requests(request.session_id, request.trade_id))):
                if known.holds(request.asked_at_ns):
                    return known
            values = {name: getattr(request, name) for name in CloseRequest.__dataclass_fields__}
            connection.execute(insert(close_requests).values(values))
        return request

    def decided(self, session_id: SessionId, now_ns: int) -> Decided:
        with asking(self.engine) as connection:
            paused = connection.execute(IN_FORCE, {"session_id": session_id})
            asked = map(_request, connection.execute(_requests(session_id)))
            return Decided(
                paused=frozenset(Coin(row.coin) for row in paused),
                closing={each.trade_id: each for each in asked if each.holds(now_ns)},
            )


def _lock(connection: Connection, session_id: SessionId) -> Row[Any, Any]:
    """Have one decision about a session follow the other, and an entry either come before it or know it."""
    wanted = select(sessions.c.environment, sessions.c.group_name).where(sessions.c.session_id == session_id)
    return connection.execute(wanted.with_for_update(key_share=True)).one()


def _pause_of(connection: Connection, session_id: SessionId, coin: Coin) -> CoinPause | None:
    row = connection.execute(IN_FORCE.where(coin_pauses.c.coin == coin), {"session_id": session_id}).first()
    return None if row is None else _pause(row)


def _pause(row: Row[Any]) -> CoinPause:
    return CoinPause(coin=Coin(row.coin), since_ns=row.paused_at_ns, by=row.paused_by, reason=row.reason)


def _requests(session_id: SessionId, trade_id: TradeId | None = None) -> Select[Any]:
    """Return those of trades that are open, or of one, the oldest first."""
    wanted = (
        select(close_requests)
        .join(trades, trades.c.trade_id == close_requests.c.trade_id)
        .where(close_requests.c.session_id == session_id, trades.c.closed_at_ns == 0)
        .order_by(close_requests.c.close_request_id)
    )
    return wanted if trade_id is None else wanted.where(close_requests.c.trade_id == trade_id)


def _request(row: Row[Any]) -> CloseRequest:
    return CloseRequest(
        trade_id=TradeId(row.trade_id),
        session_id=SessionId(row.session_id),
        asked_by=row.asked_by,
        asked_at_ns=row.asked_at_ns,
        lasts_ns=row.lasts_ns,
        earned_bps_min=row.earned_bps_min,
    )
