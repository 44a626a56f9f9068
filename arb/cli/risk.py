"""Commands that bound trading: `arb kill`, `unkill`, `mode`, `risk`, `reconcile`, `rules`."""

import os
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from arb.adapters.local.clock import SystemClock
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.cli import reads, running
from arb.cli.output import FAILED, AsJson, say, tell
from arb.cli.reads import ReadRequest
from arb.domain.errors import ConfigError
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home

if TYPE_CHECKING:
    from arb.ports.trading import Session

BY_HAND: Final = "by hand"

Reason = Annotated[str, typer.Option(help="Why; kept with the switch, in the database and in the report.")]
Within = Annotated[int, typer.Option(help="Seconds until what is not hedged is escalated.", min=1, max=600)]
Force = Annotated[bool, typer.Option("--force", help="Although venues and ledger differ, or cannot be read.")]
Accept = Annotated[str, typer.Option(help="Book the differences found as money that you moved; say why.")]
Wanted = Annotated[str, typer.Argument(help="normal, reduce-only or halted; left out: show it.")]


def kill(reason: Reason = BY_HAND, within: Within = 30, as_json: AsJson = False) -> None:
    """Stop at once: no entry, no exit, cancel open orders, repair what is not hedged. Stays until `unkill`.

    Hedged pairs stay open. While the database is away orders are cancelled and nothing is repaired: run it
    again once that is back.

    Example: arb kill --reason "withdrawals are halted"
    """
    clock = SystemClock()
    started_ns = clock.now_ns()
    home = running.home_in_force()
    in_force = _switch_of(home).engage(reason, started_ns)  # before anything that could fail or take time
    switched_ms = (clock.now_ns() - started_ns) // 1_000_000
    if running.supervised() is not None or any(name in os.environ for name in running.DATABASE):
        say(f"killed ({in_force}); no process of {home.path} sends new orders from now on")
    from arb.app.facts.kill import kill_document, kill_text
    from arb.app.kill import kill as bring_to_rest

    report = bring_to_rest(home, in_force, started_ns, within * 1_000, say)
    report.switched_ms = switched_ms
    nothing_ran = report.no_new_intents_ms is None and not report.problems
    text = _killed_without_stack(in_force, home) if nothing_ran else kill_text(report)
    tell(kill_document(report), as_json, text)
    if not report.complete:
        raise typer.Exit(FAILED)


def unkill(force: Force = False, as_json: AsJson = False) -> None:
    """Let trading go on, unless venues and ledger differ.

    Example: arb unkill
    """
    from arb.app.control import UNKILL, broadcast
    from arb.domain.risk.mode import Cause, reason_text
    from arb.domain.risk.review import Mode

    try:
        engine = running.engine()
    except StackNotRunning:
        _unkill_without_stack(as_json)
        return
    found = engine.ledger.reconcile.run()
    if not found.explained:
        for line in found.lines() or ("nothing conclusive could be compared; try again",):
            say(line)
        if not force:
            say(
                "still killed: `arb reconcile --accept REASON` books money that you moved; --force skips this"
            )
            tell({"killed": True, "differences": list(found.lines())}, as_json, "")
            raise typer.Exit(FAILED)
    engine.sessions.set_mode(
        engine.session_id, Mode.NORMAL, reason_text(Cause.UNKILLED), engine.clock.now_ns()
    )
    engine.kill_switch.release()
    broadcast(engine.settings, UNKILL, {})
    say(f"session {engine.session_id} is trading again")
    tell({"killed": False, "differences": list(found.lines())}, as_json, "")


def mode(wanted: Wanted = "", reason: Reason = BY_HAND, as_json: AsJson = False) -> None:
    """Show how much is allowed, whether the stack runs or not, or change it.

    Example: arb mode reduce-only --reason "maintenance at noon"
    """
    from arb.app.control import MODE, broadcast
    from arb.domain.risk.mode import is_reserved
    from arb.domain.risk.review import Mode

    if is_reserved(reason):
        raise ConfigError(f"--reason: {reason!r} is what the engine itself says; use other words")
    if wanted and wanted not in tuple(Mode):
        raise ConfigError(f"mode: {wanted!r} is not one of {', '.join(Mode)}")
    try:
        engine = running.engine()
    except StackNotRunning:
        if wanted:
            raise
        _show_kept_mode(as_json)
        return
    killed = engine.kill_switch.engaged()
    if wanted:
        if killed is not None and wanted != Mode.HALTED:
            raise ConfigError(f"mode: killed ({killed}); `arb unkill` lets trading go on")
        engine.sessions.set_mode(engine.session_id, Mode(wanted), reason, engine.clock.now_ns())
        broadcast(engine.settings, MODE, {"mode": wanted, "reason": reason})
    session = engine.sessions.get(engine.session_id)
    if session is not None:
        _show_mode(session, killed, as_json)


