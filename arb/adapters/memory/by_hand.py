"""`arb.ports.trading.HandStore` in memory."""

from dataclasses import dataclass

from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import Conflict
from arb.domain.market.ids import Coin, SessionId
from arb.domain.trading.by_hand import CloseRequest, CoinPause, Decided
from arb.domain.trading.trade import TradeState


@dataclass(frozen=True, slots=True)
class MemoryByHand:
    """Pauses of coins and requests to close pairs."""

    tables: MemoryTables

    def pause(self, session_id: SessionId, pause: CoinPause) -> CoinPause:
        with self.tables.transaction():
            return self.tables.coin_pauses.setdefault((*self._of(session_id), pause.coin), pause)

    def resume(self, session_id: SessionId, coin: Coin, by: str, now_ns: int) -> CoinPause | None:
        with self.tables.transaction():
            return self.tables.coin_pauses.pop((*self._of(session_id), coin), None)

    def pauses(self, session_id: SessionId) -> tuple[CoinPause, ...]:
        with self.tables.transaction():
            of = self._of(session_id)
            found = [pause for key, pause in self.tables.coin_pauses.items() if key[:2] == of]
        return tuple(sorted(found, key=lambda pause: pause.coin))

    def ask_to_close(self, request: CloseRequest) -> CloseRequest:
        with self.tables.transaction():
            trade = self.tables.trades.get(request.trade_id)
            if trade is None or trade.session_id != request.session_id:
                raise Conflict(f"trade {request.trade_id} is not of this session")
            if trade.state is not TradeState.OPEN:
                raise Conflict(f"trade {request.trade_id} is {trade.state}")
            for known in self.tables.close_requests:
                if known.trade_id == request.trade_id and known.holds(request.asked_at_ns):
                    return known
            self.tables.close_requests.append(request)
        return request

    def decided(self, session_id: SessionId, now_ns: int) -> Decided:
        paused = frozenset(pause.coin for pause in self.pauses(session_id))
        with self.tables.transaction():
            asked = [each for each in self.tables.close_requests if each.session_id == session_id]
            open_ones = {
                each.trade_id: each
                for each in asked
                if each.holds(now_ns) and not self.tables.trades[each.trade_id].closed_at_ns
            }
        return Decided(paused=paused, closing=open_ones)

    def _of(self, session_id: SessionId) -> tuple[str, str]:
        session = self.tables.session(session_id)
        return session.environment, session.group_name
