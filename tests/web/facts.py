"""Facts of a made-up session, as the sections of the page carry them."""

from collections.abc import Callable
from typing import Any

from arb.adapters.local.clock import ManualClock
from arb.web.recorded import NotTraded
from arb.web.sections import PageSection

NS = 1_000_000_000
COINS = ("BTC", "ETH", "XRP")
Facts = dict[str, Any]


def market(now_ms: int, every_ms: int = 1_000, premium: float = 45.0) -> Facts:
    legs = [
        {"venue": "upbit", "currency": "KRW", "mid": "141400500", "age_ms": 40},
        {"venue": "binance", "currency": "USDT", "mid": "100000.5", "age_ms": 60},
    ]
    side = [["141400000", "0.5"], ["141399000", "1.5"], ["141398000", "0.25"]]
    return {
        "krw_per_usdt": "1400.5",
        "entry_edge_bps": "20",
        "quote_age_ms_max": 1_000,
        "chart_every_ms": every_ms,
        "quotes": [
            {"coin": coin, "legs": legs, "premium_bps": str(premium), "edge_bps": str(premium - 30)}
            for coin in COINS
        ],
        "depth": {
            coin: {
                "upbit": {"bids": side, "asks": [["141401000", "1"], ["141402000", "2"], ["141403000", "1"]]},
                "binance": {"bids": [["99999", "1"]] * 3, "asks": [["100001", "1"]] * 3},
            }
            for coin in COINS
        },
    }


def session(now_ns: int, mode: str = "normal", environment: str = "paper") -> Facts:
    return {
        "session_id": "s1",
        "environment": environment,
        "group_name": "",
        "started_at_ns": now_ns - 3_725 * NS,
        "mode": mode,
        "mode_reason": "" if mode == "normal" else "by hand",
        "degree": "full",
    }


def open_trade(trade_id: str = "T1", **changes: Any) -> Facts:
    waits = {
        "due": "", "closing_bps": "32.4", "converged_bps": "5", "take_profit_bps": "30",
        "stop_loss_bps": "-80", "time_left_s": 3_000,
    }  # fmt: skip
    return {
        "trade_id": trade_id, "coin": "BTC", "state": "open", "direction": "sell_upbit", "age_s": 65,
        "hedged": "0.01", "imbalance": "0", "orders": 2, "entry_premium_bps": "52.5", "premium_bps": "40.1",
        "pnl_bps": "3.2", "pnl_krw": "4480.4", "exit": waits, **changes,
    }  # fmt: skip


def closed_trade(now_ns: int, trade_id: str = "T0", **changes: Any) -> Facts:
    return {
        "trade_id": trade_id, "coin": "ETH", "direction": "buy_upbit", "state": "closed",
        "reason": "converged", "opened_at_ns": now_ns - 700 * NS, "closed_at_ns": now_ns - 100 * NS,
        "entry_premium_bps": "-48",
        "notional_krw": "1400000", "pnl_krw": "2512.25", "fees_krw": "4210", **changes,
    }  # fmt: skip


def chance(now_ns: int, **changes: Any) -> Facts:
    return {
        "coin": "XRP", "direction": "sell_upbit", "from_ns": now_ns - 90 * NS, "to_ns": now_ns - 87 * NS,
        "peak_ns": now_ns - 89 * NS, "peak_bps": "61.25", "quantity": "1500", "size_krw": "5120000",
        "worth_krw": "6420", "taken": False, "reason": "balance_upbit_xrp", "looks": {"balance_upbit_xrp": 3},
        "trades": [], **changes,
    }  # fmt: skip


def recorded(now_ms: int, scale: str, *, is_recorded: bool = True, hole: range = range(0)) -> Facts:
    """A chart of 60 steps, some of which are missing."""
    step_ms = {"hour": 60_000, "day": 1_440_000, "month": 43_200_000}[scale]
    from_ms = now_ms - 60 * step_ms
    return {
        "from_ms": from_ms, "to_ms": now_ms, "step_ms": step_ms, "fresh_ms": 200,
        "venues": ["upbit", "binance"], "is_recorded": is_recorded,
        "points": [
            [from_ms + at * step_ms, 40.0 + at % 7, 35.0, 50.0, 12.5 + at % 5, None if at % 2 else -70.0]
            for at in range(60)
            if at not in hole
        ],
    }  # fmt: skip


