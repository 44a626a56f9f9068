"""Which column of somebody's file is which price: a small YAML file, checked, or the columns' own names."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from config.layers import yaml_file

SHIPPED: Final = Path(__file__).parents[3] / "config" / "mappings"
SUFFIXES: Final = (".yml", ".yaml")


class Part(BaseModel):
    """A part of a mapping: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Time(Part):
    """The column that holds a row's time, its unit and its zone."""

    column: str
    unit: Literal["iso", "s", "ms", "us", "ns"] = "iso"
    zone: str = "UTC"  # of times that name none
    interval_s: int = Field(default=0, ge=0)  # of candles whose stamp is their open: known that much later

    @field_validator("zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"{name!r} is no time zone") from None
        return name


class RateSource(Part):
    """Where the rate between the venues' currencies comes from: one of three."""

    column: str | None = None
    constant: Decimal | None = Field(default=None, gt=0)
    implied_by: str | None = None  # a coin that is not traded then
    step: Decimal = Field(default=Decimal(0), ge=0)  # of its price
    half_spread_bps: Decimal = Field(default=Decimal(0), ge=0, lt=1_000)
    what: str = ""  # in words

    def words(self) -> str:
        """Return in words where the rate comes from."""
        if self.column:
            return self.what or f"column {self.column}"
        return self.what or (
            f"constant {self.constant}" if self.constant else f"implied by {self.implied_by}"
        )


class Columns(Part):
    """A mapping: which columns of a file hold times, prices and rates."""

    about: str = ""
    files: tuple[str, ...] = ()  # names that it is for, with `*`
    time: Time
    coins: Mapping[str, Mapping[Venue, str]] = Field(min_length=1)
    rates: Mapping[str, RateSource] = Field(min_length=1)
    rate: str  # the one of them that is taken unless another one is asked for
    half_spread_bps: Mapping[Venue, Decimal] = {}
    depth_usdt: Decimal | None = Field(default=None, gt=0)
    gap_s: int | None = Field(default=None, gt=0)
    notes: tuple[str, ...] = ()
    notes_of_rates: Mapping[str, str] = {}


def read_mapping(path: Path) -> Columns:
    """Return a checked mapping. Raises: ConfigError with one line that names file and key."""
    try:
        mapping = Columns.model_validate(yaml_file(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for name, rate in mapping.rates.items():
        if sum(each is not None for each in (rate.column, rate.constant, rate.implied_by)) != 1:
            raise ConfigError(f"{path}: rates.{name}: give one of column, constant and implied_by")
    if mapping.rate not in mapping.rates:
        raise ConfigError(f"{path}: rate: {mapping.rate!r} is not among rates")
    return mapping


def find_mapping(
    data: Path, asked: str | None, pair: tuple[Venue, Venue], names: Sequence[str], rate_step: Decimal
) -> Columns:
    """Return the mapping asked for, the one shipped for a file of this name, or what its columns tell.

    The step of the rate's price is told by a mapping, and assumed where there is none. Raises: ConfigError.
    """
    if asked is not None:
        own = Path(asked)
        shipped = SHIPPED / f"{asked}.yml"
        return read_mapping(own if own.suffix in SUFFIXES or not shipped.is_file() else shipped)
    for path in sorted(SHIPPED.glob("*.yml")):
        mapping = read_mapping(path)
        if any(fnmatch(data.name, pattern) for pattern in mapping.files):
            return mapping
    return told_by_names(data, pair, names, rate_step)


def told_by_names(data: Path, pair: tuple[Venue, Venue], names: Sequence[str], rate_step: Decimal) -> Columns:
    """Return the mapping of columns named `<venue>_<coin>_<currency>` and a time. Raises: ConfigError."""
    time = next((name for name in names if name.lower().startswith(("ts", "time", "date"))), None)
    prices = {(venue, coin): name for name in names for venue, coin in _price_of(name, pair)}
    coins = sorted(
        coin
        for venue, coin in prices
        if venue is pair[0] and (pair[1], coin) in prices and coin != pair[1].quote
    )
    rate = prices.get((pair[0], pair[1].quote))
    if time is None or not coins or rate is None:
        needed = f"{pair[0]}_btc_{pair[0].quote.lower()}, {pair[1]}_btc_{pair[1].quote.lower()}"
        raise ConfigError(
            f"--data: {data.name} needs --mapping FILE (docs/backtest.md): its columns do not tell prices "
            f"as {needed} and a rate as {pair[0]}_{pair[1].quote.lower()}_{pair[0].quote.lower()} do"
        )
    tree: dict[str, Any] = {
        "about": f"columns of {data.name} by their names",
        "time": {"column": time, "unit": _unit(time)},
        "coins": {coin: {venue.value: prices[venue, coin] for venue in pair} for coin in coins},
        "rates": {"traded": {"column": rate, "what": f"{rate}, as it was traded", "step": rate_step}},
        "rate": "traded",
    }
    return Columns.model_validate(tree)


def _price_of(name: str, pair: tuple[Venue, Venue]) -> list[tuple[Venue, str]]:
    parts = name.lower().replace("-", "_").split("_")
    if parts[-1] in ("close", "price", "last"):
        parts = parts[:-1]
    if len(parts) != 3:
        return []
    return [
        (venue, parts[1].upper())
        for venue in pair
        if parts[0] == venue.value and parts[2] == venue.quote.lower()
    ]


def _unit(name: str) -> str:
    end = name.lower().rpartition("_")[2]
    return end if end in ("s", "ms", "us", "ns") else "iso"
