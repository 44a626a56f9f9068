"""The commands about settings: `arb config show` prints those in force, `arb config validate` checks them.

Both read what a stack started here would read; the exit status of `validate` says whether it could start.
"""

from typing import Annotated

import typer

from arb.cli.output import AsJson, tell

Mode = Annotated[str | None, typer.Option(help="mock, paper or live; else the mode in force here.")]

config_app = typer.Typer(help="Show or check the configuration.", no_args_is_help=True)


@config_app.command("show")
def config_show(mode: Mode = None, as_json: AsJson = False) -> None:
    """Print the settings in force; secrets are masked."""
    from arb.cli.views.settings_view import settings_tree, settings_yaml
    from config.settings import load

    settings = load(mode)
    tell(settings_tree(settings), as_json, settings_yaml(settings).rstrip())


@config_app.command("validate")
def config_validate(mode: Mode = None, as_json: AsJson = False) -> None:
    """Check the settings; exit status 0 if a stack could start with them."""
    from config.settings import load

    found = load(mode).mode.value
    tell({"mode": found, "valid": True}, as_json, f"the {found} settings are in order")
