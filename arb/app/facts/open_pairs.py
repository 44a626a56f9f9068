"""A pair that is open, as a person looks at it: what it entered at, what it earns now, what it waits for."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from arb.app.facts.model import trade_line
from arb.domain.market.money import fraction
from arb.domain.market.spread import Market, edge
from arb.domain.strategy.fixed import Fixed
from arb.domain.strategy.inventory import InventoryStrategy
from arb.domain.strategy.pair import PairStrategy
from arb.domain.strategy.port import OpenPair, Strategy
from arb.domain.time import NS_PER_S
from arb.domain.trading.exits import STOP_LOSS, earned_bps, exit_quantity
from arb.domain.trading.position import trade_position
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeState
from arb.ports.trading import TradeView

KNOWN_ANYWHERE: Final = (STOP_LOSS, Close.HOLDING_TIME.value)  # by a process that has seen no premiums


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """What a pair waits for: one of these comes first. Basis points of the entry's notional."""

    due: str = ""  # why it is to be closed now
    closing_bps: Decimal | None = None  # what closing costs before fees; it converges at `converged_bps`
    converged_bps: Decimal | None = None
    take_profit_bps: Decimal | None = None
    min_profit_bps: Decimal | None = None  # behind its level, of what waits for one
    stop_loss_bps: Decimal | None = None
    time_left_s: int | None = None


def open_pair(view: TradeView, market: Market | None, strategy: Strategy, now_ns: int) -> dict[str, Any]:
    """Return a trade with its profit at what closing it brings now; without a market that is not known."""
    trade = view.trade
    found = asdict(trade_line(view, now_ns)) | {
        "entry_premium_bps": trade.entry_premium_bps,
        "premium_bps": None if market is None else market.premium_bps,
        "pnl_bps": None,
        "pnl_krw": None,
        "exit": None,
    }
    position = trade_position(view.orders)
    quantity = exit_quantity(trade, position, market) if market is not None else None
    if market is None or not quantity:
        return found
    earned = earned_bps(trade, position, quantity, market)
    found |= {"pnl_bps": earned, "pnl_krw": fraction(earned) * trade.notional_krw}
    if trade.state is TradeState.OPEN:
        held = OpenPair(
            trade=trade,
            position=position,
            orders=view.orders,
            quantity=quantity,
            market=market,
            now_ns=now_ns,
        )
        found["exit"] = asdict(_exit(held, strategy))
    return found


def _exit(held: OpenPair, strategy: Strategy) -> Exit:
    due = strategy.exit(held) or ""
    if isinstance(strategy, InventoryStrategy):
        return _behind_level(held, strategy.pairs, due)
    if isinstance(strategy, PairStrategy):
        return _behind_level(held, strategy, due)
    closing = edge(held.market, held.trade.direction.opposite, held.quantity)
    closing_bps = None if closing is None else -closing.gross_bps
    if not isinstance(strategy, Fixed):
        return Exit(due=due, closing_bps=closing_bps)
    rules = strategy.exits
    return Exit(
        due=due,
        closing_bps=closing_bps,
        converged_bps=rules.converged_bps,
        take_profit_bps=rules.take_profit_bps,
        stop_loss_bps=-rules.stop_loss_bps,
        time_left_s=max(0, (rules.holding_ns_max - held.held_ns) // NS_PER_S),
    )


def _behind_level(held: OpenPair, strategy: PairStrategy, due: str) -> Exit:
    """Return what a pair waits for whose level only the process knows that evaluates it."""
    rules = strategy.rules
    return Exit(
        due=due if due in KNOWN_ANYWHERE else "",
        min_profit_bps=rules.min_profit_bps,
        stop_loss_bps=-rules.stop_loss_bps,
        time_left_s=max(0, (rules.holding_ns_max - held.held_ns) // NS_PER_S),
    )
