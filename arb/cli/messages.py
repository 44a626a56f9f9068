"""`arb messages`: what was sent besides alerts, and whether a message would arrive."""

from typing import Annotated, Any

import typer

from arb.cli import reads
from arb.cli.moments import zone_of
from arb.cli.output import DONE, FAILED, AsJson, AsJsonOfTable, show, tell
from arb.cli.reads import Utc

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]

messages_app = typer.Typer(help="See which news was told, and try the messengers.", no_args_is_help=True)


@messages_app.command("list")
def list_messages(limit: Limit = 20, utc: Utc = False, as_json: AsJsonOfTable = False) -> None:
    """List the newest messages of every mode, told or waiting, whether the stack runs or not.

    Example: arb messages list --limit 50
    """
    from arb.adapters.postgres.messages import SqlMessages
    from arb.cli.views.messages import message_rows, messages_view

    with reads.everything() as (_, kept):
        modes = {str(each.session.session_id): each.session.environment for each in kept.sessions()}
        rows = message_rows(SqlMessages(kept.engine).listed(limit), modes)
    show({"messages": rows}, as_json, lambda: messages_view(rows, zone_of(utc)))


@messages_app.command()
def test(as_json: AsJson = False) -> None:
    """Send one message through every channel that is configured. Exit 0 only if all took it.

    Example: arb messages test
    """
    from arb.adapters.alerts.channels import Channels
    from arb.app.alerts import channels_of, sender_of
    from config.settings import load

    settings = load()
    results: list[dict[str, Any]] = []
    for channel in channels_of(settings):
        sent = Channels([channel], sender_of(settings)).send("a test", TEXT, _trial())
        results.append({"name": channel.name, "ok": bool(sent.by), "reason": sent.why})
    kinds = [kind.value for kind in settings.messages.kinds]
    lines = [f"{each['name']}: {'taken' if each['ok'] else each['reason']}" for each in results]
    none = "no channel is configured: set alerts.urls or alerts.webhook_url"
    told = f"told are {', '.join(kinds) or 'no news'}, and alerts"
    tell({"channels": results, "kinds": kinds}, as_json, "\n".join((*(lines or [none]), told)))
    raise typer.Exit(DONE if all(each["ok"] for each in results) else FAILED)


TEXT = "This is a test of `arb messages test`: what is told arrives here."


def _trial() -> Any:
    from arb.adapters.local.clock import SystemClock
    from arb.domain.health.message import Message, MessageKind

    now_ns = SystemClock().now_ns()
    return Message(kind=MessageKind.DAY_SUMMARY, key=f"test {now_ns}", at_ns=now_ns)
