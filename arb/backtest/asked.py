"""What a command asks for, made into a plan: the settings with its changes, and the series of its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from arb.adapters.local.book_files import has_books, read_books
from arb.backtest.reading.assemble import Wishes, series_of
from arb.backtest.reading.books import BookAges, series_of_books
from arb.backtest.reading.fetched import is_fetched, read_fetched
from arb.backtest.reading.mapping import find_mapping
from arb.backtest.reading.recorded import series_of_rows
from arb.backtest.reading.series import Series
from arb.backtest.reading.table import read_table
from arb.backtest.replay.run import ReplayPlan
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow
from arb.domain.time import NS_PER_MS, Span
from config.layers import LISTS, environment, merge
from config.sections import READ_BY, StrategyName
from config.settings import RunMode, Settings, checked, own_file, shipped

OF_FIXED: Final = frozenset(
    f"strategy.{key}" for key, names in READ_BY.items() if names == {StrategyName.FIXED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """One replay as it is asked for."""

    data: Path
    mapping: str | None = None
    rate: str | None = None
    coins: tuple[str, ...] = ()
    span: Span
    gap_s: int | None = None
    depth_usdt: Decimal
    latency_ms: int
    seed: int
    screened: bool = True


def settings_of(changes: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings of paper mode with `key=value` changes. Raises: ConfigError.

    Who changes what only *fixed* reads means that strategy, unless another one is named.
    """
    tree: dict[str, Any] = {}
    if any(change.partition("=")[0].strip() in OF_FIXED for change in changes):
        tree = _nested("strategy.name", StrategyName.FIXED)
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set: {change!r} is not key=value, as strategy.entry_edge_bps=30")
        tree = merge(tree, _nested(key.strip(), value.strip()))
    layers = (shipped(RunMode.PAPER), own_file(environ), environment(environ), tree)
    return checked(RunMode.PAPER, layers)


def _nested(key: str, value: str) -> dict[str, Any]:
    """Return the tree in which a dotted key has a value."""
    *parents, leaf = key.split(".")
    tree: dict[str, Any] = {leaf: value.split(",") if leaf in LISTS else value}
    for parent in reversed(parents):
        tree = {parent: tree}
    return tree


def load_series(asked: ReplayRequest, settings: Settings) -> Series:
    """Return the rows that are asked for. Raises: ConfigError."""
    pair = Pair(*settings.pair)
    if pair.rate_key is None:
        raise ConfigError(
            f"pair: {pair.first} and {pair.second} quote in one currency; no backtest knows that"
        )
    if has_books(asked.data):
        return _series_of_books(asked, settings, pair)
    fetched = asked.data.is_dir() and is_fetched(asked.data)
    table = read_fetched(asked.data) if fetched else read_table(_files_of(asked.data))
    series = series_of(
        asked.data.name,
        table,
        find_mapping(
            asked.data, asked.mapping, settings.pair, table.names, settings.assumptions.rate_step_krw
        ),
        pair,
        _wishes_of(asked, settings),
    ).within(asked.span)
    if not len(series):
        raise ConfigError(f"--data: {asked.data} has no rows between --from and --to")
    return series


def _series_of_books(asked: ReplayRequest, settings: Settings, pair: Pair) -> Series:
    """Return the series of books that a stack recorded in files. Raises: ConfigError."""
    risk = settings.risk
    ages = BookAges(
        quote_ns_max=risk.quote_age_ms_max * NS_PER_MS, rate_ns_max=risk.rate_age_ms_max * NS_PER_MS
    )
    books = read_books(asked.data, asked.span)
    step = settings.assumptions.rate_step_krw
    return series_of_books(asked.data.name, books, pair, _wishes_of(asked, settings), step, ages)


def recorded_series(asked: ReplayRequest, settings: Settings, rows: Sequence[PremiumRow]) -> Series:
    """Return the series of rows that a stack recorded. Raises: ConfigError."""
    step, wishes = settings.assumptions.rate_step_krw, _wishes_of(asked, settings)
    return series_of_rows(rows, Pair(*settings.pair), wishes, step)


def _wishes_of(asked: ReplayRequest, settings: Settings) -> Wishes:
    """Return what is wanted of a series, and assumed where it says nothing."""
    return Wishes(
        coins=tuple(Coin(coin) for coin in asked.coins),
        rate=asked.rate,
        spread_bps=settings.assumptions.spread_bps,
        depth_usdt=asked.depth_usdt,
        latency_ms=asked.latency_ms,
        gap_s=asked.gap_s,
    )


def _files_of(data: Path) -> list[Path]:
    """Return the files of a path. Raises: ConfigError."""
    if data.is_dir():
        found = sorted(path for path in data.iterdir() if path.suffix in (".parquet", ".csv", ".gz"))
        if not found:
            raise ConfigError(f"--data: {data} holds no .parquet, .csv or .csv.gz file")
        return found
    if not data.is_file():
        raise ConfigError(f"--data: {data} is no file")
    return [data]


def plan_of(asked: ReplayRequest, settings: Settings, series: Series) -> ReplayPlan:
    """Return the replay that was asked for."""
    return ReplayPlan(series=series, settings=settings, seed=asked.seed, screened=asked.screened)
