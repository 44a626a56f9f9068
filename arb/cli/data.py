"""`arb data`: candles of the past, fetched from both venues and kept for replays."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from arb.cli.backtest import require_libraries
from arb.cli.moments import first_ns, last_ns, zone_of
from arb.cli.output import AsJson, say, show, tell
from arb.domain.errors import ConfigError
from arb.domain.time import NS_PER_S

data_app = typer.Typer(help="Candles of the past, for `arb backtest`.", no_args_is_help=True)
INTERVALS: Final = {"1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1_800, "1h": 3_600, "4h": 14_400}
Coins = Annotated[str, typer.Option("--coins", help="Which, with commas.")]
Since = Annotated[str, typer.Option("--from", help="From this day or time on, UTC.")]
Until = Annotated[str | None, typer.Option("--to", help="Until this day (its end) or time; without it, now.")]
Interval = Annotated[str, typer.Option(help=f"One of {', '.join(INTERVALS)}.")]
Out = Annotated[Path | None, typer.Option(help="The folder; without it, data in the home.")]


@data_app.command()
def fetch(
    coins: Coins,
    since: Since,
    until: Until = None,
    interval: Interval = "1m",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Fetch candles of coins on both venues and of the rate; what is there already is not asked for again.

    Example: arb data fetch --coins BTC,XRP --from 2025-01-01
    """
    require_libraries()
    import os

    from arb.adapters.local.clock import SystemClock, SystemEntropy
    from arb.app.venues import public_gateways
    from arb.backtest.asked import settings_of
    from arb.backtest.history.candle_archive import CandleArchive
    from arb.backtest.history.fetch import CandleRequest, Fetch, markets_of
    from arb.cli.views.data import fetching
    from arb.domain.market.ids import Coin
    from arb.domain.market.pair import Pair

    if interval not in INTERVALS:
        raise ConfigError(f"--interval: {interval!r} is none of {', '.join(INTERVALS)}")
    settings, clock, step_s = settings_of([f"coins={coins}"], os.environ), SystemClock(), INTERVALS[interval]
    now_s = clock.now_ns() // NS_PER_S // step_s * step_s
    to_s = min(now_s, (last_ns("--to", until, zone_of(True)) + 1) // NS_PER_S) if until else now_s
    from_s = first_ns("--from", since, zone_of(True)) // NS_PER_S // step_s * step_s
    if from_s >= to_s:
        raise ConfigError(f"--from {since} is not before {until or 'now'}")
    if not settings.coins:
        raise ConfigError("--coins: all is none here; name the coins whose candles are wanted")
    listed = tuple(Coin(coin) for coin in settings.coins)
    wanted = CandleRequest(
        markets=markets_of(Pair(*settings.pair), listed), from_s=from_s, to_s=to_s, interval_s=step_s
    )
    archive = CandleArchive(_folder(out))
    with fetching(wanted) as told:
        gateways = public_gateways(settings, clock, SystemEntropy())
        Fetch(archive=archive, gateways=gateways, clock=clock, told=told).run(wanted)
    say(f"candles in {archive.root}: `arb backtest --data {archive.root}`")
    _show(archive, as_json)


@data_app.command()
def synth(
    out: Annotated[Path, typer.Option(help="The Parquet file.")],
    coins: Annotated[int, typer.Option(help="How many; three large ones come first.", min=1, max=200)] = 12,
    days: Annotated[int, typer.Option(help="How many, of minutes.", min=1, max=3_660)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed is the same market.", min=0)] = 1,
    shuffled: Annotated[
        bool, typer.Option("--shuffled", help="With what was planted in another order: nothing lasts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make up a market of minutes with premiums planted in it, and name each of them beside it.

    Example: arb data synth --coins 12 --days 30 --seed 1 --out synth.parquet
    """
    require_libraries()
    import os

    from arb.backtest.asked import settings_of
    from arb.backtest.synth.files import sidecar_of, write_market
    from arb.backtest.synth.market import MarketSpec, synthetic_market
    from arb.domain.market.pair import Pair

    if out.suffix != ".parquet":
        raise ConfigError(f"--out: {out} is no .parquet file")
    pair = Pair(*settings_of((), os.environ).pair)
    wanted = MarketSpec(coins=coins, days=days, seed=seed, is_shuffled=shuffled)
    market = synthetic_market(wanted, pair)
    write_market(market, out)
    planted, named = len(market.plants), sidecar_of(out)
    say(f"{planted:,} premiums are planted in it, see {named}; `arb backtest --data {out} --foresight`")
    told = {"data": str(out), "plants": str(named), "rows": wanted.minutes, "planted": planted}
    tell(told, as_json, f"{wanted.minutes:,} minutes of {coins} coins in {out}")


@data_app.command("list")
def list_data(out: Out = None, as_json: AsJson = False) -> None:
    """List what was fetched, with its holes.

    Example: arb data list
    """
    require_libraries()
    from arb.backtest.history.candle_archive import CandleArchive

    _show(CandleArchive(_folder(out)), as_json)


def _folder(out: Path | None) -> Path:
    from arb.stack.home import Home

    return out or Home.default().path / "data"


def _show(archive: Any, as_json: bool) -> None:
    from arb.backtest.history.summary import summary
    from arb.cli.views.data import data_view

    found = summary(archive)
    show({"folder": str(archive.root), "markets": found}, as_json, lambda: data_view(found))
