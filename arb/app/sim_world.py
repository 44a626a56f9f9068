"""The simulated world: one market, made up or recorded, its venues, one account on each, made-up keys.

Of paper mode it has only the market: where recorded books are played to it.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from arb.app.tape import Tape
from arb.domain.market.ids import Venue
from arb.domain.market.pair import Pair
from arb.ports.market import Clock, Entropy
from arb.sim.core.coins import DEFAULT_COINS, named_coin
from arb.sim.venues import SIMULATED
from arb.stack.files import read_json, write_json
from arb.stack.home import Home
from arb.stack.processes import ProcessPlan
from config.settings import RunMode, Settings

KEY_BITS: Final = 256
# Worth of the inventory that each account starts with, so that either leg can be sold at once.
OPENING_MONEY: Final = {"USDT": Decimal(200_000), "KRW": Decimal(280_000_000)}
OPENING_COIN_USDT: Final = Decimal(50_000)


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
    prices = tape.prices(Pair(*settings.pair)) if tape is not None and tape.is_books else {}
    traded = tuple(prices) or coins or settings.coins or tuple(DEFAULT_COINS)
    home.tape_begins_file.unlink(missing_ok=True)
    world = {
        "seed": settings.sim.seed,
        "epoch_ns": (not prices and known.get("epoch_ns")) or clock.now_ns(),
        "step_ms": settings.sim.step_ms,
        "coins": {coin: {"price_usdt": f"{price:f}"} for coin, price in prices.items()} or list(traded),
        "premium": {
            "mean_bps": "0",
            "stdev_bps": str(settings.sim.premium_stdev_bps),
            "half_life_s": str(settings.sim.premium_half_life_s),
        },
        "tape": str(tape.path.absolute()) if tape else None,
        "tape_begins": str(home.tape_begins_file) if prices else None,
        "speed": tape.speed if tape else "1",
        "credentials": credentials or _keys(entropy) | known.get("credentials", {}),
        "balances": _opening(traded, prices),
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
        simulated = SIMULATED[Venue(venue)]
        tree[venue] = {
            "rest_url": base,
            "stream_url": f"{stream}{simulated.stream_path}",
            "user_stream_url": f"{stream}{simulated.user_stream_path}",
        }
        if settings.mode is RunMode.MOCK:
            tree[venue]["credentials"] = world["credentials"][venue]
    return tree


def _keys(entropy: Entropy) -> dict[str, dict[str, str]]:
    return {venue.value: {"key": _secret(entropy), "secret": _secret(entropy)} for venue in Venue}


def _secret(entropy: Entropy) -> str:
    return f"{entropy.bits(KEY_BITS):064x}"


def _opening(traded: Iterable[str], prices: Mapping[str, Decimal]) -> dict[str, dict[str, str]]:
    worth = {coin: prices.get(coin) or named_coin(coin).price_usdt for coin in traded}
    coins = {
        coin: f"{(OPENING_COIN_USDT / price).quantize(Decimal('0.001')):f}" for coin, price in worth.items()
    }
    return {venue.value: {venue.quote: f"{OPENING_MONEY[venue.quote]:f}", **coins} for venue in Venue}
