"""From a file's columns to a series: in order, each time once, and nothing in it that was not in the file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from arb.backtest.reading.mapping import Columns, RateSource
from arb.backtest.reading.series import Array, Assumed, Series
from arb.backtest.reading.table import NONE, Table
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_MS, NS_PER_S

GAP_STEPS: Final = 5  # without a word of the mapping: a hole is what is longer than so many usual steps
Prices = dict[tuple[Venue, Coin] | None, Array]
RATE: Final = None  # the key of its column


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What whoever asks wants to be otherwise than the mapping or the settings have it."""

    coins: tuple[Coin, ...] = ()
    rate: str | None = None
    spread_bps: Decimal  # of both books together, where the mapping says nothing
    depth_usdt: Decimal
    latency_ms: int
    gap_s: int | None = None


def series_of(name: str, table: Table, mapping: Columns, pair: Pair, wishes: Wishes) -> Series:
    """Return the series of a table. Raises: ConfigError where it says nothing about what is asked."""
    source = _source(mapping, wishes.rate)
    stamps = table.times(mapping.time.column, mapping.time.unit, ZoneInfo(mapping.time.zone))
    prices: Prices = {
        (venue, Coin(coin)): table.prices(column)
        for coin, columns in mapping.coins.items()
        for venue, column in columns.items()
    }
    coins = _traded(mapping, source, pair, wishes.coins)
    if source.column is not None:
        prices[RATE] = table.prices(source.column)
    ts_ns, columns, flaws = _cleaned(stamps, prices)
    if not len(ts_ns):
        raise ConfigError(f"--data: {name} has no row with a time in column {mapping.time.column!r}")
    if table.broken:
        flaws["lines with another number of columns, left out"] = table.broken
    rate = _rate(source, columns, pair, len(ts_ns))
    traded = {key: column for key, column in columns.items() if key is not None and key[1] in coins}
    known_ns = ts_ns + mapping.time.interval_s * NS_PER_S
    return Series(
        name=name,
        ts_ns=known_ns,
        coins=coins,
        prices=traded,
        rate=rate,
        rate_source=source.words(),
        rate_step=source.step,
        assumed=_assumed(mapping, source, pair, wishes, known_ns),
        notes=(*mapping.notes, *filter(None, [_note(mapping, source)])),
        flaws=flaws,
    )


def _source(mapping: Columns, asked: str | None) -> RateSource:
    """Return where the rate comes from: `constant:1400` and `implied:BTC` need no word of the mapping."""
    name = asked or mapping.rate
    kind, _, value = name.partition(":")
    try:
        if value and kind == "constant":
            return RateSource(constant=Decimal(value))
    except (ArithmeticError, ValueError):
        raise ConfigError(f"--rate: {value!r} is no rate") from None
    if value and kind == "implied":
        return RateSource(implied_by=value.upper())
    if name not in mapping.rates:
        known = ", ".join([*mapping.rates, "constant:1400", "implied:BTC"])
        raise ConfigError(f"--rate: {name!r} is none of {known}")
    return mapping.rates[name]


def _note(mapping: Columns, source: RateSource) -> str:
    return next(
        (mapping.notes_of_rates.get(name, "") for name, each in mapping.rates.items() if each is source), ""
    )


def _traded(mapping: Columns, source: RateSource, pair: Pair, wanted: tuple[Coin, ...]) -> tuple[Coin, ...]:
    """Return the coins that can be traded. Raises: ConfigError where that is none."""
    there = [Coin(coin) for coin, columns in mapping.coins.items() if set(pair.venues) <= set(columns)]
    if not there:
        raise ConfigError(f"mapping: no coin has a column of both {pair.first} and {pair.second}")
    for coin in wanted:
        if coin not in there:
            raise ConfigError(f"--coins: {coin} is not in this series; there are {', '.join(there)}")
    coins = tuple(coin for coin in (wanted or there) if coin != source.implied_by)
    if source.implied_by is not None and Coin(source.implied_by) not in there:
        raise ConfigError(f"--rate: no coin {source.implied_by} in this series to imply a rate by")
    if not coins:
        raise ConfigError(
            f"a rate implied by {source.implied_by}, the only coin here, has no premium in it: both "
            "venues' prices agree at it. Give another rate (--rate constant:1400, or a column)"
        )
    return coins


def _cleaned(stamps: Array, columns: Prices) -> tuple[Array, Prices, dict[str, int]]:
    """Return the rows in order, each time once, those without a time or any price left out."""
    flaws: dict[str, int] = {}
    timed = stamps != NONE
    known: Array = np.zeros(len(stamps), dtype=bool)
    for column in columns.values():
        known |= ~np.isnan(column)
    _count(flaws, "rows without a time, left out", int((~timed).sum()))
    _count(flaws, "rows without any price, left out", int((timed & ~known).sum()))
    kept = timed & known
    ts_ns = stamps[kept]
    parts = {key: column[kept] for key, column in columns.items()}
    _count(flaws, "rows out of order, put in order", int((np.diff(ts_ns) < 0).sum()))
    order = np.argsort(ts_ns, kind="stable")
    ts_ns, parts = ts_ns[order], {key: column[order] for key, column in parts.items()}
    once, counts = np.unique(ts_ns, return_counts=True)
    if len(once) == len(ts_ns):
        return ts_ns, parts, flaws
    _count(flaws, "rows of a time that was there, brought together", len(ts_ns) - len(once))
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    merged: Prices = {}
    conflicts = 0
    for key, column in parts.items():
        low, high = np.fmin.reduceat(column, starts), np.fmax.reduceat(column, starts)
        differ = low < high
        conflicts += int(differ.sum())
        low[differ] = np.nan  # nobody can tell which of them it was
        merged[key] = low
    _count(flaws, "prices that two rows of one time disagree about, left out", conflicts)
    return once, merged, flaws


def _count(flaws: dict[str, int], what: str, count: int) -> None:
    if count:
        flaws[what] = count


def _rate(source: RateSource, columns: Prices, pair: Pair, length: int) -> Array:
    if source.column is not None:
        return columns[RATE]
    if source.constant is not None:
        return np.full(length, float(source.constant))
    coin = Coin(source.implied_by or "")
    return columns[pair.first, coin] / columns[pair.second, coin]


def assumed_of_quotes(pair: Pair, wishes: Wishes, gap_s: int) -> Assumed:
    """Return what is assumed of a record that holds the quotes of both venues and of the rate."""
    return Assumed(
        half_spread_bps=dict.fromkeys(pair.venues, wishes.spread_bps / 4),
        rate_half_spread_bps=Decimal(0),
        depth_usdt=wishes.depth_usdt,
        latency_ms=wishes.latency_ms,
        gap_ns=(wishes.gap_s or gap_s) * NS_PER_S,
    )


def _assumed(mapping: Columns, source: RateSource, pair: Pair, wishes: Wishes, known_ns: Array) -> Assumed:
    half = wishes.spread_bps / 4  # of each of the two books
    gap_s = wishes.gap_s or mapping.gap_s
    steps = np.diff(known_ns)
    usual_ns = int(np.median(steps)) if len(steps) else NS_PER_S
    return Assumed(
        half_spread_bps={venue: mapping.half_spread_bps.get(venue, half) for venue in pair.venues},
        rate_half_spread_bps=source.half_spread_bps,
        depth_usdt=mapping.depth_usdt or wishes.depth_usdt,
        latency_ms=wishes.latency_ms,
        gap_ns=gap_s * NS_PER_S if gap_s else GAP_STEPS * max(usual_ns, NS_PER_MS),
    )
