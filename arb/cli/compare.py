"""`arb sessions compare`: whether two sessions on the same recorded books decided the same, and why not."""

from typing import TYPE_CHECKING, Annotated

import typer

from arb.cli import reads
from arb.cli.output import FAILED, AsJson, show
from arb.domain.errors import ConfigError
from arb.domain.time import NS_PER_MS

if TYPE_CHECKING:
    from arb.adapters.postgres.kept import KeptSession, SqlKept
    from arb.domain.state.generation import Generation

First = Annotated[str, typer.Argument(metavar="SESSION", help="As `arb sessions` shows it.")]
Second = Annotated[str, typer.Argument(metavar="OTHER", help="Another one, on the same recorded books.")]
Within = Annotated[
    int | None,
    typer.Option(min=1, help="Milliseconds within which two entries are one; else what a quote may be old."),
]


def compare(first: First, other: Second, within_ms: Within = None, as_json: AsJson = False) -> None:
    """Compare what two sessions decided on the same recorded books. Exit 0 only if all is explained.

    Example: arb sessions compare mock-recorded-1700000000-a1b2c3 paper-recorded-1700000900-d4e5f6
    """
    from arb.adapters.postgres.decisions import SqlDecisions
    from arb.cli.views.compared import comparison_document, comparison_view
    from arb.domain.ledger.comparison import compared
    from arb.domain.market.ids import Venue
    from arb.domain.state.generation import changes

    with reads.everything() as (source, rows):
        kept = [_session(rows, each) for each in (first, other)]
        frozen = [_generation(rows, each) for each in kept]
        runs = [SqlDecisions(rows.engine).read(each.session.session_id) for each in kept]
    if runs[0] is None or runs[1] is None:
        raise ConfigError(f"{first if runs[0] is None else other}: this session was never let trade")
    books = [each.settings.get("sim", {}).get("data") for each in frozen]
    if books[0] is None or books[0] != books[1]:
        raise ConfigError(
            f"{first} traded on {books[0] or 'what its venues quoted'}, {other} on "
            f"{books[1] or 'what its venues quoted'}: start both with `arb up --data` on the same books"
        )
    within = within_ms or int(frozen[0].settings["risk"]["quote_age_ms_max"])
    document = comparison_document(
        compared(runs[0], runs[1], within * NS_PER_MS),
        sessions=(first, other),
        settings=changes(frozen[0].settings, frozen[1].settings),
        elsewhere={venue for venue in Venue if venue not in frozen[0].settings.get("pair", ())},
        books=books[0],
        within_ms=within,
    )
    show(document, as_json, lambda: comparison_view(document, source.where))
    if document["unexplained"]:
        raise typer.Exit(FAILED)


def _session(rows: "SqlKept", session_id: str) -> "KeptSession":
    from arb.app.kept import pick

    return pick(rows.sessions(), session_id, None, None)


def _generation(rows: "SqlKept", kept: "KeptSession") -> "Generation":
    from arb.adapters.postgres.sessions import SqlSessionStore

    found = SqlSessionStore(rows.engine).generation(kept.session.session_id)
    if found is None:
        raise ConfigError(f"{kept.session.session_id}: of before settings were kept with a session")
    return found
