"""The market both venues show: books by step, a pure function of (configuration, step).

Binance's mid is the coin's fair price in USDT. Upbit's is fair price x KRW per USDT x (1 +
premium). Upbit also lists USDT itself, at KRW per USDT. Each venue process builds its own
`Market` from the same file, and the books agree without talking.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from arb.domain.time import NS_PER_MS
from arb.sim.core.book import Book
from arb.sim.core.coins import Coin
from arb.sim.core.config import SimConfig
from arb.sim.core.path import FairPath, FairState, SeededPath
from arb.sim.core.shape import DICE, Shape, make_book, throw
from arb.sim.core.tape import TAPE_COIN, has_frame_tape, load_tape_path
from arb.sim.core.ticks import fixed_tick, krw_tick

BINANCE: Final = "binance"
UPBIT: Final = "upbit"
BINANCE_SPREAD_BPS: Final = (0.05, 1.0)
UPBIT_SPREAD_BPS: Final = (1.0, 3.0)
UPBIT_LOT: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is out of the ordinary at one venue: factors on prices, and other ticks and lots, by coin."""

    rate: float = 1.0  # on KRW per USDT, and so on every price in KRW
    prices: Mapping[str, float] = field(default_factory=dict)
    ticks: Mapping[str, Decimal] = field(default_factory=dict)
    lots: Mapping[str, Decimal] = field(default_factory=dict)


ORDINARY: Final = Conditions()


class Market:
    """Books of every instrument of both venues, by step since the epoch."""

    def __init__(self, config: SimConfig, path: FairPath) -> None:
        self._seed = config.seed
        self._epoch_ns = config.epoch_ns
        self._step_ns = config.step_ms * NS_PER_MS
        self._coins = config.coin_table()
        self._lots = {coin.name: coin.lot for coin in self._coins}
        self._path = path
        self._replayed = {TAPE_COIN} if has_frame_tape(config) else set()
        self._usdt_shapes = {
            coin.name: Shape(
                tick=fixed_tick(coin.tick_usdt),
                lot=coin.lot,
                spread_bps=BINANCE_SPREAD_BPS,
                usdt_per_quote=1.0,
            )
            for coin in self._coins
        }
        usdt_per_krw = 1 / float(config.usdt_krw)
        self._krw_shape = Shape(
            tick=krw_tick, lot=UPBIT_LOT, spread_bps=UPBIT_SPREAD_BPS, usdt_per_quote=usdt_per_krw
        )

    @property
    def step_ns(self) -> int:
        """Length of one step."""
        return self._step_ns

    def step_at(self, now_ns: int) -> int:
        """Return the step in force at `now_ns`; before the epoch it is step 0."""
        return max((now_ns - self._epoch_ns) // self._step_ns, 0)

    def starts_ns(self, step: int) -> int:
        """Return the time at which `step` begins."""
        return self._epoch_ns + step * self._step_ns

    def coins(self, venue: str) -> tuple[str, ...]:
        """Return what is traded on `venue`; on Upbit that includes USDT."""
        names = tuple(coin.name for coin in self._coins)
        return (*names, "USDT") if venue == UPBIT else names

    def lot_of(self, venue: str, coin: str) -> Decimal:
        """Return the smallest quantity of a coin, base."""
        return UPBIT_LOT if venue == UPBIT else self._lots[coin]

    def books(self, venue: str, step: int, conditions: Conditions = ORDINARY) -> Mapping[str, Book]:
        """Return the books of `venue` at `step`, by coin name. Steps must not go backwards.

        A coin whose Binance frames are replayed from a tape is left out there.
        """
        state = self._path.at(step)
        if venue == UPBIT:
            return self._upbit_books(state, step, conditions)
        return self._binance_books(state, step, conditions)

    def _binance_books(self, state: FairState, step: int, conditions: Conditions) -> dict[str, Book]:
        dice = throw(f"{self._seed}:{BINANCE}:{step}", len(self._coins))
        books = {}
        for position, (coin, mid) in enumerate(zip(self._coins, state.price_usdt, strict=True)):
            if coin.name not in self._replayed:
                moved = mid * conditions.prices.get(coin.name, 1.0)
                mine = dice[position * DICE : (position + 1) * DICE]
                books[coin.name] = make_book(self._binance_shape(coin, conditions), moved, mine)
        return books

    def _upbit_books(self, state: FairState, step: int, conditions: Conditions) -> dict[str, Book]:
        usdt_krw = state.usdt_krw * conditions.rate
        mids = {
            coin.name: price * usdt_krw * (1 + premium)
            for coin, price, premium in zip(self._coins, state.price_usdt, state.premium, strict=True)
        }
        mids["USDT"] = usdt_krw
        dice = throw(f"{self._seed}:{UPBIT}:{step}", len(mids))
        return {
            name: make_book(
                self._upbit_shape(name, conditions),
                mid * conditions.prices.get(name, 1.0),
                dice[position * DICE : (position + 1) * DICE],
            )
            for position, (name, mid) in enumerate(mids.items())
        }

    def _binance_shape(self, coin: Coin, conditions: Conditions) -> Shape:
        shape = self._usdt_shapes[coin.name]
        tick, lot = conditions.ticks.get(coin.name), conditions.lots.get(coin.name)
        if tick is not None:
            shape = replace(shape, tick=fixed_tick(tick))
        return shape if lot is None else replace(shape, lot=lot)

    def _upbit_shape(self, name: str, conditions: Conditions) -> Shape:
        tick = conditions.ticks.get(name)
        return self._krw_shape if tick is None else replace(self._krw_shape, tick=fixed_tick(tick))


def build_market(config: SimConfig) -> Market:
    """Return the market of `config`: seeded, or following its tape."""
    if config.tape is None:
        return Market(config, SeededPath(config))
    return Market(config, load_tape_path(config, Path(config.tape)))