def inventory() -> list[Facts]:
    def row(venue: str, asset: str, held: str, worth: str | None) -> Facts:
        return {"venue": venue, "asset": asset, "held": held, "free": held, "worth_krw": worth}

    return [
        row("binance", "USDT", "20000", "28010000"), row("binance", "BTC", "0.1", "14140050"),
        row("upbit", "KRW", "30000000", "30000000"), row("upbit", "BTC", "0.1", "14140050"),
        row("upbit", "XRP", "5000", None),
    ]  # fmt: skip


def result(**changes: Any) -> Facts:
    return {
        "pnl_krw": "12345.60", "pnl_usdt": "8.8152", "realised_krw": "10000.00", "fees_krw": "4210.4",
        "trades_opened": 7, "trades_closed": 5, "trades_handed_over": 0, "orders": 24, "fills": 30,
        "orders_by_state": {"filled": 22, "intent": 2}, "refusals": {"entry_cooldown": 12}, **changes,
    }  # fmt: skip


class Scene:
    """What a page is shown; whatever of it is replaced is shown next."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        now_ns = self.clock.now_ns()
        now_ms = now_ns // 1_000_000
        self.is_lean = False
        self.shown: dict[str, Callable[[], Any]] = {
            "market": lambda: market(now_ms, 10_000 if self.is_lean else 1_000),
            "kill": lambda: {"engaged": None, "busy": False, "report": None, "text": None},
            "emergency": dict,
            "session": lambda: session(now_ns),
            "trades": lambda: {"count": 1, "newest": [open_trade()]},
            "closed": lambda: [closed_trade(now_ns)],
            "opportunities": lambda: [chance(now_ns)],
            "inventory": inventory,
            "events": list,
            "queues": lambda: {"orders": 0},
            "fallback": dict,
            "risk": lambda: [
                {"name": "daily_loss", "unit": "KRW", "used": "100", "limit": "1000", "signed": None},
                {"name": "net_direction", "unit": "KRW", "used": "5", "limit": "10", "signed": "5"},
            ],
            "result": result,
            "profit": lambda: [(now_ms - 3_600_000, "0"), (now_ms - 600_000, "2512.25")],
            "processes": lambda: [
                {
                    "name": "feed", "heartbeat_age_ms": 100, "rss_bytes": 90_000_000,
                    "status": {"state": "RUNNING", "uptime_s": 100, "exits": 0},
                }
            ],
            "latency": lambda: [
                {"part": "tick_to_sent", "p50_ms": 20.8, "p90_ms": 43.1, "p99_ms": 1143.4},
                {"part": "sent_to_filled", "p50_ms": 17.0, "p90_ms": 31.2, "p99_ms": 70.5},
            ],
            "alerts": list,
        }  # fmt: skip
        self.past: dict[str, list[tuple[int, float, float]]] = {
            "BTC": [(now_ms - ms, 40.0 + ms / 60_000, 10.0) for ms in range(300_000, 0, -1_000)]
        }

        self.asked: list[tuple[str, str]] = []
        self.recorded: Callable[[str], Facts] = lambda scale: recorded(now_ms, scale)

    def premiums(self, coin: str, scale: str) -> Facts:
        self.asked.append((coin, scale))
        if coin not in COINS:
            raise NotTraded(coin, scale)
        return self.recorded(scale)

    def sections(self) -> list[PageSection]:
        less = {"profit": 60_000}
        return [
            PageSection(name=name, read=lambda name=name: self.shown[name](), every_ms=60,
                    lean_every_ms=less.get(name, 0))
            for name in self.shown
        ]  # fmt: skip
