"""What a replay came to, as one document of text and whole numbers: the same run is the same bytes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import numpy as np

from arb.app.round_trip import economics_of
from arb.backtest.reading.series import Array, Series
from arb.backtest.replay.records import Record
from arb.backtest.replay.run import ReplayOutcome, ReplayPlan
from arb.backtest.replay.screen import edge_bounds
from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO, bps, plain
from arb.domain.strategy.levels import FLICKERS, NO_RETURN, STAYS_AWAY
from arb.domain.strategy.pair import UNKNOWN
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState

POINTS_MAX: Final = 1_000  # of a curve that is drawn
CELLS: Final = 40  # of a distribution
NOT_WORTH: Final = {
    UNKNOWN: "where premiums come back to was not known, by fewer than three hours or rows too far apart",
    FLICKERS: "premiums that were as far away were gone at the next look, or none had been seen to stay",
    NO_RETURN: "premiums that left their level did not come back, or too few had been seen to",
    STAYS_AWAY: "that premium was away for longer than those that come back",
}
Document = dict[str, Any]


def document_of(outcome: ReplayOutcome) -> Document:
    """Return the report of a replay as a document."""
    records, series = outcome.records, outcome.plan.series
    return {
        "head": _head(outcome),
        "result": _result(outcome),
        "why": _why(outcome),
        "by_coin": _grouped(records, lambda each: each.coin),
        "by_day": _grouped(records, lambda each: _day_of(each.closed_at_ns)),
        "by_reason": _grouped(records, lambda each: each.reason),
        "inventory": _inventory(outcome),
        "refused": dict(sorted(outcome.refused.items())),
        "equity": _equity_curve(records),
        "premium": {coin: _premium(series, outcome.plan, coin, records) for coin in series.coins},
        "distribution": _distribution(records),
        "trades": [_record_row(each) for each in records],
    }


def _head(outcome: ReplayOutcome) -> Document:
    plan, series = outcome.plan, outcome.plan.series
    assumed, strategy = series.assumed, plan.settings.strategy
    return {
        "data": series.name,
        "from": moment(int(series.ts_ns[0])) if len(series) else "",
        "to": moment(int(series.ts_ns[-1])) if len(series) else "",
        "rows": outcome.rows,
        "coins": {coin: int(series.complete(coin).sum()) for coin in series.coins},
        "gaps": {coin: _gaps(series, coin) for coin in series.coins},
        "flaws": dict(series.flaws),
        "rate": series.rate_source,
        "assumed": {
            "half_spread_bps": {venue.value: plain(half) for venue, half in assumed.half_spread_bps.items()},
            "rate_half_spread_bps": plain(assumed.rate_half_spread_bps),
            "depth_usdt": plain(assumed.depth_usdt),
            "latency_ms": assumed.latency_ms,
            "gap_s": assumed.gap_ns // NS_PER_S,
            "fees_bps": {venue.value: plain(fee) for venue, fee in plan.fees_bps.items()},
        },
        "strategy": strategy.model_dump(mode="json"),
        "seed": plan.seed,
        "notes": [*series.notes, *_coarse(series)],
    }


def _coarse(series: Series) -> list[str]:
    """Return what the steps of a series keep from being told."""
    if len(series) < 2:
        return ["one row only: nothing can be held"]
    usual_s = int(np.median(np.diff(series.ts_ns))) // NS_PER_S
    told = (
        f"rows are {usual_s:,} s apart in the middle: what happens between them is neither earned nor lost; "
        "orders meet the newest row's prices, with the spread and depth that are assumed"
    )
    return [told]


def _gaps(series: Series, coin: Coin) -> Document:
    found = series.gaps(coin)
    return {
        "count": len(found),
        "longest_s": int(found.max()) // NS_PER_S if len(found) else 0,
        "total_s": int(found.sum()) // NS_PER_S if len(found) else 0,
    }


def _result(outcome: ReplayOutcome) -> Document:
    records = outcome.records
    net = sum((each.pnl_krw for each in records), ZERO)
    done = [each for each in records if each.state is not TradeState.ABORTED]
    notional = sum((each.notional_krw for each in done), ZERO)
    winners = sum(each.pnl_krw > 0 for each in done)
    low_krw, span_s = _drawdown(records), _span_s(outcome)
    in_market_s = _covered_s(records)
    return {
        "trades": len(done),
        "net_krw": money(net),
        "net_krw_per_trade": money(net / len(done)) if done else "0",
        "net_bps": plain(_round(bps(net, notional), 2)) if notional else "0",
        "won": winners,
        "fees_krw": money(sum((each.fees_krw for each in records), ZERO)),
        "drawdown_krw": money(low_krw),
        "time_in_market_s": in_market_s,
        "time_in_market_share": plain(_round(Decimal(in_market_s) / span_s, 4)) if span_s else "0",
        "unfilled_legs": sum(each.unfilled_legs for each in records),
        "partial_legs": sum(each.partial_legs for each in records),
        "repairs": sum(each.repairs for each in records),
        "aborted": len(records) - len(done),
        "handed_over": sum(each.state is TradeState.ESCALATED for each in records),
        "left_open": sum(each.state in (TradeState.OPEN, TradeState.CLOSING) for each in records),
        "orders": sum(each.orders for each in records),
    }


def _why(outcome: ReplayOutcome) -> list[str]:
    """Return in words why there are as many trades as there are."""
    series, lines = outcome.plan.series, [f"strategy: {outcome.plan.settings.strategy.name}"]
    least = round(economics_of(outcome.plan.settings).edge_bps_least, 1)
    for coin in series.coins:
        best = edge_bounds(series, outcome.plan.pair, outcome.plan.fees_bps, coin).best
        known = best[~np.isnan(best)]
        if not len(known):
            lines.append(f"{coin}: no row has both prices and a rate")
            continue
        top = int(np.nanargmax(best))
        over = int((known >= float(least)).sum())
        lines.append(
            f"{coin}: the most that any of {len(known):,} rows offered, net of the entry's fees and spreads, "
            f"was {known.max():.1f} bps ({moment(int(series.ts_ns[top]))}); an entry needs {plain(least)}, "
            f"which {over:,} rows reached"
        )
    lines += [
        f"{outcome.refused[reason]:,} looks at enough for an entry were left: {words}"
        for reason, words in NOT_WORTH.items()
        if reason in outcome.refused
    ]
    if outcome.chances_before_holes:
        lines.append(
            f"{outcome.chances_before_holes} rows right before a hole or the end offered enough and were "
            "left: what became of it is not in the data"
        )
    if outcome.stopped_at_ns:
        lines.append(f"nothing was opened after {moment(outcome.stopped_at_ns)}: see the escalated trades")
    return lines


def _grouped(records: Iterable[Record], key: Callable[[Record], str]) -> list[Document]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for each in records:
        groups[key(each)].append(each)
    return [
        {
            "name": name,
            "trades": len(listed),
            "net_krw": money(sum((each.pnl_krw for each in listed), ZERO)),
            "fees_krw": money(sum((each.fees_krw for each in listed), ZERO)),
            "won": sum(each.pnl_krw > 0 for each in listed),
        }
        for name, listed in sorted(groups.items())
    ]


def _inventory(outcome: ReplayOutcome) -> list[Document]:
    return [
        {
            "venue": venue.value,
            "asset": asset,
            "began": plain(amount),
            "ended": plain(outcome.ended_with.get((venue, asset), ZERO)),
            "least": plain(outcome.least.get((venue, asset), amount)),
        }
        for (venue, asset), amount in sorted(outcome.began_with.items())
    ]


def _equity_curve(records: Sequence[Record]) -> list[tuple[int, str]]:
    """Return the booked profit after each close, as (seconds, KRW)."""
    total, curve = ZERO, []
    for each in sorted(records, key=lambda each: (each.closed_at_ns, each.trade_id)):
        total += each.pnl_krw
        curve.append((each.closed_at_ns // NS_PER_S, money(total)))
    return _thinned(curve)


def _drawdown(records: Sequence[Record]) -> Decimal:
    total = top = worst = ZERO
    for each in sorted(records, key=lambda each: (each.closed_at_ns, each.trade_id)):
        total += each.pnl_krw
        top = max(top, total)
        worst = max(worst, top - total)
    return worst


def _covered_s(records: Sequence[Record]) -> int:
    covered = until = 0
    for each in sorted(records, key=lambda each: each.opened_at_ns):
        covered += max(0, each.closed_at_ns - max(until, each.opened_at_ns))
        until = max(until, each.closed_at_ns)
    return covered // NS_PER_S


def _span_s(outcome: ReplayOutcome) -> int:
    stamps = outcome.plan.series.ts_ns
    return int(stamps[-1] - stamps[0]) // NS_PER_S if len(stamps) else 0


def _premium(series: Series, plan: ReplayPlan, coin: Coin, records: Sequence[Record]) -> Document:
    """Return a coin's premium as it is drawn, with what was opened and closed of it."""
    first, second = (series.prices[venue, coin] for venue in plan.pair.venues)
    premium = (first / (second * series.rate) - 1.0) * 10_000
    rows = np.flatnonzero(~np.isnan(premium))
    own = [each for each in records if each.coin == coin and each.state is not TradeState.ABORTED]
    return {
        "points": _thinned(
            [(int(series.ts_ns[row]) // NS_PER_S, f"{premium[row]:.2f}") for row in _spread(rows)]
        ),
        "entries": [_mark(series, premium, each.opened_at_ns) for each in own[:POINTS_MAX]],
        "exits": [_mark(series, premium, each.closed_at_ns) for each in own[:POINTS_MAX]],
    }


def _mark(series: Series, premium: Array, at_ns: int) -> tuple[int, str]:
    row = max(0, int(np.searchsorted(series.ts_ns, at_ns, side="right")) - 1)
    return at_ns // NS_PER_S, f"{premium[row]:.2f}"


def _spread(rows: Array) -> list[int]:
    """Return a thousand of the rows at most, spread evenly."""
    if len(rows) <= POINTS_MAX:
        return [int(row) for row in rows]
    return [int(row) for row in rows[np.linspace(0, len(rows) - 1, POINTS_MAX).astype(int)]]


def _thinned(points: list[Any]) -> list[Any]:
    if len(points) <= POINTS_MAX:
        return points
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(number * step)] for number in range(POINTS_MAX)]


