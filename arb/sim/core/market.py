"""The market that the venues show: books by step, a pure function of (configuration, step).

The mid of a venue that quotes in USDT is the coin's fair price. That of one in KRW is fair price x KRW per
USDT x (1 + premium), at some venues with one more premium of their own; it lists USDT itself, too, at KRW per
USDT. Each venue process builds its own `SeededMarket` from the same file, and their books agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.sim.core.book import SimulatedBook
from arb.sim.core.config import SimConfig
from arb.sim.core.path import FairPath, OwnPremium, SeededPath
from arb.sim.core.recorded import RecordedMarket
from arb.sim.core.shape import DICE, BookShape, make_book, throw
from arb.sim.core.step_times import StepTimes
from arb.sim.core.tape import TAPE_COIN, has_frame_tape, load_tape_path
from arb.sim.core.ticks import fixed_tick
from arb.sim.venues import SIMULATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is out of the ordinary at one venue: factors on prices, and other ticks and lots, by coin."""

    rate: float = 1.0  # on KRW per USDT, and so on every price in KRW
    prices: Mapping[str, float] = field(default_factory=dict)
    ticks: Mapping[str, Decimal] = field(default_factory=dict)
    lots: Mapping[str, Decimal] = field(default_factory=dict)


ORDINARY: Final = Conditions()


class SteppedMarket(Protocol):
    """Books by step, of whichever origin."""

    @property
    def step_ns(self) -> int:
        """Length of one step."""

    def step_at(self, now_ns: int) -> int:
        """Return the step in force at `now_ns`; before the epoch it is step 0."""

    def starts_ns(self, step: int) -> int:
        """Return the time at which `step` begins."""

    def coins(self, venue: Venue) -> tuple[str, ...]:
        """Return what is traded on `venue`."""

    def lot_of(self, venue: Venue, coin: str) -> Decimal:
        """Return the smallest quantity of a coin, base."""

    def books(
        self, venue: Venue, step: int, conditions: Conditions = ORDINARY, /
    ) -> Mapping[str, SimulatedBook]:
        """Return the books that `step` brings to `venue`, by coin name. Steps must not go backwards."""


class SeededMarket(StepTimes):
    """Books of every instrument of every venue, by step since the epoch."""

    def __init__(self, config: SimConfig, path: FairPath) -> None:
        super().__init__(config.epoch_ns, config.step_ms * NS_PER_MS)
        self._seed = config.seed
        self._coins = config.coin_table()
        self._by_name = {coin.name: coin for coin in self._coins}
        self._path = path
        self._strays = {venue: OwnPremium(config, venue) for venue in Venue if SIMULATED[venue].market.strays}
        self._replayed = {TAPE_COIN} if has_frame_tape(config) else set()
        self._usdt_per_quote = {"USDT": 1.0, "KRW": 1 / float(config.usdt_krw)}
        self._shapes = {
            (venue, name): self._ordinary(venue, name) for venue in Venue for name in self.coins(venue)
        }

    def coins(self, venue: Venue) -> tuple[str, ...]:
        """Return what is traded on `venue`; on one that quotes in KRW that includes USDT."""
        names = tuple(coin.name for coin in self._coins)
        return (*names, "USDT") if venue.quote == "KRW" else names

    def lot_of(self, venue: Venue, coin: str) -> Decimal:
        """Return the smallest quantity of a coin, base."""
        return SIMULATED[venue].market.lot or self._by_name[coin].lot

    def books(
        self, venue: Venue, step: int, conditions: Conditions = ORDINARY
    ) -> Mapping[str, SimulatedBook]:
        """Return the books of `venue` at `step`, by coin name. Steps must not go backwards.

        A coin whose frames are replayed from a tape is left out where they were recorded.
        """
        mids = self._mids(venue, step, conditions)
        dice = throw(f"{self._seed}:{venue}:{step}", len(mids))
        return {
            name: make_book(
                self._shape(venue, name, conditions),
                mid * conditions.prices.get(name, 1.0),
                dice[position * DICE : (position + 1) * DICE],
            )
            for position, (name, mid) in enumerate(mids.items())
            if venue.quote == "KRW" or name not in self._replayed
        }

    def _mids(self, venue: Venue, step: int, conditions: Conditions) -> dict[str, float]:
        state = self._path.at(step)
        if venue.quote == "USDT":
            return {coin.name: price for coin, price in zip(self._coins, state.price_usdt, strict=True)}
        usdt_krw = state.usdt_krw * conditions.rate
        mids = {
            coin.name: price * usdt_krw * (1 + premium)
            for coin, price, premium in zip(self._coins, state.price_usdt, state.premium, strict=True)
        }
        if venue in self._strays:
            own = zip(mids, self._strays[venue].at(step), strict=True)
            mids = {name: mids[name] * (1 + premium) for name, premium in own}
        return {**mids, "USDT": usdt_krw}

    def _shape(self, venue: Venue, name: str, conditions: Conditions) -> BookShape:
        """Return what a coin's book looks like at a venue, under conditions."""
        shape = self._shapes[venue, name]
        tick, lot = conditions.ticks.get(name), conditions.lots.get(name)
        if tick is not None:
            shape = replace(shape, tick=fixed_tick(tick))
        return shape if lot is None else replace(shape, lot=lot)

    def _ordinary(self, venue: Venue, name: str) -> BookShape:
        market = SIMULATED[venue].market
        return BookShape(
            tick=market.tick or fixed_tick(self._by_name[name].tick_usdt),
            lot=self.lot_of(venue, name),
            spread_bps=market.spread_bps,
            usdt_per_quote=self._usdt_per_quote[venue.quote],
        )


def build_market(config: SimConfig) -> SteppedMarket:
    """Return the market of `config`: seeded, following its tape, or as it was recorded."""
    if config.tape is None:
        return SeededMarket(config, SeededPath(config))
    tape = Path(config.tape)
    return (
        RecordedMarket(config, tape) if tape.is_dir() else SeededMarket(config, load_tape_path(config, tape))
    )
