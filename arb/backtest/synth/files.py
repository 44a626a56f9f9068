"""A synthetic market on disk: Parquet that is read like any other data, and beside it what was planted."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from arb.backtest.result.document import moment
from arb.backtest.result.files import write_bytes, write_text
from arb.backtest.synth.market import BEGINS_S, SyntheticMarket
from arb.backtest.synth.plants import Plant
from arb.domain.errors import ConfigError
from arb.domain.time import NS_PER_S

FIELDS: Final = ("coin", "kind", "begins", "rise", "size_bps", "half_life")


def sidecar_of(data: Path) -> Path:
    """Return where a file's plants are named."""
    return data.with_suffix(".plants.json")


def write_market(market: SyntheticMarket, path: Path) -> None:
    """Write both files, each whole or not at all. Raises: ConfigError."""
    arrays = {
        name: pa.array(column, from_pandas=True)  # a price that is not there is none, not NaN
        for name, column in market.columns.items()
    }
    stream = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), stream)
    write_text(sidecar_of(path), json.dumps(_told(market), indent=1) + "\n")
    write_bytes(path, stream.getvalue().to_pybytes())


def _told(market: SyntheticMarket) -> dict[str, Any]:
    wanted = market.wanted
    return {
        "coins": wanted.coins,
        "days": wanted.days,
        "seed": wanted.seed,
        "shuffled": wanted.is_shuffled,
        "begins_s": BEGINS_S,
        "plants": [
            {
                **asdict(plant),
                "from": _moment(plant.begins),
                "peak": _moment(plant.peak),
                "to": _moment(plant.ends),
            }
            for plant in market.plants
        ],
    }


def _moment(minute: int) -> str:
    return moment((BEGINS_S + 60 * minute) * NS_PER_S)


def read_plants(data: Path) -> tuple[int, tuple[Plant, ...]] | None:
    """Return when a series begins and what lasts in it; None where nobody says. Raises: ConfigError.

    In a shuffled one nothing lasts.
    """
    path = sidecar_of(data)
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        plants = tuple(Plant(**{name: each[name] for name in FIELDS}) for each in told["plants"])
        return int(told["begins_s"]), () if told["shuffled"] else plants
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} does not say what was planted ({error})") from None
