"""A session's state at one moment, as the four parts of a snapshot."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.adapters.records.documents import encode
from arb.adapters.records.exact import EXACT, exact_sum
from arb.adapters.records.holds import Hold
from arb.domain.money import ZERO, plain
from arb.ports import Session, TradeView

NS_PER_DAY: Final = 86_400_000_000_000
FEES: Final = "fees:"


def day_start_ns(now_ns: int) -> int:
    """Return 00:00 UTC of the day that `now_ns` is in."""
    return now_ns - now_ns % NS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a store reads of a session in one consistent transaction."""

    session: Session
    active: Sequence[TradeView]
    balances: Mapping[tuple[str, str], Decimal]  # (account, asset)
    holds: Sequence[Hold]  # reserved ones
    trades_by_state: Mapping[str, int]
    orders_by_state: Mapping[str, int]
    fills: int
    realised_krw_by_day: Mapping[int, Decimal]  # days since the epoch, UTC


def parts(image: Image) -> dict[str, Any]:
    """Return the parts of a snapshot, by the names in `arb.domain.snapshot.PARTS`."""
    return {
        "session": encode(image.session),
        "positions": {
            "trades": [encode(view) for view in image.active],
            "balances": _nested(image.balances),
        },
        "metrics": {
            "trades_by_state": dict(image.trades_by_state),
            "orders_by_state": dict(image.orders_by_state),
            "fills": image.fills,
            "realised_krw": plain(exact_sum(image.realised_krw_by_day.values())),
            "fees": _nested(
                {
                    (account.removeprefix(FEES), asset): amount
                    for (account, asset), amount in image.balances.items()
                    if account.startswith(FEES)
                }
            ),
        },
        "risk_guard": _risk_guard(image),
    }


def _risk_guard(image: Image) -> dict[str, Any]:
    notional: dict[str, Decimal] = defaultdict(lambda: ZERO)
    opened: dict[str, int] = defaultdict(int)
    for view in image.active:
        notional[view.trade.coin] = EXACT.add(notional[view.trade.coin], view.trade.notional_krw)
        opened[view.trade.coin] += 1
    return {
        "mode": image.session.mode.value,
        "mode_reason": image.session.mode_reason,
        "notional_by_coin_krw": {coin: plain(amount) for coin, amount in notional.items()},
        "trades_open_by_coin": dict(opened),
        "realised_krw_by_day": {str(day): plain(amount) for day, amount in image.realised_krw_by_day.items()},
        "holds": [encode(hold) for hold in image.holds],
    }


def _nested(amounts: Mapping[tuple[str, str], Decimal]) -> dict[str, dict[str, str]]:
    nested: dict[str, dict[str, str]] = defaultdict(dict)
    for (account, asset), amount in amounts.items():
        nested[account][asset] = plain(amount)
    return dict(nested)
