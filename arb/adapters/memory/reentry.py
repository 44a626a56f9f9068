"""What each coin and direction has lost in a row, from the tables in memory."""

from collections import defaultdict
from collections.abc import Sequence

from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction
from arb.domain.trading.reentry import LOSING, REMEMBERED_NS, Close, Losses
from arb.domain.trading.trade import ENDED, Trade, TradeState


def losses(own: Sequence[Trade], now_ns: int) -> dict[tuple[Coin, Direction], Losses]:
    """Return how often each coin and direction lost in a row, since the newest close that earned."""
    closes = [
        trade
        for trade in own
        if trade.state is TradeState.CLOSED
        and trade.closed_at_ns > max(1, now_ns - REMEMBERED_NS)
        and trade.reason in tuple(Close)
    ]
    earned_ns: dict[tuple[Coin, Direction], int] = {}
    for trade in closes:
        if trade.pnl_krw >= ZERO:
            key = (trade.coin, trade.direction)
            earned_ns[key] = max(earned_ns.get(key, 0), trade.closed_at_ns)
    lost_ns: dict[tuple[Coin, Direction], list[int]] = defaultdict(list)
    under_way = [trade for trade in own if trade.state not in ENDED and trade.reason in LOSING]
    for trade in (*closes, *under_way):
        is_lost = trade.pnl_krw < ZERO or trade.state is not TradeState.CLOSED
        at_ns = trade.closed_at_ns if trade.state is TradeState.CLOSED else trade.updated_at_ns
        if is_lost and at_ns > earned_ns.get((trade.coin, trade.direction), 0):
            lost_ns[trade.coin, trade.direction].append(at_ns)
    return {key: Losses(in_a_row=len(found), newest_ns=max(found)) for key, found in lost_ns.items()}