def risk(as_json: AsJson = False) -> None:
    """Show how much of each ceiling is used: notional, losses, net direction, drift of the inventory.

    Of a stack that is stopped by the settings of its session, at this moment.

    Example: arb risk --json
    """
    from arb.cli.views.risk import ceilings_of, line_of

    try:
        engine = running.engine()
    except StackNotRunning:
        found = _kept_ceilings()
    else:
        database, now_ns = engine.stores.trades.engine, engine.clock.now_ns()
        found = ceilings_of(engine.settings, database, engine.session_id, now_ns)
    tell({"ceilings": found}, as_json, "\n".join(line_of(line) for line in found))


def reconcile(accept: Accept = "", as_json: AsJson = False) -> None:
    """Compare the ledger with the venues now; exit status 0 only if everything is explained.

    Example: arb reconcile
    """
    engine = running.engine()
    found = engine.ledger.reconcile.run()
    if accept and found.drifts:
        engine.ledger.reconcile.accept(found, accept)
        say(f"booked {len(found.drifts)} differences against `external`: {accept}")
        found = engine.ledger.reconcile.run()
    lines = found.lines() or ("ledger and venues agree to the last unit",)
    tell(found.as_json(), as_json, "\n".join(lines))
    if not found.explained:
        raise typer.Exit(FAILED)


def rules(as_json: AsJson = False) -> None:
    """Have every worker read the venues' trading rules anew, before their five minutes are over.

    Example: arb rules
    """
    from arb.app.control import RULES, broadcast, outdated
    from arb.domain.market.ids import Venue

    engine = running.engine()
    told = broadcast(engine.settings, RULES, outdated(Venue, engine.clock.now_ns()))
    text = "every worker reads the venues' rules anew when it next needs them"
    tell(
        {"told": told},
        as_json,
        text if told else "Redis is away; workers do so when they are connected again",
    )
    if not told:
        raise typer.Exit(FAILED)


def _show_mode(session: "Session", killed: str | None, as_json: bool) -> None:
    document = {"mode": session.mode.value, "reason": session.mode_reason, "killed": killed}
    text = f"{session.mode} ({session.mode_reason})" + (f"; killed ({killed})" if killed else "")
    tell(document, as_json, text)


def _show_kept_mode(as_json: bool) -> None:
    """Show what a stack that is stopped goes on with; which one, for a person."""
    with reads.kept(ReadRequest()) as kept:
        say(reads.heading(kept, utc=False))
        _show_mode(kept.session, _switch_of(kept.home).engaged(), as_json)


def _kept_ceilings() -> list[dict[str, Any]]:
    from arb.cli.views.risk import ceilings_of
    from config.frozen import usable

    with reads.kept(ReadRequest()) as kept:
        say(reads.heading(kept, utc=False))
        own = {"ARB_HOME": str(kept.home.path), "ARB_MODE": kept.session.environment}
        settings = usable({**os.environ, **own}).settings
        return ceilings_of(settings, kept.database, kept.session_id, kept.now_ns)


def _killed_without_stack(reason: str, home: Home) -> str:
    """Return what a kill leaves where nothing runs, in one line."""
    return (
        f"killed: {reason}; no stack runs in {home.path}, so nothing was sent or canceled: the switch stays "
        "set, and the next one opens and closes nothing until `arb unkill`"
    )


def _unkill_without_stack(as_json: bool) -> None:
    """Release the switch, and what the rows of a stopped stack say; its next start compares the books."""
    from arb.adapters.postgres.sessions import SqlSessionStore
    from arb.domain.risk.mode import Cause, reason_text
    from arb.domain.risk.review import Mode
    from arb.stack.stopped import has_cluster

    home, clock, let_go = Home.default(), SystemClock(), []
    if has_cluster(home):
        with reads.everything() as (source, rows):
            sessions = SqlSessionStore(rows.engine)
            for each in rows.sessions():
                session = each.session
                own = each.is_in_use and session.group_name == (source.group or "")
                if own and session.reason.cause is Cause.KILLED:
                    sessions.set_mode(
                        session.session_id, Mode.NORMAL, reason_text(Cause.UNKILLED), clock.now_ns()
                    )
                    let_go.append(session.session_id)
    was_set = _switch_of(home).engaged() is not None
    _switch_of(home).release()
    what = f"the switch is released{' for ' + ', '.join(let_go) if let_go else ''}: the next `arb up` trades"
    text = what if was_set or let_go else "nothing was killed"
    tell(
        {"killed": False, "differences": [], "sessions": let_go},
        as_json,
        f"{text}; no stack runs in {home.path}, and ledger and venues are compared as it starts",
    )


def _switch_of(home: Home) -> FileKillSwitch:
    """Return the kill switch of a home."""
    return FileKillSwitch(home.kill_file)
