"""The commands of a stack whose processes are containers: `arb migrate`, `arb begin`, `arb world`."""

from typing import TYPE_CHECKING, Annotated

import typer

from arb.cli.output import AsJson, tell
from arb.cli.stack import say
from arb.domain.errors import ConfigError
from arb.stack.home import Home

if TYPE_CHECKING:
    from config.settings import Credentials

Mode = Annotated[str | None, typer.Option(help="mock, paper or live; else ARB_MODE, else mock.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the `arb` command."""
    app.command()(migrate)
    app.command()(begin)
    app.command(hidden=True)(world)


def migrate(mode: Mode = None, as_json: AsJson = False) -> None:
    """Wait for the servers, bring the database to the newest schema, make sure that there is a session."""
    from arb.app.begin import prepare
    from config.settings import load

    session_id = prepare(load(mode), say)
    say(f"the database is ready, session {session_id}")
    tell({"session_id": session_id}, as_json, "")


def begin(mode: Mode = None, as_json: AsJson = False) -> None:
    """Wait for servers and venues, open the books, reconcile, allow trading. The processes run already."""
    from arb.app import begin as operation
    from arb.app.session import standing
    from config.settings import load

    engine = operation.begin(load(mode), say)
    say(standing(engine))
    tell({"session_id": engine.session_id}, as_json, "")


def world() -> None:
    """Write what the simulated exchanges read, below ARB_HOME; one that is there goes on."""
    from arb.adapters.local.clock import SystemClock, SystemEntropy
    from arb.app.sim_world import write_world
    from config.settings import load

    settings = load("mock")
    credentials = {
        "binance": _pair("binance", settings.binance.credentials),
        "upbit": _pair("upbit", settings.upbit.credentials),
    }
    home = Home.default()
    home.sim.mkdir(parents=True, exist_ok=True)
    write_world(home, settings, None, SystemClock(), SystemEntropy(), credentials)
    say(f"the simulated world is in {home.sim}")


def _pair(venue: str, credentials: "Credentials | None") -> dict[str, str]:
    """Return the key pair that the simulator accepts. Raises: ConfigError."""
    if credentials is None or not (
        credentials.key.get_secret_value() and credentials.secret.get_secret_value()
    ):
        variable = f"ARB_{venue.upper()}__CREDENTIALS__"
        raise ConfigError(f"{variable}KEY and {variable}SECRET: missing; make up any two words for them")
    return {"key": credentials.key.get_secret_value(), "secret": credentials.secret.get_secret_value()}
