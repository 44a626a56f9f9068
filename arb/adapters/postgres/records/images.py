"""A session's state at one moment, as the four parts of a snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.adapters.postgres.records.documents import encode
from arb.adapters.postgres.records.holds import Hold
from arb.domain.market.ids import Coin, TradeId, Venue
from arb.domain.market.money import exact_sum, plain
from arb.domain.trading.trade import ENDED
from arb.ports.trading import Session, TradeView

FEES: Final = "fees:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a store adds up of a session in one consistent transaction."""

    session: Session
    ledger_position: int
    balances: Mapping[tuple[str, str], Decimal]  # (account, asset)
    holds: Sequence[Hold]  # reserved ones
    trades_by_state: Mapping[str, int]
    orders_by_state: Mapping[str, int]
    fills: int
    realised_krw_by_day: Mapping[int, Decimal]  # days since the epoch, UTC
    notional_by_coin_krw: Mapping[Coin, Decimal]  # of what is at risk: not ended, or a leg that was escalated
    trades_open_by_coin: Mapping[Coin, int]
    venue_pauses: Mapping[Venue, tuple[int, str]]  # until when, and why


def parts(sums: Sums, active: Iterable[TradeView]) -> dict[str, Any]:
    """Return the parts of a snapshot, by the names in `arb.domain.state.snapshot.PARTS`."""
    found = sum_parts(sums)
    found["positions"]["trades"] = [encode(view) for view in active]
    return found


def sum_parts(sums: Sums) -> dict[str, Any]:
    """Return the parts of a snapshot that are sums: session, balances, metrics, risk. Trades are left out."""
    return {
        "session": encode(sums.session),
        "positions": {"balances": _nested(sums.balances)},
        "metrics": _metrics(sums),
        "risk_guard": _risk_guard(sums),
    }


def changed_trades(views: Mapping[TradeId, TradeView | None]) -> dict[str, Any]:
    """Return trades as documents; None for those that are no longer part of the state."""
    return {
        trade_id: None if view is None or view.trade.state in ENDED else encode(view)
        for trade_id, view in views.items()
    }


def _metrics(sums: Sums) -> dict[str, Any]:
    return {
        "trades_by_state": dict(sums.trades_by_state),
        "orders_by_state": dict(sums.orders_by_state),
        "fills": sums.fills,
        "realised_krw": plain(exact_sum(sums.realised_krw_by_day.values())),
        "fees": _nested(
            {
                (account.removeprefix(FEES), asset): amount
                for (account, asset), amount in sums.balances.items()
                if account.startswith(FEES)
            }
        ),
    }


def _risk_guard(sums: Sums) -> dict[str, Any]:
    return {
        "mode": sums.session.mode.value,
        "mode_reason": sums.session.mode_reason,
        "notional_by_coin_krw": {coin: plain(amount) for coin, amount in sums.notional_by_coin_krw.items()},
        "trades_open_by_coin": dict(sums.trades_open_by_coin),
        "realised_krw_by_day": {str(day): plain(amount) for day, amount in sums.realised_krw_by_day.items()},
        "holds": [encode(hold) for hold in sums.holds],
        "venue_pauses": {
            venue.value: {"until_ns": until_ns, "reason": reason}
            for venue, (until_ns, reason) in sums.venue_pauses.items()
        },
    }


def _nested(amounts: Mapping[tuple[str, str], Decimal]) -> dict[str, dict[str, str]]:
    nested: dict[str, dict[str, str]] = defaultdict(dict)
    for (account, asset), amount in amounts.items():
        nested[account][asset] = plain(amount)
    return dict(nested)
