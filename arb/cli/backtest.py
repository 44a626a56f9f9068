"""`arb backtest`: the engine that trades over recorded prices, and what it would have come to."""

import os
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from arb.cli.output import AsJson, say, show
from arb.cli.reads import ReadRequest
from arb.domain.errors import ConfigError

if TYPE_CHECKING:
    from arb.backtest.asked import ReplayRequest
    from arb.backtest.reading.series import Series
    from config.settings import Settings

SEED: Final = 7
Data = Annotated[
    Path | None, typer.Option("--data", help="A CSV or Parquet file, a folder of them, or `recorded`.")
]
MappingOf = Annotated[
    str | None, typer.Option("--mapping", help="Which column is which price: a YAML file, or a shipped name.")
]
RateOf = Annotated[
    str | None, typer.Option("--rate", help="One of the mapping's rates, constant:1400 or implied:BTC.")
]
CoinsOf = Annotated[str | None, typer.Option("--coins", help="Only these, with commas.")]
From = Annotated[str | None, typer.Option("--from", help="From this day or time on, UTC.")]
To = Annotated[str | None, typer.Option("--to", help="Until this day (its end) or time, UTC.")]
Changes = Annotated[list[str] | None, typer.Option("--set", help="A setting, as strategy.entry_edge_bps=30.")]
Seed = Annotated[int, typer.Option(help="Of the ids and of what is drawn.", min=0)]
Gap = Annotated[int | None, typer.Option(help="Seconds without prices that end what is open.", min=1)]
Depth = Annotated[str, typer.Option(help="USDT that each side of each book is taken to have.")]
Latency = Annotated[int, typer.Option(help="Milliseconds from a decision to the venue.", min=0)]
Html = Annotated[Path | None, typer.Option(help="Write the report there.")]
Csv = Annotated[Path | None, typer.Option(help="Write the trades there.")]
Unscreened = Annotated[
    bool, typer.Option("--every-row", help="Look at every row, also where nothing can be.")
]
Sweeps = Annotated[
    list[str] | None,
    typer.Option("--sweep", help="strategy.entry_edge_bps=20:80:5, or a,b,c; several times."),
]
Best = Annotated[
    int, typer.Option(help="Of a sweep's settings, so many are run by the engine.", min=1, max=1000)
]
Walk = Annotated[
    int, typer.Option("--walk-forward", help="Try on so many parts what was best before.", min=0, max=50)
]
Jobs = Annotated[int, typer.Option(help="Processes of a sweep; 0: one a core.", min=0)]
Bench = Annotated[
    bool, typer.Option("--bench", help="Say how long it took beside a bare loop over the rows.")
]
Foresight = Annotated[
    bool, typer.Option("--foresight", help="Say how much of what perfect foresight earns was taken.")
]


def backtest(
    data: Data = None,
    mapping: MappingOf = None,
    rate: RateOf = None,
    coins: CoinsOf = None,
    since: From = None,
    until: To = None,
    changes: Changes = None,
    seed: Seed = SEED,
    gap: Gap = None,
    depth: Depth = "20000",
    latency_ms: Latency = 150,
    every_row: Unscreened = False,
    bench: Bench = False,
    sweep: Sweeps = None,
    best: Best = 10,
    walk_forward: Walk = 0,
    jobs: Jobs = 0,
    foresight: Foresight = False,
    html: Html = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Run the engine over recorded prices: the same decisions, orders and ledger, by the data's clock.

    Example: arb backtest --data prices.parquet --set strategy.entry_edge_bps=30 --html report.html
    """
    require_libraries()
    from arb.backtest.asked import ReplayRequest, plan_of, settings_of
    from arb.backtest.result.document import document_of
    from arb.cli.views.backtest import backtest_view

    if data is None:
        raise ConfigError(
            "--data: give a CSV or Parquet file; `arb data fetch` makes one, see docs/backtest.md"
        )
    asked = ReplayRequest(
        data=data,
        mapping=mapping,
        rate=rate,
        coins=tuple(coin.strip() for coin in coins.split(",")) if coins else (),
        span=ReadRequest(since=since, until=until, utc=True).span(),
        gap_s=gap,
        depth_usdt=_amount("--depth", depth),
        latency_ms=latency_ms,
        seed=seed,
        screened=not every_row,
    )
    settings = settings_of(changes or (), os.environ)
    series = _series(asked, settings, bench)
    document: dict[str, Any] = {}
    if sweep:
        from arb.cli.backtest_sweep import swept

        settings, document["sweep"] = swept(
            plan_of(asked, settings, series), changes or (), sweep, best=best, folds=walk_forward, jobs=jobs
        )
    outcome = _timed(asked, plan_of(asked, settings, series), document, bench)
    document |= document_of(outcome)
    if foresight:
        from arb.backtest.synth.benchmark import foresight_document
        from arb.backtest.synth.files import read_plants

        document["foresight"] = foresight_document(outcome, read_plants(data))
    _write(document, csv, html)
    show(document, as_json, lambda: backtest_view(document))


def _series(asked: "ReplayRequest", settings: "Settings", bench: bool) -> "Series":
    """Return the rows that are asked for, of files or of what a stack recorded. Raises: ConfigError."""
    from arb.backtest.asked import load_series, recorded_series
    from arb.backtest.reading.recorded import RECORDED

    if asked.data != Path(RECORDED) or asked.data.exists():
        return load_series(asked, settings)
    if bench:
        raise ConfigError("--bench: it reads a file twice; what was recorded is in a database")
    from arb.cli.recorded import recorded_rows

    return recorded_series(asked, settings, recorded_rows(settings, asked.span))


def _timed(asked: "ReplayRequest", plan: Any, document: dict[str, Any], bench: bool) -> Any:
    """Return the outcome; with `bench` the document begins with what it took."""
    from arb.backtest.replay.run import replay

    if not bench:
        return replay(plan)
    from arb.backtest.result.bench import measured

    outcome, figures = measured(asked, plan)
    document["bench"] = figures
    say(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()))
    return outcome


def _write(document: Mapping[str, Any], csv: Path | None, html: Path | None) -> None:
    """Write the trades and the report where they are wanted."""
    from arb.backtest.result.files import write_text, write_trades
    from arb.cli.views.backtest_html import backtest_html

    if csv is not None:
        write_trades(csv, document)
        say(f"{len(document['trades']):,} trades in {csv}")
    if html is not None:
        write_text(html, backtest_html(document))
        say(f"report in {html}")


def _amount(option: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{option}: {text!r} is no number") from None
    if not found.is_finite() or found <= 0:
        raise ConfigError(f"{option}: {text} is not above zero")
    return found


def require_libraries() -> None:
    """Raise ConfigError with what to install where numpy or pyarrow is missing."""
    from importlib.util import find_spec

    lacking = [name for name in ("numpy", "pyarrow") if find_spec(name) is None]
    if lacking:
        raise ConfigError(f"this needs {' and '.join(lacking)}: `pip install {' '.join(lacking)}`")
