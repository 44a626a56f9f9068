"""The simulators' configuration: one JSON file that all venue processes read.

The same file gives each process the same market; a venue that it does not name has defaults. Unknown keys
and bad values are `SimConfigError` with one line that names the place. Amounts are decimal strings; a time's
name ends in its unit.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from arb.domain.market.ids import Venue
from arb.sim.core.coins import DEFAULT_COINS, Coin, named_coin, unlisted_coin
from arb.sim.core.faults import Fault
from arb.sim.venues import OPENING_MONEY, SIMULATED

SPEED_MAX = "max"
SPEED_WITHOUT_LIMIT: Final = 100.0  # what "max" means for a path, which has no consumer to wait for
COINS_MAX: Final = 500
NAME: Final = re.compile("[A-Z0-9]{1,20}")


class SimConfigError(Exception):
    """The configuration cannot be used; the message is one line for the person who wrote it."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section that rejects keys it does not know."""


class Premium(Strict, frozen=True):
    """Prices in KRW over those in USDT, per coin: mean-reverting, in basis points of the latter."""

    mean_bps: Decimal = Decimal(0)
    stdev_bps: Decimal = Decimal(60)
    half_life_s: Decimal = Decimal("1.5")


class Credential(Strict, frozen=True):
    """An API key and its secret."""

    key: str
    secret: str


class Latency(Strict, frozen=True):
    """How long the venue takes before it acts, milliseconds, uniform between both ends."""

    order: tuple[int, int] = (0, 0)


class CoinOverride(Strict, frozen=True):
    """What the file may say about one coin."""

    price_usdt: Decimal | None = None
    volatility_bps: Decimal | None = None


class SimConfig(Strict, frozen=True):
    """Everything the simulators are made from."""

    seed: int
    epoch_ns: int
    step_ms: int = 100
    coins: dict[str, CoinOverride] = msgspec.field(
        default_factory=lambda: {name: CoinOverride() for name in DEFAULT_COINS}
    )
    usdt_krw: Decimal = Decimal(1400)
    premium: Premium = Premium()
    tape: str | None = None  # a file of prices or frames, or a folder of recorded books
    tape_begins: str | None = None  # a file that says when recorded books begin, Unix ns; else at the epoch
    speed: str = "1"
    credentials: dict[Venue, Credential] = {}  # the one account of each venue
    uid: int = 354_937_868  # whose Binance says that the key is
    balances: dict[Venue, dict[str, Decimal]] = {}  # asset to amount, at the start
    fees_bps: dict[Venue, Decimal] = {}  # taker's and maker's
    latency_ms: Latency = Latency()
    faults: dict[Venue, list[Fault]] = {}  # that are on from the start

    def credential(self, venue: Venue) -> Credential:
        """Return the key pair of the account at a venue."""
        made_up = Credential(key=f"sim-{venue}-key", secret=f"sim-{venue}-secret")
        return self.credentials.get(venue, made_up)

    def opening(self, venue: Venue) -> Mapping[str, Decimal]:
        """Return what the account at a venue begins with."""
        return self.balances.get(venue, {venue.quote: OPENING_MONEY[venue.quote]})

    def fee_bps(self, venue: Venue) -> Decimal:
        """Return the fee at a venue."""
        return self.fees_bps.get(venue, SIMULATED[venue].fee_bps)

    def coin_table(self) -> tuple[Coin, ...]:
        """Return the configured coins in the file's order, completed from the default table."""
        return tuple(_complete(name, override) for name, override in self.coins.items())

    def speed_factor(self) -> Decimal | None:
        """Return tape seconds per real second, or None for as fast as consumers take it."""
        return None if self.speed == SPEED_MAX else Decimal(self.speed)


def _complete(name: str, override: CoinOverride) -> Coin:
    coin = named_coin(name)
    price, volatility = override.price_usdt, override.volatility_bps
    if price is not None and name not in DEFAULT_COINS:
        return unlisted_coin(name, price, volatility or coin.volatility_bps)
    return replace(
        coin, price_usdt=price or coin.price_usdt, volatility_bps=volatility or coin.volatility_bps
    )


def parse_config(raw: bytes) -> SimConfig:
    """Return the configuration in `raw` JSON, or raise `SimConfigError` with one line."""
    try:
        loaded: Any = msgspec.json.decode(raw)
        if isinstance(loaded, dict) and isinstance(loaded.get("coins"), list):
            loaded["coins"] = {name: {} for name in loaded["coins"]}
        config = msgspec.convert(loaded, SimConfig)
    except (msgspec.DecodeError, TypeError) as error:
        raise SimConfigError(str(error)) from None
    _check(config)
    return config


def _check(config: SimConfig) -> None:
    """Refuse values that are well-formed but make no market."""
    speed_ok = config.speed == SPEED_MAX or _is_positive(config.speed)
    premium = config.premium
    for ok, text in (
        (config.epoch_ns > 0, "epoch_ns: must be Unix nanoseconds above 0"),
        (1 <= config.step_ms <= 60_000, "step_ms: must be 1 to 60000"),
        (0 < len(config.coins) <= COINS_MAX, f"coins: 1 to {COINS_MAX}"),
        (all(NAME.fullmatch(name) for name in config.coins), "coins: names are 1 to 20 of A-Z and 0-9"),
        (not {"USDT", "KRW"} & set(config.coins), "coins: USDT and KRW are what coins are paid with"),
        (config.usdt_krw > 0, "usdt_krw: must be above 0"),
        (premium.half_life_s > 0, "premium.half_life_s: must be above 0"),
        (premium.stdev_bps >= 0, "premium.stdev_bps: must not be negative"),
        (speed_ok, "speed: a number above 0, or max"),
        (0 <= config.latency_ms.order[0] <= config.latency_ms.order[1], "latency_ms.order: low to high"),
        (all(coin.price_usdt > 0 for coin in config.coin_table()), "coins: prices must be above 0"),
    ):
        if not ok:
            raise SimConfigError(text)


def _is_positive(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and Decimal(text) > 0


def load_config(path: Path) -> SimConfig:
    """Read the configuration file at `path`."""
    try:
        return parse_config(path.read_bytes())
    except OSError as error:
        raise SimConfigError(f"{path}: {error.strerror}") from None
    except SimConfigError as error:
        raise SimConfigError(f"{path}: {error}") from None
