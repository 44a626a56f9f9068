"""`arb chaos orders --policy naive`: two simulated exchanges, and the policy that sends again."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Final

import urllib3

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app.sim_world import stack_settings, write_world
from arb.app.venues import real_clients
from arb.chaos.orders.naive import Naive
from arb.chaos.orders.naive_outcome import NaiveOutcome, naive_outcome
from arb.chaos.orders.plan import faults_of, spell_at
from arb.chaos.orders.prices import BestPrices
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.check.venue_history import ReadVenues
from arb.domain.market import ids
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Side
from arb.domain.time import NS_PER_MS
from arb.stack.home import CHECKOUT, Home
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.processes import stack_processes
from arb.stack.shutdown import Progress
from arb.stack.wait import wait_until
from config.settings import Settings, load

TRADERS: Final = 6
LOOK_MS: Final = 250
LATE_MS: Final = 5_000  # until the last late execution has landed
START_S_MAX: Final = 30.0
CLOCK: Final = SystemClock()


def run(home: Home, settings: Settings, seed: int, trades: int, progress: Progress) -> NaiveOutcome:
    """Run it; whatever happens, nothing keeps running. Raises: ConfigError, StackError, VenueError."""
    entropy = SystemEntropy()
    home.create()
    world = write_world(home, settings, None, CLOCK, entropy)
    plan = stack_processes("mock", home, venues=settings.pair)
    os.environ |= _environment(settings.pair, stack_settings(plan, world, settings))
    simulators = [spec for spec in plan.processes if spec.phase is Phase.SIMULATORS]
    with _running(simulators):
        progress("trading naively")
        return _trade(load("mock"), seed, trades)


def _environment(pair: Sequence[Venue], tree: dict[str, object]) -> dict[str, str]:
    """Return the settings of both venues as environment variables."""
    found = {}
    for venue in pair:
        section = tree[venue.value]
        assert isinstance(section, dict)
        name = f"ARB_{venue.value.upper()}__"
        found[f"{name}REST_URL"] = section["rest_url"]
        for part in ("key", "secret"):
            found[f"{name}CREDENTIALS__{part.upper()}"] = section["credentials"][part]
    return found


@contextmanager
def _running(specs: list[ProcessSpec]) -> Iterator[None]:
    processes = [subprocess.Popen(spec.command, cwd=CHECKOUT) for spec in specs]
    try:
        for spec in specs:
            pending = partial(_unhealthy, spec.health_url or "")
            wait_until(pending, limit_s=START_S_MAX, what=f"the start of {spec.name}")
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _unhealthy(url: str) -> str | None:
    try:
        status = urllib3.request("GET", url, timeout=1.0, retries=False).status
    except urllib3.exceptions.HTTPError as error:
        return f"{url}: {type(error).__name__}"
    return None if status == 200 else f"{url} answers {status}"


def _trade(settings: Settings, seed: int, trades: int) -> NaiveOutcome:
    urls = settings.rest_urls
    coins = tuple(Coin(coin) for coin in settings.traded)
    venues = real_clients(settings, CLOCK, SystemEntropy())
    instruments = {
        (venue, rule.symbol): rule for venue, client in venues.items() for rule in client.instruments(coins)
    }
    prices = BestPrices(
        base_urls=urls, coins=coins, instruments=instruments, notional_usdt=settings.strategy.notional_usdt
    )
    prices.refresh()
    switchboard = SimulatorControl(base_urls=urls)
    switchboard.widen_limits()
    started_ns, dice = CLOCK.now_ns(), Random(f"{seed}:naive")
    with ThreadPoolExecutor(TRADERS) as traders, ThreadPoolExecutor(2 * TRADERS) as legs:
        naive = Naive(venues=venues, instruments=instruments, prices=prices, legs=legs, clock=CLOCK)
        work = [
            traders.submit(naive.trade, trade_id, dice.choice(coins), dice.choice(tuple(Side)))
            for trade_id in (ids.trade_id(number, seed) for number in range(trades))
        ]
        _storm(seed, switchboard, prices, work)
    CLOCK.sleep_ms(LATE_MS)
    for each in work:
        each.result()
    return naive_outcome(
        seed,
        naive.sent,
        ReadVenues(base_urls=urls)(),
        prices.quantities,
        unknowns=naive.unknowns,
        faults=dict(sorted(switchboard.struck().items())),
        duration_s=(CLOCK.now_ns() - started_ns) / (1000 * NS_PER_MS),
    )


def _storm(seed: int, switchboard: SimulatorControl, prices: BestPrices, work: list[Future[None]]) -> None:
    """Cast the faults of each spell until the work is done."""
    start_ns, spell = CLOCK.now_ns(), -1
    while wait(work, timeout=LOOK_MS / 1000).not_done:
        now = spell_at((CLOCK.now_ns() - start_ns) // NS_PER_MS)
        if now != spell:
            spell = now
            for venue in switchboard.base_urls:
                switchboard.put_faults(venue, faults_of(seed, venue, spell))
        prices.refresh()
    for venue in switchboard.base_urls:
        switchboard.put_faults(venue, ())
