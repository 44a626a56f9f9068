"""The `arb` command: all commands in the order of its help, and which error ends with which exit code.

What a command needs is imported when it runs, so that help comes at once.
"""

import errno
import sys
from pathlib import Path
from typing import Final, NoReturn

import typer

from arb.cli import reload, risk, sessions, stack, topics, trading, web
from arb.cli.alerts import alerts_app, dead_app
from arb.cli.backtest import backtest
from arb.cli.chaos import chaos_app, soak
from arb.cli.coins import coins_app
from arb.cli.config import config_app
from arb.cli.data import data_app
from arb.cli.doctor.command import doctor
from arb.cli.export import export
from arb.cli.inventory import inventory
from arb.cli.latency import latency
from arb.cli.messages import messages_app
from arb.cli.output import BAD_USE, EXIT_CODES, FAILED, NOT_RUNNING
from arb.cli.recorded import opportunities, record
from arb.domain.errors import ArbError, ConfigError, InvariantError
from arb.stack.errors import StackError, StackNotRunning
from arb.stack.home import Home

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
OF_FILES: Final = FULL | {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
    errno.ENAMETOOLONG,
}  # fmt: skip
COMMANDS: Final = (
    trading.report,
    trading.check,
    stack.status,
    trading.orders,
    trading.snapshot,
    stack.demo,
    stack.up,
    stack.down,
    sessions.resume,
    sessions.positions,
    sessions.balances,
    sessions.pnl,
    inventory,
    trading.trace,
    latency,
    export,
    backtest,
    record,
    opportunities,
    doctor,
    risk.kill,
    risk.unkill,
    risk.mode,
    risk.risk,
    risk.reconcile,
    risk.rules,
    reload.reload,
    stack.migrate,
    stack.begin,
    web.top,
    web.web,
    web.feeds,
    soak,
)
GROUPS: Final = {
    "sessions": sessions.sessions_app,
    "trades": trading.trades_app,
    "coins": coins_app,
    "config": config_app,
    "data": data_app,
    "chaos": chaos_app,
    "alerts": alerts_app,
    "dead": dead_app,
    "messages": messages_app,
}

app = typer.Typer(
    help="Cross-exchange arbitrage of coins between two exchanges that quote in different currencies.",
    epilog="Exit codes: " + "; ".join(f"{code} {text}" for code, text in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def log_to_stderr() -> None:
    """Have log lines leave standard output to what the command prints: with `--json` one document."""
    import structlog

    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


for command in COMMANDS:
    app.command()(command)
app.command("help")(topics.explain)
app.command(hidden=True)(stack.world)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command line; what the user can mend ends as one line and an exit code."""
    try:
        app()
    except StackNotRunning as error:
        _fail(error, NOT_RUNNING)
    except ConfigError as error:
        _fail(error, BAD_USE)
    except InvariantError:
        raise
    except (StackError, ArbError) as error:
        _fail(error, FAILED)
    except OSError as error:
        if error.errno not in OF_FILES:
            raise
        _fail(of_file(error), FAILED if error.errno in FULL else BAD_USE)


def of_file(error: OSError) -> ConfigError:
    """Return what keeps a file from being read or written, and what to do about it."""
    home = Home.default().path
    where = Path(str(error.filename or home))
    if error.errno in FULL:
        mend = f"free some room there; the stack lives in {home}"
    elif where.is_relative_to(home) or home.is_relative_to(where):
        mend = "set ARB_HOME to a directory that you may write to"
    else:
        mend = "name a file in a directory that is there and that you may write to"
    return ConfigError(f"{where}: {error.strerror}; {mend}")


def _fail(error: Exception, code: int) -> NoReturn:
    typer.echo(f"arb: {error}", err=True)
    sys.exit(code)
