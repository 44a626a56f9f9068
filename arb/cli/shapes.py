"""The shapes of what commands print with `--json`: name, version, and what each field holds.

Every document begins with `schema` and `version`. A field may be added to a shape at any time; a version
goes up when one is renamed, left out or means something else. A field whose name ends with `?` is there only
sometimes. docs/json.md is made from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

READ: Final = {
    "read": "what was read: session_id, environment, group, mode, mode_reason, from_ns, to_ns, runs, home"
}
ROUND_TRIP: Final = {
    "round_trip": "strategy, notional_krw, edge_bps_least, break_even_premium_bps, round_trips (by exit: "
    "earned_bps, earned_krw, worst_bps), losing_trips_per_day, loss_per_day_krw, loses"
}
REPORT: Final = {
    "started": "UTC", "ended": "UTC, null while it runs",
    "trades_opened": "count", "trades_closed": "count", "trades_open": "count", "trades_aborted": "count",
    "trades_handed_over": "count", "orders": "count", "orders_by_state": "state -> count", "fills": "count",
    "fees": "venue -> asset -> amount",
    "pnl_krw": "with what is open; null without prices",
    "pnl_usdt": "the same in USDT; null for two venues in KRW",
    "realised_krw": "of trades that ended",
    "by_coin": "coin, trades_opened, trades_closed, fills, realised_krw, pnl_krw",
    "residual": "coin -> what ended trades left uneven", "refusals": "reason -> count",
    "invariants": "name -> true, false, or null if it cannot be proven",
    "by_day": "day (of `arb report` in the zone that is read in, else UTC), coin, trades, pnl_krw",
    "slippage_bps": "venue, purpose, orders, mean, median, p95",
    "latency_ms": "stage -> p50, p90, p99",
    "uptime": "seconds, normal_seconds, reduce-only_seconds, halted_seconds, normal_ratio",
    "recoveries": "component, count, median_ms, max_ms", "profit_curve": "pairs of Unix ms and KRW",
    "simulated": "whether the market was",
}  # fmt: skip
SCENARIO: Final = {"name": "of the scenario", "passed": "bool", "recovery_s": "seconds", "detail": "in words"}
GIVEN_UP: Final = "dead_letter_id, {}, reason (empty if so)"
MARKETS: Final = {
    "folder": "path",
    "markets": "venue, symbol, interval_s, from, to, rows, missing, holes, longest_s, longest_from",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a `--json` document, and its version."""

    fields: Mapping[str, str]
    version: int = 1


