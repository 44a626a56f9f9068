"""Series of prices for tests: a seeded premium on a minute grid, with swings that are worth trading."""

from decimal import Decimal
from pathlib import Path

import numpy as np

from arb.backtest.asked import settings_of
from arb.backtest.reading.assemble import Wishes, series_of
from arb.backtest.reading.mapping import find_mapping
from arb.backtest.reading.series import Series
from arb.backtest.reading.table import read_table
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_S

FIXED = ["strategy.name=fixed", "strategy.holding_s_max=3600", "risk.reentry_pause_s=60"]
SETTINGS = settings_of(FIXED, {})
PAIR = Pair(*SETTINGS.pair)
BEGINS_S = 1_750_000_000


def write_csv(path: Path, rows: int, coins: tuple[str, ...] = ("BTC", "ETH"), seed: int = 3) -> Path:
    """Write a series whose premium swings by 80 bps now and then."""
    draw = np.random.default_rng(seed)
    names = ["time", *(f"{v.value}_{c.lower()}_{v.quote.lower()}" for c in coins for v in PAIR.venues)]
    names.append(f"{PAIR.first}_usdt_krw")
    prices = {"BTC": 100_000.0, "ETH": 3_000.0}
    lines = [",".join(names)]
    premium = dict.fromkeys(coins, 0.0)
    for row in range(rows):
        fields = [str(BEGINS_S + 60 * row)]
        for coin in coins:
            prices[coin] *= 1 + draw.normal(0, 0.0003)
            premium[coin] = 0.85 * premium[coin] + draw.normal(0, 0.0003)
            jump = 0.008 if draw.random() < 0.01 else 0.0
            premium[coin] += jump * draw.choice([-1, 1])
            fields += [f"{prices[coin] * 1400 * (1 + premium[coin]):.0f}", f"{prices[coin]:.2f}"]
        lines.append(",".join([*fields, "1400"]))
    path.write_text("\n".join(lines) + "\n")
    return path


MAPPING = """\
time: {{column: time, unit: s}}
coins:
  BTC: {{{first}: {first}_btc_krw, {second}: {second}_btc_usdt}}
  ETH: {{{first}: {first}_eth_krw, {second}: {second}_eth_usdt}}
rates:
  traded: {{column: {first}_usdt_krw, step: "1"}}
  implied: {{implied_by: BTC}}
rate: traded
gap_s: 600
"""


def mapping_of(folder: Path) -> str:
    """Write the mapping of these series."""
    path = folder / "mapping.yml"
    path.write_text(MAPPING.format(first=PAIR.first, second=PAIR.second))
    return str(path)


def load(path: Path, mapping: str, rate: str | None = None) -> Series:
    """Read a series."""
    table = read_table([path])
    wishes = Wishes(rate=rate, spread_bps=Decimal(4), depth_usdt=Decimal(1_500), latency_ms=150)
    found = find_mapping(path, mapping, SETTINGS.pair, table.names, SETTINGS.assumptions.rate_step_krw)
    return series_of(path.name, table, found, PAIR, wishes)


def seconds(series: Series) -> list[int]:
    """Return the stamps in seconds."""
    return [int(ts) // NS_PER_S for ts in series.ts_ns]
