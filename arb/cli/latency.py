"""`arb latency`: how long orders took from the receipt of the book that they were decided on."""

from typing import TYPE_CHECKING, Any

from arb.cli import reads
from arb.cli.output import AsJson
from arb.cli.reads import From, OfSession, ReadRequest, To, Utc

if TYPE_CHECKING:
    from rich.table import Table


def latency(
    session: OfSession = None,
    since: From = None,
    until: To = None,
    utc: Utc = False,
    as_json: AsJson = False,
) -> None:
    """Show how long each part of the way from a book to its filled orders took: p50, p90 and p99.

    Example: arb latency --from 2026-01-01
    """
    from arb.adapters.postgres.engine import reading
    from arb.adapters.postgres.latency import PERCENTILES, counted, latencies_s, parts_ms

    asked = ReadRequest(session=session, since=since, until=until, utc=utc)
    with reads.kept(asked) as kept, reading(kept.database) as connection:
        found = latencies_s(connection, kept.session_id, kept.span, tuple(PERCENTILES.values()))
        numbers = counted(connection, kept.session_id, kept.span)
    parts = [{"orders": numbers[each["part"]]} | each for each in parts_ms(found)]
    reads.present(kept, {"parts": parts}, utc, as_json, lambda: _table(parts))


def _table(parts: list[dict[str, Any]]) -> "Table":
    from arb.cli.views.style import headed_table

    table = headed_table(("part of the way",), ("orders", "p50 ms", "p90 ms", "p99 ms"))
    for part in parts:
        figures = (f"{part[name]:,.1f}" for name in ("p50_ms", "p90_ms", "p99_ms"))
        table.add_row(part["part"].replace("_", " "), f"{part['orders']:,}", *figures)
    return table
