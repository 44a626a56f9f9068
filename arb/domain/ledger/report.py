"""A session's report: counts, fees, profit and loss, and whether every invariant held."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ZERO, plain
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import ENDED, TradeState

KRW_STEP: Final = Decimal("0.01")
USDT_STEP: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenValue:
    """What the trades of one coin that have not ended brought in (positive) and cost so far, fees paid."""

    krw: Decimal = ZERO
    usdt: Decimal = ZERO
    base: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTotals:
    """The sums of a session's rows at one moment."""

    started_at_ns: int
    trades: Mapping[tuple[Coin, TradeState], int] = field(default_factory=dict)
    realised_krw: Mapping[Coin, Decimal] = field(default_factory=dict)  # of ended trades
    orders: Mapping[OrderState, int] = field(default_factory=dict)
    fills: Mapping[Coin, int] = field(default_factory=dict)
    fees: Mapping[tuple[Venue, str], Decimal] = field(default_factory=dict)
    held: Mapping[Coin, OpenValue] = field(default_factory=dict)
    residual: Mapping[Coin, Decimal] = field(default_factory=dict)  # of ended trades: dust, or escalated


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What things are worth in KRW, as far as it is known."""

    krw_per_usdt: Decimal | None = None
    krw_per_coin: Mapping[Coin, Decimal] = field(default_factory=dict)
    is_in_krw: bool = False  # both venues quote in KRW: nothing tells what a USDT is worth, and none is held

    def worth_krw(self, coin: Coin, held: OpenValue) -> Decimal | None:
        """Return the worth of what is held, or None if a price that it needs is not known."""
        price = self.krw_per_coin.get(coin) if held.base else ZERO
        rate = self.krw_per_usdt if held.usdt else ZERO
        if price is None or rate is None:
            return None
        return held.krw + held.usdt * rate + held.base * price


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinReport:
    """The part of one coin in a session's report."""

    coin: Coin
    trades_opened: int
    trades_closed: int
    fills: int
    realised_krw: Decimal
    pnl_krw: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A session in numbers. Amounts that cannot be valued for want of a price are None."""

    started_at_ns: int
    ended_at_ns: int | None  # None while it runs
    trades: Mapping[TradeState, int]
    orders: Mapping[OrderState, int]
    fills: int
    fees: Mapping[tuple[Venue, str], Decimal]
    pnl_krw: Decimal | None
    pnl_usdt: Decimal | None  # None also where both venues quote in KRW
    realised_krw: Decimal
    by_coin: tuple[CoinReport, ...]
    refusals: Mapping[str, int]
    invariants: Mapping[str, bool | None]  # None: it cannot be proven
    residual: Mapping[Coin, Decimal] = field(default_factory=dict)  # base that ended trades left uneven

    def as_json(self) -> dict[str, Any]:
        """Return what `arb report --json` prints: counts are integers, amounts text."""
        trades = Counter(self.trades)
        return {
            "started": _utc(self.started_at_ns),
            "ended": _utc(self.ended_at_ns),
            "trades_opened": trades.total(),
            "trades_closed": trades[TradeState.CLOSED],
            "trades_open": sum(count for state, count in trades.items() if state not in ENDED),
            "trades_aborted": trades[TradeState.ABORTED],
            "trades_handed_over": trades[TradeState.ESCALATED],
            "orders": sum(self.orders.values()),
            "orders_by_state": {state.value: count for state, count in sorted(self.orders.items())},
            "fills": self.fills,
            "fees": _nested(self.fees),
            "pnl_krw": _amount(self.pnl_krw, KRW_STEP),
            "pnl_usdt": _amount(self.pnl_usdt, USDT_STEP),
            "realised_krw": _amount(self.realised_krw, KRW_STEP),
            "by_coin": [_coin_line(line) for line in self.by_coin],
            "residual": {coin: plain(amount) for coin, amount in sorted(self.residual.items())},
            "refusals": dict(sorted(self.refusals.items())),
            "invariants": dict(self.invariants),
        }


def make_report(
    totals: SessionTotals,
    prices: Valuation,
    refusals: Mapping[str, int],
    invariants: Mapping[str, bool | None],
    ended_at_ns: int | None,
) -> Report:
    """Return the report of a session: what ended at the worth it had then, the rest at `prices`."""
    coins = sorted({coin for coin, _ in totals.trades})
    lines = tuple(_line(coin, totals, prices) for coin in coins)
    pnl_krw = _sum_if_known(line.pnl_krw for line in lines)
    states: Counter[TradeState] = Counter()
    for (_, state), count in totals.trades.items():
        states[state] += count
    return Report(
        started_at_ns=totals.started_at_ns,
        ended_at_ns=ended_at_ns,
        trades=states,
        orders=totals.orders,
        fills=sum(totals.fills.values()),
        fees=totals.fees,
        pnl_krw=pnl_krw,
        pnl_usdt=None if prices.is_in_krw else _in_usdt(pnl_krw, prices.krw_per_usdt),
        realised_krw=sum(totals.realised_krw.values(), ZERO),
        by_coin=lines,
        refusals=refusals,
        invariants=invariants,
        residual=totals.residual,
    )


def _line(coin: Coin, totals: SessionTotals, prices: Valuation) -> CoinReport:
    realised = totals.realised_krw.get(coin, ZERO)
    worth = prices.worth_krw(coin, totals.held.get(coin, OpenValue()))
    return CoinReport(
        coin=coin,
        trades_opened=sum(count for (of_coin, _), count in totals.trades.items() if of_coin == coin),
        trades_closed=totals.trades.get((coin, TradeState.CLOSED), 0),
        fills=totals.fills.get(coin, 0),
        realised_krw=realised,
        pnl_krw=None if worth is None else realised + worth,
    )


def _sum_if_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _in_usdt(krw: Decimal | None, krw_per_usdt: Decimal | None) -> Decimal | None:
    if krw == ZERO:
        return ZERO
    return None if krw is None or krw_per_usdt is None else krw / krw_per_usdt


def _coin_line(line: CoinReport) -> dict[str, Any]:
    return {
        "coin": line.coin,
        "trades_opened": line.trades_opened,
        "trades_closed": line.trades_closed,
        "fills": line.fills,
        "realised_krw": _amount(line.realised_krw, KRW_STEP),
        "pnl_krw": _amount(line.pnl_krw, KRW_STEP),
    }


def _amount(amount: Decimal | None, step: Decimal) -> str | None:
    return None if amount is None else plain(amount.quantize(step))


def _nested(fees: Mapping[tuple[Venue, str], Decimal]) -> dict[str, dict[str, str]]:
    nested: dict[str, dict[str, str]] = {}
    for (venue, asset), amount in sorted(fees.items()):
        nested.setdefault(venue.value, {})[asset] = plain(amount)
    return nested


def _utc(at_ns: int | None) -> str | None:
    if at_ns is None:
        return None
    return datetime.fromtimestamp(at_ns / 1_000_000_000, tz=UTC).isoformat(timespec="seconds")
