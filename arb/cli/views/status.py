"""How a stack is: its processes, its session, what waits in its queues; as JSON or for a person."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.app.engines import engine
from arb.app.facts.sources import Sources
from arb.app.wiring import Engine
from arb.cli.views.text import UNKNOWN, duration
from arb.cli.views.view_result import refusals
from arb.domain.errors import ArbError
from arb.domain.risk.mode import FALLBACK
from arb.domain.time import NS_PER_S
from arb.stack.control import ProcessStatus
from arb.stack.home import Home
from arb.stack.status import stack_status

RECOVERIES: Final = 5


def status_of(home: Home) -> dict[str, Any]:
    """Return the status as JSON; null is what cannot be read now. Raises: StackNotRunning."""
    status = stack_status(home)
    built = _or_none(engine)
    return {
        "home": status.runtime.home,
        "mode": status.runtime.mode,
        "healthy": status.is_healthy,
        "flower_url": status.runtime.flower_url,
        "web_url": status.runtime.web_url,
        "web_password_file": status.runtime.web_credentials,
        "session": built and _or_none(lambda: _session(built)),
        "hot_state": built and _or_none(lambda: _hot_state(built)),
        "recoveries": built and _or_none(lambda: _recoveries(built)),
        "queues": built and _or_none(Sources.of(built, home).queues),
        "fallback_queues": built and _or_none(Sources.of(built, home).fallback_queues),
        "refusals": built and _or_none(lambda: built.counters.read().get("refused", {})),
        "degradation": built and _degradation(built),
        "dead_letters": built and _or_none(built.stores.dead_letters.waiting),
        "processes": [_process(each) for each in status.processes],
    }


def _or_none(source: Callable[[], Any]) -> Any:
    try:
        return source()
    except ArbError:
        return None


def _session(built: Engine) -> dict[str, Any] | None:
    session = built.sessions.get(built.session_id)
    if session is None:
        return None
    return {
        "session_id": session.session_id,
        "mode": session.mode.value,
        "mode_reason": session.mode_reason,
        "started_at_ns": session.started_at_ns,
        "mode_changed_at_ns": session.mode_changed_at_ns,
    }


def _hot_state(built: Engine) -> dict[str, Any]:
    """Return how the copy in Redis is, and whether the session goes on without it."""
    health, session = built.state.hot_state.compare(), built.sessions.get(built.session_id)
    fallback = session is not None and session.mode_reason == FALLBACK
    return {
        "reachable": health.reachable,
        "current": health.current,
        "why": health.why,
        "fallback": fallback,
        "fallback_since_ns": session.mode_changed_at_ns if session and fallback else None,
    }


def _recoveries(built: Engine) -> list[dict[str, Any]]:
    """Return what came back lately, the newest first."""
    return [asdict(each) for each in built.sessions.recoveries(built.session_id, RECOVERIES)]


def _degradation(built: Engine) -> dict[str, Any]:
    """Return how much less is done at present, and why."""
    found = built.stores.board.read()
    return {"degree": found.degree.name.lower(), "why": found.why, "since_ns": found.since_ns}


def _process(status: ProcessStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "state": status.state,
        "pid": status.pid,
        "uptime_s": status.uptime_s,
        "starts": status.starts,
        "exits": status.exits,
    }


def status_view(status: Mapping[str, Any]) -> RenderableType:
    """Return the status of `status_of` as tables."""
    session = status["session"]
    how = f"{session['mode']} ({session['mode_reason']})" if session else UNKNOWN
    head = Text.assemble((f"{status['mode']}  {how}\n", "bold"), f"home     {status['home']}\n")
    head.append(f"session  {session['session_id'] if session else UNKNOWN}\n")
    head.append(f"state    {_state(status.get('hot_state'))}\n")
    if status.get("recoveries"):
        head.append(f"back     {_recovery(status['recoveries'][0])}\n")
    head.append(f"queues   {_queues(status['queues'])}\nfallback {_queues(status['fallback_queues'])}\n")
    if status.get("refusals"):
        head.append(f"refused  {refusals(status['refusals'])}\n")
    degradation = status.get("degradation")
    if degradation and degradation["degree"] != "full":
        head.append(f"degraded {degradation['degree']}: {degradation['why']}\n", "bold red")
    if status.get("dead_letters"):
        head.append(f"dead     {status['dead_letters']} letters wait: arb dead list\n", "bold red")
    head.append(
        f"page     {status['web_url'] or UNKNOWN}  (password in {status['web_password_file'] or UNKNOWN})\n"
    )
    head.append(f"flower   {status['flower_url'] or UNKNOWN}")
    return Group(head, _processes(status))


def _state(hot: Mapping[str, Any] | None) -> str:
    if hot is None:
        return UNKNOWN
    if not hot["reachable"]:
        return f"Redis is away, PostgreSQL alone{' (fallback)' if hot['fallback'] else ''}"
    return "hot and current" if hot["current"] else f"being brought up to date ({hot['why']})"


def _recovery(recovery: Mapping[str, Any]) -> str:
    took_s = (recovery["recovered_at_ns"] - recovery["lost_at_ns"]) / NS_PER_S
    at = datetime.fromtimestamp(recovery["recovered_at_ns"] / NS_PER_S, tz=UTC).isoformat(timespec="seconds")
    return f"{recovery['component']} after {took_s:.1f} s at {at} ({recovery['cause']})"


def _processes(status: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("process")
    for name in ("state", "pid", "up", "restarts"):
        table.add_column(name, justify="right")
    for each in status["processes"]:
        style = "green" if each["state"] == "RUNNING" else "bold red"
        table.add_row(
            each["name"],
            Text(each["state"].lower(), style),
            str(each["pid"] or UNKNOWN),
            duration(each["uptime_s"]),
            str(each["exits"]),
        )
    return table


def _queues(queues: Mapping[str, int] | None) -> str:
    if queues is None:
        return UNKNOWN
    return "  ".join(f"{name} {waiting}" for name, waiting in queues.items()) or "none yet"
