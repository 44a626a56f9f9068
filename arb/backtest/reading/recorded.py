"""What a stack recorded of premiums, as a series: the middle of its books, and their spreads row by row."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from arb.backtest.reading.assemble import Wishes, assumed_of_quotes
from arb.backtest.reading.series import Array, Series
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow

RECORDED: Final = "recorded"  # in place of a path
GAP_S: Final = 300  # rows are a minute apart, and a second near a coin's mark: five were missed
NOTE: Final = (
    "recorded by a stack: a row each minute, and each second of coins near their mark; spreads are those of "
    "the best prices, depth is assumed"
)


def series_of_rows(rows: Sequence[PremiumRow], pair: Pair, wishes: Wishes, rate_step: Decimal) -> Series:
    """Return the series of recorded rows. Raises: ConfigError where there is none of what is asked."""
    there = sorted({row.coin for row in rows})
    for coin in wishes.coins:
        if coin not in there:
            raise ConfigError(f"--coins: {coin} was not recorded in that time; there are {', '.join(there)}")
    coins = tuple(wishes.coins) or tuple(there)
    if not rows:
        raise ConfigError(
            "--data recorded: nothing was recorded in that time; see record.enabled, `arb record`"
        )
    own = [row for row in rows if row.coin in coins]
    ts_ns: Array = np.unique(np.array([row.at_ns for row in own], dtype=np.int64))
    place: Array = np.searchsorted(ts_ns, np.array([row.at_ns for row in own], dtype=np.int64))
    of_coin = {coin: [number for number, row in enumerate(own) if row.coin == coin] for coin in coins}

    def column(coin: Coin | None, value: Callable[[PremiumRow], Decimal]) -> Array:
        found: Array = np.full(len(ts_ns), np.nan)
        numbers = range(len(own)) if coin is None else of_coin[coin]
        for number in numbers:
            found[place[number]] = float(value(own[number]))
        return found

    first = {coin: (column(coin, _first_mid), column(coin, _first_half)) for coin in coins}
    second = {coin: (column(coin, _second_mid), column(coin, _second_half)) for coin in coins}
    sides = {(pair.first, coin): found for coin, found in first.items()}
    sides |= {(pair.second, coin): found for coin, found in second.items()}
    return Series(
        name=RECORDED,
        ts_ns=ts_ns,
        coins=coins,
        prices={key: mid for key, (mid, _) in sides.items()},
        rate=column(None, lambda row: (row.rate_bid + row.rate_ask) / 2),
        rate_source="the rate as it was quoted",
        rate_step=rate_step,
        assumed=assumed_of_quotes(pair, wishes, GAP_S),
        notes=(NOTE,),
        halves={key: half for key, (_, half) in sides.items()},
    )


def _first_mid(row: PremiumRow) -> Decimal:
    return (row.first_bid + row.first_ask) / 2


def _second_mid(row: PremiumRow) -> Decimal:
    return (row.second_bid + row.second_ask) / 2


def _first_half(row: PremiumRow) -> Decimal:
    return _half_bps(row.first_bid, row.first_ask)


def _second_half(row: PremiumRow) -> Decimal:
    return _half_bps(row.second_bid, row.second_ask)


def _half_bps(bid: Decimal, ask: Decimal) -> Decimal:
    return (ask - bid) / (ask + bid) * 10_000
