"""`coins: all`, wired: who chooses, how trading waits for the first choice, how the next is learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.choices import SqlChoices
from arb.app.listing import in_words, is_simulated, some
from arb.app.shared import Shared
from arb.app.venues import real_clients
from arb.app.wiring import Engine, relist
from arb.domain.errors import ConfigError, DataError, Fatal, VenueError
from arb.domain.market.choice import Choice, choose
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.pair import Pair
from arb.engine.market.choose_coins import ChooseCoins, CommonCoins
from arb.ports.trading import VenueClient
from arb.sim.core.coins import DEFAULT_COINS
from arb.stack.errors import TookTooLong
from arb.stack.shutdown import Progress
from arb.stack.wait import wait_until
from config.settings import Settings

VENUES_S_MAX: Final = 60.0
PAUSE_S: Final = 0.5


def choose_coins_of(shared: Shared) -> ChooseCoins:
    """Return what chooses the coins of a session."""
    settings = shared.settings
    return ChooseCoins(
        session_id=shared.session_id,
        common=_common_coins(settings, shared.venues),
        store=shared.stores.choices,
        room=settings.feed.room,
        alerts=shared.alerts,
        clock=shared.clock,
    )


def _common_coins(settings: Settings, venues: Mapping[Venue, VenueClient]) -> CommonCoins:
    """Return what reads which coins both venues list."""
    return CommonCoins(
        pair=Pair(*settings.pair),
        venues=venues,
        warnings_blocked=settings.risk.warnings_blocked,
        krw_per_usdt=settings.assumptions.krw_per_usdt,
    )


def _choice_now(settings: Settings) -> Choice:
    """Return what would be chosen for a session that begins now. Raises: VenueError."""
    clock = SystemClock()
    venues = real_clients(settings, clock, SystemEntropy())
    return choose(_common_coins(settings, venues).read(), (), settings.feed.room, clock.now_ns())


def with_choice(settings: Settings, choices: SqlChoices, session_id: SessionId) -> Settings:
    """Return the settings with the coins that were chosen last, if they name none.

    Raises: StoreUnavailable.
    """
    if settings.coins:
        return settings
    choice = choices.read(session_id)
    if choice is None or choice.coins == settings.chosen:
        return settings
    return settings.model_copy(update={"chosen": choice.coins})


def first_choice(engine: Engine, progress: Progress) -> Engine:
    """Return the engine with coins to trade: chosen now, or the last time if a venue does not answer.

    Raises: ConfigError where no coin can be had, TookTooLong where no venue ever told.
    """
    if engine.settings.coins:
        return engine
    progress("asking both venues which coins they list")
    first = _FirstChoice(engine)
    try:
        wait_until(
            first.pending, limit_s=VENUES_S_MAX, what="asking for the coins", pause_s=PAUSE_S, tell=progress
        )
    except TookTooLong:
        if not engine.settings.traded:
            raise
        progress(f"coins: all: a venue does not tell ({first.trouble}); those of the last time go on")
        engine.trading.sweep.held_pairs.run()
        return engine
    if first.choice is None or not first.choice.coins:
        raise ConfigError("coins: all: there is no coin that both venues list and trade")
    for line in lines(first.choice):
        progress(line)
    chosen = relist(engine, engine.settings.model_copy(update={"chosen": first.choice.coins}))
    chosen.trading.sweep.held_pairs.run()  # the feeds wait for their coins, and no sweep comes before trading
    return chosen


def lines(choice: Choice) -> list[str]:
    """Return what was chosen, and why not the others, in a line each."""
    found = [f"coins: all: {len(choice.coins)} coins that both venues list: {some(choice.coins)}"]
    by_why: dict[str, list[str]] = {}
    for coin, why in choice.left_out.items():
        by_why.setdefault(why, []).append(coin)
    found += [f"left out: {some(coins)} ({why})" for why, coins in by_why.items()]
    return found


def choice_lines(settings: Settings) -> list[str]:
    """Return the same of a session that would begin now, or why that is not known."""
    if is_simulated(settings):
        return [f"coins: all: those of the simulated exchanges: {some(tuple(DEFAULT_COINS))}"]
    try:
        return lines(_choice_now(settings))
    except VenueError as error:
        return [f"coins: all: {error.venue} does not tell: {in_words(error.detail)}"]


@dataclass
class _FirstChoice:
    """The choice that trading waits for."""

    engine: Engine
    choice: Choice | None = None
    trouble: str = ""

    def pending(self) -> str | None:
        """Choose; return what keeps that from being done, None once it is. Raises: ConfigError."""
        try:
            self.choice = choose_coins_of(self.engine.shared).run()
        except Fatal as error:
            raise ConfigError(f"{error}; check the key, its permissions and its list of addresses") from error
        except VenueError as error:
            self.trouble = f"{error.venue}: {in_words(error.detail)}"
            return self.trouble
        except DataError as error:
            self.trouble = str(error)
            return self.trouble
        return None
