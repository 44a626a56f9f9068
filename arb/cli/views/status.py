"""How a stack is: its processes, its session, what waits in its queues; as JSON or for a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.adapters.local.clock import SystemClock
from arb.app.coins import pause_document
from arb.app.emergency import stop_of
from arb.app.engines import engine
from arb.app.facts.frame import ProcessLine
from arb.app.facts.model import process_lines
from arb.app.facts.sources import Sources, or_none
from arb.app.stores import connect_stores
from arb.app.wiring import Engine
from arb.cli.moments import shown
from arb.cli.views.coins import pause_line
from arb.cli.views.risk import currencies_of, line_of
from arb.cli.views.style import aged, headed_table
from arb.cli.views.text import UNKNOWN, duration
from arb.cli.views.view_result import refusals
from arb.domain.errors import ConfigError
from arb.domain.market.money import plain
from arb.domain.state.owner import Owner
from arb.domain.time import NS_PER_S
from arb.stack.home import Home
from arb.stack.status import StackStatus
from config.addresses import settings

RECOVERIES: Final = 5
LATE_MS: Final = 30_000  # of a sign of life: beat's comes with its tasks, the others' every few seconds
NO_SIGNS: Final = "Redis, which keeps the signs of life, does not answer"
Heartbeats = Mapping[str, Mapping[str, str]]


def status_of(home: Home, supervised: StackStatus | None) -> dict[str, Any]:
    """Return the status as JSON; null is what cannot be read now, or what only a supervisor knows.

    Raises: ConfigError, StoreUnavailable where nothing supervises and no server answers either.
    """
    try:
        mode, problem = settings().mode.value, None
    except ConfigError as error:
        mode, problem = None, str(error)
    built = or_none(engine)
    beats = or_none(lambda: _heartbeats(built))
    if supervised is None and built is None and beats is None:
        built = engine()  # it says why not
    runtime = supervised and supervised.runtime
    sources = built and Sources.of(built, home)
    counts = or_none(built.counters.read) if built else None
    return {
        "home": str(home.path),
        "mode": runtime.mode if runtime else mode,
        "generation": built and built.settings.generation,
        "problem": problem,
        "healthy": supervised and supervised.is_healthy,
        "flower_url": runtime and runtime.flower_url,
        "web_url": runtime and runtime.web_url,
        "web_password_file": runtime and runtime.web_credentials,
        "session": built and or_none(lambda: _session(built)),
        "stop": stop_of(home),
        "hot_state": built and or_none(lambda: _hot_state(built)),
        "recoveries": built and or_none(lambda: _recoveries(built)),
        "queues": sources and or_none(sources.queues),
        "fallback_queues": sources and or_none(sources.fallback_queues),
        "refusals": None if counts is None else counts.get("refused", {}),
        "exit_waits": None if counts is None else counts.get("exit_waits", {}),
        "degradation": built and _degradation(built),
        "legs_alone": built and or_none(lambda: _legs_alone(built)),
        "paused": built and or_none(lambda: _paused(built)),
        "currencies": built and or_none(lambda: currencies_of(built)),
        "dead_letters": built and or_none(built.stores.dead_letters.waiting),
        "processes": _process_rows(supervised, beats),
    }


def _heartbeats(built: Engine | None) -> Heartbeats:
    """Return the last sign of life of each process. Raises: ConfigError, StoreUnavailable."""
    if built is None:
        found = settings()
        return connect_stores(found, Owner(environment=found.mode.value)).heartbeats.read()
    return built.stores.heartbeats.read()


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
    keeper = built.state.hot_state
    health, fallback = keeper.compare(), keeper.get_fallback_status()
    return {
        "reachable": health.reachable,
        "current": health.current,
        "why": health.why,
        "fallback": fallback.active,
        "fallback_since_ns": fallback.since_ns if fallback.active else None,
    }


def _recoveries(built: Engine) -> list[dict[str, Any]]:
    """Return what came back lately, the newest first."""
    return [asdict(each) for each in built.sessions.recoveries(built.session_id, RECOVERIES)]


def _legs_alone(built: Engine) -> list[dict[str, Any]]:
    """Return the legs that were escalated and that nothing hedges."""
    legs = [leg.trade for leg in built.trades.alone(built.session_id) if leg.is_waiting]
    return [{"trade_id": each.trade_id, "coin": each.coin, "residual": plain(each.residual)} for each in legs]


def _paused(built: Engine) -> list[dict[str, Any]]:
    """Return the coins of which nothing is opened, by hand."""
    return [pause_document(pause) for pause in built.stores.by_hand.pauses(built.session_id)]


def _degradation(built: Engine) -> dict[str, Any]:
    """Return how much less is done at present, and why."""
    found = built.stores.board.read()
    return {"degree": found.degree.name.lower(), "why": found.why, "since_ns": found.since_ns}


def _process_rows(supervised: StackStatus | None, beats: Heartbeats | None) -> list[dict[str, Any]] | None:
    """Return the processes that the supervisor knows; without one those that gave a sign of life."""
    now_ns = SystemClock().now_ns()
    if supervised is None:
        lines = None if beats is None else process_lines((), beats, now_ns) or ()
    else:
        known = process_lines(supervised.processes, beats or {}, now_ns) or ()
        lines = tuple(line for line in known if line.status is not None)
    return None if lines is None else [_process(line) for line in lines]


def _process(line: ProcessLine) -> dict[str, Any]:
    status = line.status
    return {
        "name": line.name,
        "state": status and status.state,
        "pid": status and status.pid,
        "uptime_s": status and status.uptime_s,
        "starts": status and status.starts,
        "exits": status and status.exits,
        "heartbeat_age_ms": line.heartbeat_age_ms,
    }


def status_view(status: Mapping[str, Any], zone: tzinfo | None) -> RenderableType:
    """Return the status of `status_of` as tables."""
    session = status["session"]
    how = f"{session['mode']} ({session['mode_reason']})" if session else UNKNOWN
    head = Text.assemble((f"{status['mode']}  {how}\n", "bold"), f"home     {status['home']}\n")
    head.append(f"session  {session['session_id'] if session else UNKNOWN}\n")
    if status.get("generation"):
        head.append(f"settings generation {status['generation']} (arb config show --running)\n")
    if status.get("problem"):
        head.append(f"settings cannot be read: {status['problem']}\n", "bold red")
    if status.get("stop"):
        head.append(_stop(status["stop"], zone), "bold red")
    head.append(f"state    {_state(status.get('hot_state'), zone)}\n")
    if status.get("recoveries"):
        head.append(f"back     {_recovery(status['recoveries'][0], zone)}\n")
    head.append(f"queues   {_queues(status['queues'])}\nfallback {_queues(status['fallback_queues'])}\n")
    if status.get("refusals"):
        head.append(f"refused  {refusals(status['refusals'])}\n")
    if status.get("exit_waits"):
        head.append(f"exits waited  {refusals(status['exit_waits'])}\n")
    degradation = status.get("degradation")
    if degradation and degradation["degree"] != "full":
        head.append(f"degraded {degradation['degree']}: {degradation['why']}\n", "bold red")
    for leg in status.get("legs_alone") or ():
        line = f"{leg['residual']} {leg['coin']} of trade {leg['trade_id']}: arb trades adopt"
        head.append(f"alone    {line}\n", "bold red")
    for pause in status.get("paused") or ():
        head.append(f"paused   {pause['coin']} {pause_line(pause, None)}: arb coins resume\n", "bold red")
    for line in status.get("currencies") or ():
        head.append(f"{line_of(line)}\n")
    if status.get("dead_letters"):
        head.append(f"dead     {status['dead_letters']} letters wait: arb dead list\n", "bold red")
    head.append(
        f"page     {status['web_url'] or UNKNOWN}  (password in {status['web_password_file'] or UNKNOWN})\n"
    )
    head.append(f"flower   {status['flower_url'] or UNKNOWN}")
    if status["healthy"] is None:
        return Group(head, *_signs_of_life(status["processes"]))
    return Group(head, _processes(status["processes"]))


def _stop(stop: Mapping[str, Any], zone: tzinfo | None) -> str:
    """Return why the stack stops, and each thing that it waits for."""
    lines = "\n".join(f"  {line}" for line in stop["waits_for"] or ("nothing",))
    return f"stops    {stop['reason']}, since {shown(stop['began_ns'], zone)}; waits for\n{lines}\n"


def _state(hot: Mapping[str, Any] | None, zone: tzinfo | None) -> str:
    if hot is None:
        return UNKNOWN
    fallback = f" (fallback since {shown(hot['fallback_since_ns'], zone)})" if hot["fallback"] else ""
    if not hot["reachable"]:
        return f"Redis is away, PostgreSQL alone{fallback}"
    how = "hot and current" if hot["current"] else f"being brought up to date ({hot['why']})"
    return f"{how}{fallback}"


def _recovery(recovery: Mapping[str, Any], zone: tzinfo | None) -> str:
    took_s = (recovery["recovered_at_ns"] - recovery["lost_at_ns"]) / NS_PER_S
    at = shown(recovery["recovered_at_ns"], zone)
    return f"{recovery['component']} after {took_s:.1f} s at {at} ({recovery['cause']})"


def _signs_of_life(processes: Sequence[Mapping[str, Any]] | None) -> Iterator[RenderableType]:
    """Return what is known of processes that nothing supervises from here."""
    if not processes:
        yield Text(
            f"no supervisor here; {NO_SIGNS if processes is None else 'no process gave a sign of life'}"
        )
        return
    yield Text("no supervisor here; each process by its own last sign of life")
    table = headed_table(("process",), ("ago",))
    for each in processes:
        table.add_row(each["name"], aged(each["heartbeat_age_ms"], LATE_MS))
    yield table


def _processes(processes: Sequence[Mapping[str, Any]]) -> Table:
    table = headed_table(("process",), ("state", "pid", "up", "restarts"))
    for each in processes:
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
