"""`arb coins list`, `pause` and `resume`: of which coins new pairs are opened.

A pause is kept for the mode and group, over restarts and new sessions, whether the stack runs or not.
"""

import getpass
import os
import socket
from typing import Annotated

import typer

from arb.adapters.local.clock import SystemClock
from arb.cli import reads
from arb.cli.moments import shown, zone_of
from arb.cli.output import AsJson, tell
from arb.cli.reads import ReadRequest, Utc

Names = Annotated[list[str], typer.Argument(metavar="COIN...", help="As `arb coins list` shows them.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the pause.")]

coins_app = typer.Typer(help="List the coins; pause and resume opening pairs of one.", no_args_is_help=True)


@coins_app.command("list")
def list_coins(utc: Utc = False, as_json: AsJson = False) -> None:
    """List the coins, which of them are paused, and what is open of each.

    Example: arb coins list
    """
    from arb.app.coins import coins_of, left_out
    from arb.cli.views.coins import coins_view

    with reads.kept(ReadRequest()) as kept:
        rows = [line.as_json() for line in coins_of(kept.database, kept.session)]
        others = left_out(kept.database, kept.session)
    document = {"coins": rows, "left_out": others}
    reads.present(kept, document, utc, as_json, lambda: coins_view(rows, others, zone_of(utc)))


@coins_app.command()
def pause(coins: Names, reason: Reason = "", utc: Utc = False, as_json: AsJson = False) -> None:
    """Open nothing of a coin until it is resumed; what is open of it is closed as ever.

    Example: arb coins pause XRP --reason "fork on Friday"
    """
    from arb.adapters.postgres.by_hand import SqlByHand
    from arb.app.coins import coins_of, pause_document, require_known
    from arb.domain.trading.by_hand import CoinPause

    now_ns, by = SystemClock().now_ns(), who()
    with reads.kept(ReadRequest()) as kept:
        lines = coins_of(kept.database, kept.session)
        wanted = [require_known(coin, lines) for coin in dict.fromkeys(coins)]
        store, done = SqlByHand(kept.database), []
        for coin in wanted:
            asked = CoinPause(coin=coin, since_ns=now_ns, by=by, reason=reason)
            done.append((asked, store.pause(kept.session_id, asked)))
    zone = zone_of(utc)
    open_of = {line.coin: line.trades for line in lines}
    text = [
        f"{asked.coin} opens no new pair until `arb coins resume {asked.coin}`; "
        f"{open_of.get(asked.coin, 0)} open trades of it are closed as ever"
        if asked == known
        else f"{known.coin} is paused already, since {shown(known.since_ns, zone)} by {known.by}"
        for asked, known in done
    ]
    document = {"read": kept.heading(), "paused": [pause_document(known) for _, known in done]}
    tell(document, as_json, "\n".join((reads.heading(kept, utc), *text)))


@coins_app.command()
def resume(coins: Names, utc: Utc = False, as_json: AsJson = False) -> None:
    """Let new pairs of a coin be opened again.

    Example: arb coins resume XRP
    """
    from arb.adapters.postgres.by_hand import SqlByHand
    from arb.app.coins import coins_of, pause_document, require_known

    now_ns, by = SystemClock().now_ns(), who()
    with reads.kept(ReadRequest()) as kept:
        lines = coins_of(kept.database, kept.session)
        wanted = [require_known(coin, lines) for coin in dict.fromkeys(coins)]
        store = SqlByHand(kept.database)
        ended = [(coin, store.resume(kept.session_id, coin, by, now_ns)) for coin in wanted]
    text = [
        f"{coin} was not paused" if pause is None else f"{coin} is opened again (it was paused by {pause.by})"
        for coin, pause in ended
    ]
    document = {
        "read": kept.heading(),
        "resumed": [pause_document(pause) for _, pause in ended if pause is not None],
    }
    tell(document, as_json, "\n".join((reads.heading(kept, utc), *text)))


def who() -> str:
    """Return who gives the command, for whoever asks later."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
