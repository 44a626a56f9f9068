"""A frame in one line, for a log or a pipe: words, or JSON."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from arb.app.facts.frame import Frame
from arb.cli.output import rendered
from arb.cli.views.text import UNKNOWN, duration, is_told_in_usdt


def line(frame: Frame) -> str:
    """Return what matters most of a frame."""
    parts = [
        clock(frame),
        frame.session.mode.value if frame.session else "mode -",
        *_result(frame.report.as_json() if frame.report else {}),
        f"waiting {waiting(frame.queues)}+{waiting(frame.fallback_queues)}",
        f"processes {_processes(frame)}",
    ]
    if frame.away:
        parts.append(f"away: {', '.join(frame.away)}")
    return " | ".join(parts)


def frame_json(frame: Frame) -> str:
    """Return all of a frame; amounts are text."""
    facts = asdict(replace(frame, report=None)) | {"report": frame.report and frame.report.as_json()}
    return rendered(facts, indent=None)


def clock(frame: Frame) -> str:
    """Return how long the session has been running."""
    if frame.session is None:
        return UNKNOWN
    return duration((frame.at_ns - frame.session.started_at_ns) // 1_000_000_000)


def waiting(queues: Mapping[str, int] | None) -> str:
    """Return how many messages wait in all of these queues."""
    return UNKNOWN if queues is None else str(sum(queues.values()))


def _result(report: Mapping[str, Any]) -> tuple[str, ...]:
    known = {name: UNKNOWN if value is None else value for name, value in report.items()}

    def get(name: str) -> Any:
        return known.get(name, UNKNOWN)

    usdt = f" {get('pnl_usdt')} USDT" if is_told_in_usdt(report) else ""
    return (
        f"trades {get('trades_opened')} opened {get('trades_open')} open {get('trades_closed')} closed",
        f"orders {get('orders')} fills {get('fills')}",
        f"pnl {get('pnl_krw')} KRW{usdt}",
    )


def _processes(frame: Frame) -> str:
    supervised = [each.status for each in frame.processes or () if each.status]
    if not supervised:
        return UNKNOWN
    return f"{sum(status.is_running for status in supervised)}/{len(supervised)}"