def _distribution(records: Sequence[Record]) -> list[tuple[str, int]]:
    """Return how many trades earned how much, in whole basis points."""
    earned = [each.earned_bps for each in records if each.state is not TradeState.ABORTED]
    if not earned:
        return []
    low, high = min(earned), max(earned)
    width = max(Decimal(1), ((high - low) / CELLS).to_integral_value(ROUND_HALF_EVEN))
    cells = Counter(int(each // width) for each in earned)
    return [(plain(cell * width), cells[cell]) for cell in range(min(cells), max(cells) + 1)]


COLUMNS: Final = (
    "trade_id", "coin", "direction", "opened", "closed", "state", "reason", "quantity", "notional_krw",
    "entry_edge_bps", "entry_premium_bps", "pnl_krw", "earned_bps", "fees_krw", "orders", "unfilled_legs",
    "partial_legs", "repairs",
)  # fmt: skip


def _record_row(each: Record) -> Mapping[str, str]:
    """Return one trade as a row of text, amounts exact."""
    return {
        "trade_id": each.trade_id,
        "coin": each.coin,
        "direction": str(each.direction),
        "opened": moment(each.opened_at_ns),
        "closed": moment(each.closed_at_ns),
        "state": each.state.value,
        "reason": each.reason,
        "quantity": plain(each.quantity),
        "notional_krw": money(each.notional_krw),
        "entry_edge_bps": plain(_round(each.entry_edge_bps, 2)),
        "entry_premium_bps": plain(_round(each.entry_premium_bps, 2)),
        "pnl_krw": plain(_round(each.pnl_krw, 2)),
        "earned_bps": plain(_round(each.earned_bps, 2)),
        "fees_krw": plain(_round(each.fees_krw, 2)),
        "orders": str(each.orders),
        "unfilled_legs": str(each.unfilled_legs),
        "partial_legs": str(each.partial_legs),
        "repairs": str(each.repairs),
    }


def moment(at_ns: int) -> str:
    """Return a time in UTC, to the second."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day_of(at_ns: int) -> str:
    """Return the day of a time in UTC."""
    return moment(at_ns)[:10]


def money(amount: Decimal) -> str:
    """Return an amount rounded to whole KRW, as text."""
    return plain(_round(amount, 0))


def _round(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) + ZERO
