"""The commands about settings: `arb config show` prints what the files make, `arb config validate` checks it.

Both read what a stack started here would read; the exit status of `validate` says whether it could start.
`arb config show --running` prints what the session that runs has instead, and how the files differ from it.
"""

from typing import Annotated

import typer

from arb.cli.output import AsJson, tell
from arb.domain.errors import ConfigError

Mode = Annotated[str | None, typer.Option(help="mock, paper or live; else the mode in force here.")]

Running = Annotated[bool, typer.Option("--running", help="Those that the session here runs with.")]

config_app = typer.Typer(help="Show or check the configuration.", no_args_is_help=True)


@config_app.command("show")
def config_show(mode: Mode = None, of_running: Running = False, as_json: AsJson = False) -> None:
    """Print the settings that a start here would use; secrets are masked.

    Example: arb config show --running
    """
    from arb.cli.views.settings_view import settings_tree, settings_yaml
    from config.settings import load

    if of_running:
        if mode:
            raise ConfigError("--running: the session that runs has its mode; leave --mode out")
        _show_running(as_json)
        return
    settings = load(mode)
    tell({"settings": settings_tree(settings)}, as_json, settings_yaml(settings).rstrip())


def _show_running(as_json: bool) -> None:
    from arb.app.generations import compare_running
    from arb.cli import running
    from arb.cli.views.settings_view import running_document, running_text

    running.attach()
    found = compare_running()
    tell(running_document(found), as_json, running_text(found).rstrip())


@config_app.command("validate")
def config_validate(mode: Mode = None, as_json: AsJson = False) -> None:
    """Check the settings and that both venues list the coins, and say what a round trip earns.

    The exit status is 0 if a stack could start with them. A venue that does not answer is named: whether it
    lists the coins is not known then.

    Example: arb config validate --mode live
    """
    from arb.app.chosen import choice_lines
    from arb.app.listing import in_words, look, some
    from arb.app.round_trip import document, economics_of, lines, refuse_losing
    from arb.app.unread import set_by_hand, unread
    from config.settings import load

    settings = load(mode)
    refuse_losing(settings)
    found, looked = settings.mode.value, look(settings)
    if looked.missing:
        raise ConfigError("coins: " + some([f"{coin}: {why}" for coin, why in looked.missing.items()], "; "))
    chosen = [] if settings.coins else choice_lines(settings)
    unasked = {venue.value: in_words(error.detail) for venue, error in looked.unasked.items()}
    said = [f"{venue} could not be asked for its coins: {why}" for venue, why in unasked.items()]
    said += unread(settings, set_by_hand())
    earned = lines(settings, economics_of(settings))
    text = "\n".join([f"the {found} settings are in order", *chosen, *said, *earned])
    told = {"mode": found, "valid": True, "unasked": unasked, "round_trip": document(settings)}
    tell(told, as_json, text)
