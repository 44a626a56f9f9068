"""The simulated world of mock mode: one market, its venues, one account on each, made-up keys."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.ports.market import Clock, Entropy
from arb.sim.core.coins import DEFAULT_COINS, named_coin
from arb.sim.core.tape import is_frame_tape, longest_piece
from arb.sim.venues import SIMULATED
from arb.stack.files import read_json, write_json
from arb.stack.home import Home
from arb.stack.processes import ProcessPlan
from config.settings import Settings

KEY_BITS: Final = 256
# Worth of the inventory that each account starts with, so that either leg can be sold at once.
OPENING_MONEY: Final = {"USDT": Decimal(200_000), "KRW": Decimal(280_000_000)}
OPENING_COIN_USDT: Final = Decimal(50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Recorded market data to drive the simulated books with."""

    path: Path
    speed: str  # tape seconds per second, or "max"

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise ConfigError(f"--tape: {self.path} is no file")

    def holding_s(self, holding_s_max: int) -> int:
        """Return a holding time of the tape in seconds of the demo, which plays it faster."""
        if self.speed == "max" or is_frame_tape(self.path):
            return holding_s_max
        return max(1, int(holding_s_max / Decimal(self.speed)))

    def told(self) -> str:
        """Return in words what of the tape is played. Raises: ConfigError."""
        if is_frame_tape(self.path):
            return f"tape {self.path.name}: recorded frames"
        try:
            piece = longest_piece(self.path)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ConfigError(f"--tape: {self.path}: {error}") from None
        return (
            f"tape {self.path.name}: {piece.begins} to {piece.ends} ({len(piece.rows)} rows), forth and "
            f"back; the tape has {piece.holes} holes, none of which is played"
        )


def write_world(
    home: Home,
    settings: Settings,
    tape: Tape | None,
    clock: Clock,
    entropy: Entropy,
    credentials: dict[str, dict[str, str]] | None = None,
    coins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Write the simulators' configuration; return it. A world that is there goes on with its keys.

    `credentials` are those of a world whose keys are chosen outside; others are made up. `coins` are
    those of the market, if they are not just those that are traded; any name is one.
    """
    known = read_json(home.sim_file) or {}
    world = {
        "seed": settings.sim.seed,
        "epoch_ns": known.get("epoch_ns") or clock.now_ns(),
        "step_ms": settings.sim.step_ms,
        "coins": list(coins or settings.coins or DEFAULT_COINS),
        "premium": {
            "mean_bps": "0",
            "stdev_bps": str(settings.sim.premium_stdev_bps),
            "half_life_s": str(settings.sim.premium_half_life_s),
        },
        "tape": str(tape.path.absolute()) if tape else None,
        "speed": tape.speed if tape else "1",
        "credentials": credentials or _keys(entropy) | known.get("credentials", {}),
        "balances": _opening(coins or settings.coins or tuple(DEFAULT_COINS)),
    }
    write_json(home.sim_file, world)
    return world


def stack_settings(plan: ProcessPlan, world: dict[str, Any] | None, settings: Settings) -> dict[str, Any]:
    """Return what the stack's processes must know beyond the files: where its simulators are."""
    tree: dict[str, Any] = {"mode": plan.mode, "group": settings.group}
    if world is None:
        return tree
    for venue, base in plan.simulators.items():
        stream = base.replace("http://", "ws://", 1)
        tree[venue] = {"rest_url": base, "credentials": world["credentials"][venue]}
        simulated = SIMULATED[Venue(venue)]
        tree[venue] |= {
            "stream_url": f"{stream}{simulated.stream_path}",
            "user_stream_url": f"{stream}{simulated.user_stream_path}",
        }
    return tree


def _keys(entropy: Entropy) -> dict[str, dict[str, str]]:
    return {venue.value: {"key": _secret(entropy), "secret": _secret(entropy)} for venue in Venue}


def _secret(entropy: Entropy) -> str:
    return f"{entropy.bits(KEY_BITS):064x}"


def _opening(traded: tuple[str, ...]) -> dict[str, dict[str, str]]:
    coins = {
        coin: f"{(OPENING_COIN_USDT / named_coin(coin).price_usdt).quantize(Decimal('0.001')):f}"
        for coin in traded
    }
    return {venue.value: {venue.quote: f"{OPENING_MONEY[venue.quote]:f}", **coins} for venue in Venue}
