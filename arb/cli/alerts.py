"""`arb alerts` and `arb dead`: what went wrong and waits for somebody.

`arb alerts list`, `ack` and `test` show alerts, say that they were seen, and try the channels;
`arb dead list`, `replay` and `drop` show the messages that were given up, send them again, or delete them.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from arb.cli import reads, running
from arb.cli.moments import zone_of
from arb.cli.output import BAD_USE, DONE, FAILED, AsJson, tell
from arb.cli.reads import ReadRequest, Utc
from arb.domain.errors import ConfigError
from arb.stack.errors import StackNotRunning

NO_LETTERS: Final = "no dead letters wait"
MISSING: Final = "there is no such dead letter"
AlertIds = Annotated[
    list[int] | None, typer.Argument(help="Numbers of alerts, as `arb alerts list` shows them.")
]
EveryAlert = Annotated[bool, typer.Option("--all", help="Every alert that nobody has seen yet.")]
LetterIds = Annotated[
    list[int] | None, typer.Argument(help="Numbers of letters, as `arb dead list` shows them.")
]
EveryLetter = Annotated[bool, typer.Option("--all", help="Every letter that waits.")]
AlsoSent = Annotated[bool, typer.Option("--all", help="Also those that were sent again.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]

alerts_app = typer.Typer(help="See, acknowledge and test alerts.", no_args_is_help=True)
dead_app = typer.Typer(help="Messages that were given up: list, send again, drop.", no_args_is_help=True)


@alerts_app.command("list")
def list_alerts(limit: Limit = 20, utc: Utc = False, as_json: AsJson = False) -> None:
    """List the newest alerts of every mode, whether the stack runs or not; a star marks the unseen ones.

    Example: arb alerts list --limit 50
    """
    from rich.console import Console

    from arb.adapters.postgres.alerts import SqlAlertStore
    from arb.cli.views.alerts import alerts_view

    with reads.everything() as (_, kept):
        rows = SqlAlertStore(kept.engine).newest(limit)
    if as_json:
        tell({"alerts": rows}, as_json, "")
    else:
        Console(width=None if Console().is_terminal else 160).print(alerts_view(rows, zone_of(utc)))


@alerts_app.command()
def ack(ids: AlertIds = None, everything: EveryAlert = False, as_json: AsJson = False) -> None:
    """Say that alerts were seen.

    Example: arb alerts ack --all
    """
    _check("alerts", ids, everything)
    engine = running.engine()
    if unknown := engine.stores.alerts.unknown(ids or ()):
        raise ConfigError(f"there is no alert {_listed(unknown)}; `arb alerts list` shows them")
    seen = engine.stores.alerts.acknowledge(None if everything else ids, engine.clock.now_ns())
    tell({"acknowledged": seen}, as_json, f"{seen} acknowledged")


@alerts_app.command()
def test(as_json: AsJson = False) -> None:
    """Send one alert through every channel that is configured. Exit 0 only if all took it.

    Example: arb alerts test
    """
    from arb.adapters.alerts.channels import notice_of
    from arb.adapters.local.clock import SystemClock
    from arb.app.alerts import channels_of, sender_of
    from arb.domain.health.alert import Alert, AlertKind, Severity
    from arb.stack.home import Home
    from config.settings import load

    trial = Alert(
        kind=AlertKind.TEST,
        subject="operator",
        severity=Severity.INFO,
        message="this is a test of the alert channels",
        at_ns=SystemClock().now_ns(),
    )
    settings = load()
    notice = notice_of(trial, sender_of(settings))
    results = {channel.name: channel.send(notice) for channel in channels_of(settings)}
    file = Home.default().alerts_file
    document = {
        "channels": [{"name": name, "ok": not why, "reason": why} for name, why in results.items()],
        "file": str(file),
    }
    lines = [f"{name}: {why or 'taken'}" for name, why in results.items()]
    none = "no channel is configured: set alerts.urls or alerts.webhook_url"
    tell(document, as_json, "\n".join((*(lines or [none]), f"file: {file} has every alert")))
    raise typer.Exit(FAILED if any(results.values()) else DONE)


@dead_app.command("list")
def list_dead(
    limit: Limit = 20, everything: AlsoSent = False, utc: Utc = False, as_json: AsJson = False
) -> None:
    """List what was given up and waits for a decision, whether the stack runs or not.

    Example: arb dead list --all
    """
    from rich.console import Console

    from arb.adapters.postgres.dead_letters import SqlDeadLetters
    from arb.cli.views.alerts import dead_view

    try:
        rows = running.engine().stores.dead_letters.listed(limit, everything=everything)
    except StackNotRunning:
        with reads.kept(ReadRequest()) as kept:
            rows = SqlDeadLetters(kept.database, kept.scope).listed(limit, everything=everything)
    if as_json or not rows:
        tell({"dead_letters": rows}, as_json, NO_LETTERS)
    else:
        Console(width=None if Console().is_terminal else 160).print(dead_view(rows, zone_of(utc)))


@dead_app.command()
def replay(ids: LetterIds = None, everything: EveryLetter = False, as_json: AsJson = False) -> None:
    """Send letters again, each once. Exit 0 only if all were sent.

    Example: arb dead replay --all
    """
    from arb.adapters.postgres.dead_letters import ReplayResult
    from arb.app.dead_letters import resend

    _check("letters", ids, everything)
    store, clock = _stores()
    results = {each: store.replay(each, resend, clock.now_ns()) for each in _chosen(store, ids)}
    document = [
        {
            "dead_letter_id": each,
            "sent": how is ReplayResult.SENT,
            "reason": "" if how is ReplayResult.SENT else how.value,
        }
        for each, how in results.items()
    ]
    _tell(document, "sent", as_json)


@dead_app.command()
def drop(ids: LetterIds = None, everything: EveryLetter = False, as_json: AsJson = False) -> None:
    """Delete letters for good. Exit 0 only if all were there.

    Example: arb dead drop 12
    """
    _check("letters", ids, everything)
    store, _ = _stores()
    document = []
    for each in _chosen(store, ids):
        there = bool(store.drop([each]))
        document.append(
            {
                "dead_letter_id": each,
                "dropped": there,
                "reason": "" if there else MISSING,
            }
        )
    _tell(document, "dropped", as_json)


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, ids))


def _stores() -> tuple[Any, Any]:
    engine = running.engine()
    return engine.stores.dead_letters, engine.clock


def _check(what: str, ids: list[int] | None, everything: bool) -> None:
    if everything == bool(ids):
        typer.echo(f"arb: name the {what} by their numbers, or say --all", err=True)
        raise typer.Exit(BAD_USE)


def _chosen(store: Any, ids: list[int] | None) -> list[int]:
    return list(dict.fromkeys(ids or store.waiting_ids()))


def _tell(document: list[dict[str, Any]], done: str, as_json: bool) -> None:
    lines = [f"{each['dead_letter_id']}: {each['reason'] or done}" for each in document]
    tell({"dead_letters": document}, as_json, "\n".join(lines or [NO_LETTERS]))
    if any(each["reason"] == MISSING for each in document):
        raise typer.Exit(BAD_USE)
    if not all(each[done] for each in document):
        raise typer.Exit(FAILED)
