"""Waiting until the processes that just started are at work: queues that are consumed, quotes that come."""

from collections.abc import Callable, Sequence
from typing import Final

from arb.app.wiring import Engine
from arb.domain.errors import DispatchError, StoreUnavailable
from arb.domain.health.queues import EVALUATE, ORDERS
from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_MS
from arb.engine.market.markets import keys_of
from arb.stack.errors import TookTooLong

LIMIT_S: Final = 120  # a loaded machine takes a minute to import a worker
CANARY_MS: Final = 2_000
PAUSE_MS: Final = 100
TRADING: Final = (ORDERS, EVALUATE)  # the queues without which nothing is traded


def wait_ready(engine: Engine, queues: Sequence[str], watch: Callable[[], None]) -> None:
    """Return when a task came through each of these queues and every coin has its books.

    `watch` may raise to end the wait. Raises: TookTooLong.
    """
    began_ns = engine.clock.now_ns()
    sent_ns = 0
    while missing := _missing(engine, queues, began_ns):
        now_ns = engine.clock.now_ns()
        if now_ns - began_ns > LIMIT_S * 1_000 * NS_PER_MS:
            raise TookTooLong("getting ready", LIMIT_S, missing)
        if now_ns - sent_ns > CANARY_MS * NS_PER_MS:
            sent_ns = now_ns
            watch()
            _send_canaries(engine, queues, now_ns)
        engine.clock.sleep_ms(PAUSE_MS)


def _send_canaries(engine: Engine, queues: Sequence[str], now_ns: int) -> None:
    for queue in queues:
        try:
            engine.dispatcher.send(f"arb.canary.{queue}", now_ns, expires_ms=CANARY_MS)
        except DispatchError:
            return  # the next round sends again


def _missing(engine: Engine, queues: Sequence[str], began_ns: int) -> str:
    """Return what is not at work yet; empty if everything is."""
    wanted = keys_of([Coin(coin) for coin in engine.settings.coins])
    try:
        answers = engine.stores.canaries.read()
        books = engine.quotes.get(wanted)
    except StoreUnavailable as error:
        return str(error)
    idle = [queue for queue in queues if int(answers.get(queue, {}).get("at_ns", "0")) < began_ns]
    if idle:
        return f"nobody works on {', '.join(idle)}"
    silent = sorted(f"{venue} {symbol}" for venue, symbol in set(wanted) - set(books))
    return f"no quotes of {', '.join(silent)}" if silent else ""
