"""`arb trades close`: one pair, now, at what it costs now."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from arb.cli import running
from arb.cli.coins import who
from arb.cli.output import FAILED, AsJson, say, tell
from arb.domain.errors import ConfigError, Conflict
from arb.domain.time import NS_PER_S

if TYPE_CHECKING:
    from arb.app.wiring import Engine
    from arb.domain.market.ids import TradeId as Id
    from arb.domain.trading.trade import Trade
    from arb.engine.trading.close_by_hand import CloseByHand, Quoted

TradeId = Annotated[str, typer.Argument(metavar="TRADE_ID", help="As `arb trades` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask first.")]
Within = Annotated[
    int, typer.Option(help="Seconds to wait for a market as good as the one shown.", min=1, max=600)
]


def close(trade_id: TradeId, yes: Yes = False, within: Within = 30, as_json: AsJson = False) -> None:
    """Close one open pair now: say what that costs, ask, and wait until it is closed. Exit 0 only if it is.

    It goes the way of every exit, with its safety rules, and for no less than was shown, but for the slip
    that the strategy allows.

    Example: arb trades close grcvswmag5trb
    """
    engine = running.engine()
    from arb.app.close import close_by_hand
    from arb.cli.views.close import closed_text, quoted_document, quoted_text

    operation = close_by_hand(engine)
    quoted = operation.quote(require_trade(engine, trade_id))
    typer.echo(quoted_text(quoted, operation.slip_bps), err=True)
    _confirm(yes)
    trade = _closed(operation, quoted, within)
    document = quoted_document(quoted) | {
        "trade_id": trade_id,
        "state": trade.state.value,
        "closed": trade.state.value == "closed",
        "pnl_krw": str(trade.pnl_krw),
        "reason": trade.reason,
    }
    tell(document, as_json, closed_text(trade))
    if not document["closed"]:
        raise typer.Exit(FAILED)


def require_trade(engine: "Engine", trade_id: str) -> "Id":
    """Return the id of a trade that there is. Raises: ConfigError."""
    from arb.domain.market.ids import TradeId as Id

    if engine.trades.view(Id(trade_id)) is None:
        raise ConfigError(f"{trade_id}: there is no such trade; `arb trades` lists them")
    return Id(trade_id)


def _confirm(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        say("nobody can be asked here; --yes closes it without asking")
        raise typer.Exit(FAILED)
    if not typer.confirm("close it?", err=True):
        say("nothing was changed")
        raise typer.Exit(FAILED)


def _closed(operation: "CloseByHand", quoted: "Quoted", within_s: int) -> "Trade":
    from arb.engine.trading.close_by_hand import NotNow

    trade_id, by = quoted.trade.trade_id, who()
    try:
        request = operation.ask(quoted, by, within_s * NS_PER_S)
    except Conflict as error:
        raise NotNow(f"{error} by now: `arb trace {trade_id}` tells what became of it") from error
    if request.asked_by != by or request.lasts_ns != within_s * NS_PER_S:
        say(f"{request.asked_by} has asked for it already; waiting for that")
    say(f"asked for; waiting up to {within_s} s until the venues took it")
    return operation.follow(request)
