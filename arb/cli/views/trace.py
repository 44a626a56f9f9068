"""The life of one trade in the order in which it happened: from rows, with the lines that logs add."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
from rich.table import Table
from rich.text import Text

from arb.adapters.postgres.trace import Traced
from arb.cli.views.style import headed_table
from arb.domain.market.money import plain
from arb.domain.time import NS_PER_MS
from arb.domain.trading.trade import ENDED

LOGS: Final = "live_loop.log*"
LINE_CHARACTERS_MAX: Final = 600
SIZE_BYTES_MAX: Final = 200 * 1024 * 1024  # of logs that are looked through, the newest first
ORDER: Final = ("quotes", "decision", "intent", "request", "fill", "ledger", "pnl", "log")  # at one time
Step = dict[str, Any]


def steps_of(traced: Traced, logs: Path) -> list[Step]:
    """Return every step of a trade, oldest first, each with its time and source."""
    trade = traced.trade
    steps = [
        _step(trade["opened_at_ns"], "quotes", "decided_on", trade["decided_on"]),
        _step(trade["opened_at_ns"], "decision", "trade_opened", _decision(trade)),
        *(_step(int(at), "quotes", "decided_on", facts) for at, facts in trade["decided_later"].items()),
        *(_step(each["created_at_ns"], "intent", "intent_written", _intent(each)) for each in traced.orders),
        *(_step(each["at_ns"], "request", f"order_{each['event']}", _event(each)) for each in traced.events),
        *(_step(each["booked_at_ns"], "fill", "fill_booked", _fill(each)) for each in traced.fills),
        *(_step(each["at_ns"], "ledger", "ledger_posted", _posting(each)) for each in traced.postings),
        *_log_steps(trade["trade_id"], logs),
    ]
    if trade["state"] in {state.value for state in ENDED}:
        outcome = {"state": trade["state"], "reason": trade["reason"], "pnl_krw": trade["pnl_krw"]}
        steps.append(_step(trade["closed_at_ns"], "pnl", "trade_ended", outcome))
    return sorted(steps, key=lambda step: (step["at_ns"], ORDER.index(step["source"])))


def _step(at_ns: int, source: str, what: str, facts: Mapping[str, Any]) -> Step:
    return {
        "at_ns": at_ns,
        "source": source,
        "what": what,
        "facts": {key: plain(value) if isinstance(value, Decimal) else value for key, value in facts.items()},
    }


def _pick(row: Mapping[str, Any], *names: str) -> Step:
    return {name: row[name] for name in names if row[name] not in (None, "")}


def _decision(trade: Mapping[str, Any]) -> Step:
    return _pick(
        trade, "coin", "direction", "quantity", "notional_krw", "entry_edge_bps", "entry_premium_bps"
    )


def _intent(order: Mapping[str, Any]) -> Step:
    return _pick(order, "client_order_id", "venue", "symbol", "side", "purpose", "quantity", "limit_price")


def _event(event: Mapping[str, Any]) -> Step:
    return _pick(event, "client_order_id", "from_state", "to_state", "fence", "reason")


def _fill(fill: Mapping[str, Any]) -> Step:
    return _pick(fill, "client_order_id", "venue", "fill_id", "price", "quantity", "fee", "fee_asset")


def _posting(posting: Mapping[str, Any]) -> Step:
    return _pick(posting, "entry_id", "key", "account", "asset", "amount")


def _log_steps(trade_id: str, logs: Path) -> Iterator[Step]:
    """Return the lines of all processes that name the trade; a log that cannot be read has none."""
    for line in _lines(_newest_first(logs), trade_id):
        at_ns = _stamp(line)
        if at_ns is not None:
            yield _step(at_ns, "log", "line_logged", {"line": line[:LINE_CHARACTERS_MAX]})


def _newest_first(logs: Path) -> list[Path]:
    """Return the file of each day; the plain name leads to the newest, or is one of an earlier version."""
    files = (path for path in logs.glob(LOGS) if not path.is_symlink())
    return sorted(files, key=lambda path: (path.suffix == ".log", path.name), reverse=True)


def _lines(paths: Iterable[Path], word: str) -> Iterator[str]:
    """Return the lines with a word in it, of as much as may be looked through: of the last file its end."""
    left, sought = SIZE_BYTES_MAX, word.encode()
    for path in paths:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - left))
            if size > left:
                file.readline()  # the rest of one that began before
            yield from (line.decode(errors="replace").rstrip() for line in file if sought in line)
        left -= size
        if left <= 0:
            return


def _stamp(line: str) -> int | None:
    try:
        text = orjson.loads(line)["timestamp"] if line.startswith("{") else line.partition(" ")[0]
        moment = datetime.fromisoformat(text)
    except (ValueError, KeyError):
        return None
    return int(moment.timestamp() * 1_000_000) * 1_000


def trace_view(steps: list[Step]) -> Table:
    """Return the steps as a table, times counted from the first."""
    table = headed_table()
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("facts", overflow="fold")
    begin_ns = steps[0]["at_ns"]
    for step in steps:
        facts = " ".join(f"{key}={value}" for key, value in step["facts"].items())
        ms = f"{(step['at_ns'] - begin_ns) / NS_PER_MS:.1f}"
        table.add_row(ms, step["source"], step["what"], Text(step["facts"].get("line", facts)))
    return table
