"""`arb record` and `arb opportunities`: record premiums, and list the opportunities that there were."""

from collections.abc import Sequence
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arb.cli import reads, running
from arb.cli.output import AsJson, AsJsonOfTable, say, tell
from arb.cli.reads import From, OfSession, ReadRequest, To, Utc
from arb.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from arb.domain.market.premium import PremiumRow
    from arb.domain.time import Span
    from config.settings import Settings

Duration = Annotated[int, typer.Option(help="Seconds; 0: until it is interrupted.", min=0)]
Coin = Annotated[str | None, typer.Option("--coin", help="Of this coin only.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest ones.")]


def record(duration: Duration = 0, as_json: AsJson = False) -> None:
    """Keep premium and edges of every coin of the stack that runs, each minute, for `arb backtest`.

    Coins near their mark are kept each second. A stack does it by itself where `record.enabled` is set.

    Example: arb record --duration 3600
    """
    from arb.app.recording import record_premiums

    wired = running.engine()
    recorder = record_premiums(wired.shared, wired.shared.coins)
    if wired.recording.is_on:
        say("the stack records by itself; rows that are there stay as they are")
    rows, lost, until = 0, 0, monotonic() + duration if duration else None
    say("recording; interrupt to end")
    try:
        while until is None or monotonic() < until:
            try:
                rows += recorder.run()
            except StoreUnavailable as error:
                lost += 1
                if lost == 1:
                    say(f"not kept: {error}")
            sleep(1 - wired.clock.now_ns() % 1_000_000_000 / 1e9)
    except KeyboardInterrupt:
        pass
    told = {"rows": rows, "seconds_lost": lost}
    tell(told, as_json, f"{rows:,} rows kept: `arb backtest --data recorded`")


def recorded_rows(settings: "Settings", span: "Span") -> "Sequence[PremiumRow]":
    """Return what was recorded by the stack that runs or was stopped here. Raises as `reads.kept`."""
    from arb.adapters.postgres.premiums import SqlPremiums
    from arb.domain.market.pair import Pair

    with reads.everything() as (source, rows):
        mode = source.environment or settings.mode.value
        say(f"premiums of {mode} mode, {source.where}")
        return SqlPremiums(rows.engine, mode).read(Pair(*settings.pair), span)


def opportunities(
    session: OfSession = None,
    since: From = None,
    until: To = None,
    coin: Coin = None,
    limit: Limit = 50,
    utc: Utc = False,
    as_json: AsJsonOfTable = False,
) -> None:
    """List each time an edge was above what an entry needs: its best moment, and why it was or was not taken.

    Example: arb opportunities --from 2026-01-01 --coin XRP
    """
    from arb.adapters.postgres.opportunities import SqlOpportunities
    from arb.app.facts.opportunities import opportunity_row
    from arb.cli.moments import zone_of
    from arb.cli.views.opportunities import opportunities_view
    from arb.domain.market.opportunity import joined

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        found = SqlOpportunities(kept.database).read(kept.session_id, kept.span, limit, coin or "")
        rows: list[dict[str, Any]] = [opportunity_row(each) for each in joined(found)]
        document = {"opportunities": rows}
        reads.present(kept, document, utc, as_json, lambda: opportunities_view(rows, zone_of(utc)))
