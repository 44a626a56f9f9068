"""`arb export`: what was traded, for a spreadsheet, a tax return, or a data frame."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from arb.cli import reads
from arb.cli.moments import zone_of
from arb.cli.output import AsJson, say, tell
from arb.cli.reads import From, OfSession, ReadRequest, To, Utc
from arb.domain.errors import ConfigError
from arb.stack.errors import StackError


class What(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    FILLS = "fills"
    LEDGER = "ledger"
    PNL = "pnl"


class Format(StrEnum):
    """The format of the exported file."""

    CSV = "csv"
    PARQUET = "parquet"


Wanted = Annotated[What, typer.Argument(help="What to export.")]
As = Annotated[Format, typer.Option("--format", help="csv, or parquet (needs pyarrow).")]
Out = Annotated[Path | None, typer.Option(help="The file; without it <what>-<session>.<format> here.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def export(
    what: Wanted,
    form: As = Format.CSV,
    out: Out = None,
    force: Force = False,
    session: OfSession = None,
    since: From = None,
    until: To = None,
    utc: Utc = False,
    as_json: AsJson = False,
) -> None:
    """Write trades, fills, ledger or profit of a session into a file.

    Example: arb export fills --from 2026-01-01 --to 2026-12-31 --out fills-2026.csv
    """
    from arb.adapters.local.export_file import write_csv, write_parquet
    from arb.adapters.postgres.export import SqlExport

    write = write_csv if form is Format.CSV else write_parquet
    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        path = out or Path(f"{what}-{kept.session_id}.{form}")
        if path.exists() and not force:
            raise ConfigError(f"--out: {path} is there already; --force replaces it")
        try:
            with SqlExport(kept.database, kept.session_id, kept.span).rows(what) as (columns, rows):
                written = write(path, columns, rows, zone_of(utc))
        except OSError as error:
            raise StackError(f"--out: {path} cannot be written ({error.strerror})") from error
    say(f"{reads.heading(kept, utc)}: {written:,} rows in {path}")
    tell(
        {"read": kept.heading(), "what": what, "format": form, "rows": written, "path": str(path)},
        as_json,
        "",
    )