def version_of(schema: str) -> int:
    """Return the version of a shape."""
    return SHAPES[schema].version if schema in SHAPES else 1


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({
    "arb.report": Shape(REPORT | READ, version=2),
    "arb.check": Shape({
        "invariants": "name -> true, false, or null if it cannot be proven",
        "violations": "what broke one, in words", "unproven": "why one cannot be proven",
        "inconclusive": "what could not be looked at",
        "profit": "booked_krw, revaluation_krw, unrealised_krw, outside_krw, unexplained_krw, real_krw, "
        "krw_per_usdt",
    }),
    "arb.status": Shape({
        "home": "path", "mode": "mock, paper or live", "generation": "of the settings in force",
        "problem": "why the settings cannot be read, or null", "healthy": "whether every process runs",
        "flower_url": "address", "web_url": "address", "web_password_file": "path",
        "session": "session_id, mode, mode_reason, started_at_ns, mode_changed_at_ns",
        "stop": "an emergency stop that waits: reason, waits_for ...; or null",
        "hot_state": "reachable, current, why, fallback, fallback_since_ns",
        "recoveries": "the newest: component, cause, lost_at_ns, recovered_at_ns ...",
        "queues": "queue -> messages that wait", "fallback_queues": "the same of the fallback broker",
        "refusals": "reason -> count", "exit_waits": "reason -> count",
        "degradation": "degree, why, since_ns", "legs_alone": "trade_id, coin, residual",
        "paused": "coin, since_ns, by, reason", "currencies": "name, unit, used, limit, signed",
        "dead_letters": "how many wait",
        "processes": "name, state, pid, uptime_s, starts, exits, heartbeat_age_ms",
    }),
    "arb.orders": Shape(READ | {
        "orders": "client_order_id, venue, symbol, side, purpose, state, quantity, filled, limit_price, "
        "reason, created_at_ns",
    }),
    "arb.trades": Shape(READ | {
        "trades": "trade_id, coin, direction, state, quantity, entry_edge_bps, pnl_krw, reason, residual, "
        "opened_at_ns, closed_at_ns",
    }),
    "arb.trades.close": Shape({
        "quoted": "as it was asked: quantity, premium_bps, fees_krw, depth_krw, cost_krw, earned_krw, "
        "earned_bps",
        "trade_id": "id", "state": "of the trade", "closed": "bool", "pnl_krw": "of the trade",
        "reason": "of its state",
    }),
    "arb.trades.adopt": Shape({"trade_id": "id", "adopted": "bool", "why": "why not"}),
    "arb.trace": Shape({
        "trade_id": "id", "session_id": "id", "state": "of the trade", "steps": "at_ns, source, what, facts",
    }),
    "arb.latency": Shape(READ | {"parts": "part, orders (that know both ends), p50_ms, p90_ms, p99_ms"}),
    "arb.snapshot": Shape({"slot": "of the snapshot, null if another process took one"}),
    "arb.demo": Shape(REPORT | ROUND_TRIP),
    "arb.up": Shape({"session_id": "id", "killed": "why, or null"} | ROUND_TRIP),
    "arb.down": Shape({
        "rested": "whether all was hedged", "reason": "why not",
        "left_open": "pairs, coins, notional_krw, unrealised_krw; null where it cannot be told",
    }),
    "arb.migrate": Shape({"session_id": "id"}),
    "arb.begin": Shape({"session_id": "id"}),
    "arb.sessions": Shape({
        "sessions": "session_id, environment, group, in_use, mode, mode_reason, started_at_ns, "
        "changed_at_ns, trades, trades_ended, realised_krw, snapshot",
    }),
    "arb.sessions.compare": Shape({
        "sessions": "both ids", "data": "folder of the recorded books",
        "within_ms": "within which two entries are one decision",
        "settings": "that differ: key, before (of the first), after",
        "counts": "open or close -> same, latency, size, partial_fill, consequence, unexplained -> count",
        "unexplained": "count",
        "differences": "at_ns (since the books began), action, coin, direction, kind, why, first, second "
        "(null, or trade_id, at_ns, quantity, filled, reason, seen)",
    }),
    "arb.positions": Shape(READ | {
        "positions": "coin, trades, an amount by venue, hedged, unhedged, unrealised_krw",
    }),
    "arb.balances": Shape(READ | {
        "balances": "venue, asset, total, free, on_hold; with --from or --to venue, asset and what it "
        "was and moved by",
    }),
    "arb.pnl": Shape(READ | {
        "pnl_krw": "with what is open; null without prices",
        "pnl_usdt": "the same in USDT; null for two venues in KRW",
        "realised_krw": "of trades that ended", "fees": "venue -> asset -> amount",
        "by_coin": "coin, trades_closed, realised_krw, pnl_krw",
        "by_day": "day (in the zone that is read in), realised_krw",
    }, version=2),
    "arb.export": Shape(READ | {"what": "word", "format": "word", "rows": "count", "path": "of the file"}),
    "arb.coins.list": Shape(READ | {
        "coins": "coin, listed, paused (or null), trades, notional_krw",
        "left_out": "with `coins: all` coin -> why, of those that both venues list",
    }),
    "arb.coins.pause": Shape(READ | {"paused": "coin, since_ns, by, reason"}),
    "arb.coins.resume": Shape(READ | {"resumed": "coin, since_ns, by, reason: those that were paused"}),
    "arb.config.show": Shape({
        "settings": "as config/default.yml has them, secrets masked",
        "generation?": "with --running: the number in force",
        "differs?": "with --running: key, before, after",
        "problems?": "with --running: why the files cannot be compared",
    }),
    "arb.config.validate": Shape({
        "mode": "mock, paper or live", "valid": "bool", "unasked": "venue -> why it gave no answer",
    } | ROUND_TRIP),
    "arb.reload": Shape({
        "generation": "in force", "changed": "key, before, after",
        "left": "the same of what cannot change yet",
    } | ROUND_TRIP),
    "arb.help": Shape({"topics": "name -> text"}),
    "arb.doctor": Shape({"findings": "check, state (ok, warn, bad), what, mend"}),
    "arb.kill": Shape({
        "reason": "word", "started_ns": "Unix ns", "switched_ms": "until nothing was sent any more",
        "no_new_intents_ms": "null: not reached, or nobody can tell", "no_open_orders_ms": "the same",
        "exposure_ms": "until flat or escalated",
        "cancelled": "venue, symbol, client_order_id, venue_order_id, side",
        "foreign": "the same of orders that are not ours", "unresolved": "ids of orders in doubt",
        "handed_over": "ids of trades", "problems": "in words", "complete": "whether nothing is left for you",
    }),
    "arb.unkill": Shape({
        "killed": "bool", "differences": "between ledger and venues, in words",
        "sessions?": "of a stopped stack: whose switch was released",
    }),
    "arb.mode": Shape({
        "mode": "normal, reduce-only or halted", "reason": "in words", "killed": "why, or null",
    }),
    "arb.risk": Shape({"ceilings": "name, unit, used, limit, signed"}),
    "arb.reconcile": Shape({
        "explained": "bool", "conclusive": "bool", "drifts": "what differs", "external_orders": "not ours",
        "orders_without_intent": "ids", "undecided": "assets that orders move",
    }),
    "arb.rules": Shape({"told": "whether the workers were"}),
    "arb.feeds": Shape({
        "epoch": "of the assignment", "workers": "worker, health, coins, fence, capacity, age_s",
        "unfed": "coins", "moves": "at_ns, coin, before, after, fence, fence_before, reason",
    }),
    "arb.web": Shape({
        "url": "address", "password_file": "path", "metrics_url": "address", "metrics_token_file": "path",
    }),
    "arb.top": Shape({
        "at_ns": "Unix ns", "environment": "mock, paper or live", "krw_per_usdt": "rate; null for two in KRW",
        "session": "session_id, mode ...",
        "quotes": "coin, legs (venue, currency, mid, age_ms), premium_bps, edge_bps",
        "trades": "trade_id, coin, state, direction, age_s, hedged, imbalance, orders",
        "report": "as arb.report",
        "queues": "queue -> messages that wait", "fallback_queues": "the same of the fallback broker",
        "processes": "name, status, heartbeat_age_ms", "counters": "name -> reason -> count",
        "away": "what could not be read",
    }),
    "arb.alerts.list": Shape({
        "alerts": "alert_id, mode, group, session_id, at_ns, severity, kind, subject, message ...",
    }),
    "arb.alerts.ack": Shape({"acknowledged": "count"}),
    "arb.alerts.test": Shape({"channels": "name, ok, reason", "file": "path of every alert"}),
    "arb.messages.list": Shape({
        "messages": "message_id, mode, session_id, kind, at_ns, headline, facts, state, told_by ...",
    }),
    "arb.messages.test": Shape({"channels": "name, ok, reason", "kinds": "which news is told"}),
    "arb.dead.list": Shape({"dead_letters": "dead_letter_id, task, queue, reason, at_ns ..."}),
    "arb.dead.replay": Shape({"dead_letters": GIVEN_UP.format("sent")}),
    "arb.dead.drop": Shape({"dead_letters": GIVEN_UP.format("dropped")}),
    "arb.data.fetch": Shape(MARKETS),
    "arb.data.list": Shape(MARKETS),
    "arb.data.synth": Shape({"data": "path", "plants": "path", "rows": "count", "planted": "count"}),
    "arb.backtest": Shape({
        "head": "what was replayed, and what was assumed", "result": "net_krw, fees, drawdown ...",
        "why": "what kept it from more", "by_coin": "rows", "by_day": "rows", "by_reason": "rows",
        "inventory": "by venue and asset", "refused": "reason -> count", "equity": "points",
        "premium": "coin -> points", "distribution": "of results", "trades": "rows, as --csv",
        "sweep?": "settings, screened, refused, agreement, best, walk_forward, heat",
        "bench?": "what it took",
        "foresight?": "places, everything, planted (or null)",
    }),
    "arb.inventory": Shape({
        "held": "venue, asset, free, change (within the hours), legs, lasts_ns (null: does not run out)",
        "pays_for": "coin, direction, pairs, short_of, lasts_ns",
        "advice": "action (move, trade_back, wait), asset, from_venue, to_venue, amount, cost_krw, why",
    } | READ),
    "arb.record": Shape({"rows": "count", "seconds_lost": "that could not be kept"}),
    "arb.opportunities": Shape({
        "opportunities": "coin, direction, from_ns, to_ns, peak_ns, peak_bps, quantity, size_krw, worth_krw, "
        "taken, reason, looks (reason -> count), trades",
    } | READ),
    "arb.chaos.orders": Shape({
        "policy": "ours or naive", "seed": "number", "trades": "count", "intents": "count",
        "venue_orders": "count", "unknowns": "count", "duplicates": "count", "faults": "kind -> count",
        "duration_s": "seconds", "verdict": "bool", "violations": "in words", "unknowns_resolved?": "count",
        "lost?": "count", "unhedged?": "count", "handed_over?": "count", "drift?": "count",
        "unhedged_exposure_s?": "seconds", "unhedged_exposure_longest_s?": "seconds",
        "kills?": "process -> count",
        "errors?": "kind -> count", "invariants?": "name -> true, false or null",
        "trades_doubled?": "count", "excess_usdt?": "amount",
    }),
    "arb.chaos.market": Shape({
        "name": "of the scenario", "passed": "bool", "trades": "count", "trades_so_far": "count",
        "pairs_open": "count", "strikes": "fault -> count", "real_krw": "amount", "booked_krw": "amount",
        "revalued_and_open_krw": "amount", "naked_krw": "amount", "naked_together_krw": "amount",
        "naked_s": "seconds", "worst_loss_krw": "amount", "alerts": "kind -> after how many seconds",
        "operator": "what somebody had to do", "violations": "in words",
    }),
    "arb.chaos.ops": Shape({
        "verdict": "bool", "tell_s_max": "seconds", "trips": "name, passed, told_after_s ...",
        "critical": "how the stack stopped itself, or null", "venue_away": "how a stop waited, or null",
    }),
    "arb.chaos.feeds": Shape(SCENARIO),
    "arb.chaos.queue": Shape(SCENARIO),
    "arb.chaos.state": Shape(SCENARIO),
    "arb.soak": Shape({
        "verdict": "bool", "minutes": "number", "samples": "count", "trades": "count",
        "memory_mb": "process -> growth", "redis_mb": "growth", "queue_depth": "growth",
        "queue_depth_max": "count", "growing": "what grows", "errors": "in words", "rested": "bool",
        "invariants_hold": "bool",
    }),
})  # fmt: skip
