"""Kills whoever evaluates while it has an order in hand: claimed and committed, and no answer recorded yet.

That is after the commit and before the bytes, between the two legs, or after the bytes and before the record,
as the dice have it.
"""

from collections.abc import Callable
from typing import Final

from arb.chaos.orders.killer import KillerThread, Running
from arb.chaos.orders.plan import aims_ms
from arb.domain.errors import StoreUnavailable
from arb.ports.market import Clock

LOOK_MS: Final = 20
START_LOOK_MS: Final = 200
SENDER: Final = "worker-evaluate"
AIMED: Final = f"{SENDER} with an order in hand"


class Marksman(KillerThread):
    """Waits for its moment."""

    def __init__(self, seed: int, running: Running, in_hand: Callable[[], bool], clock: Clock) -> None:
        super().__init__("marksman", running, clock)
        self._aims, self._in_hand = aims_ms(seed), in_hand

    def shoot(self, fire_ms: int) -> None:
        """Wait until somebody has an order in hand, then kill whoever evaluates that moment later."""
        while not self._stopping.is_set():
            if self._sees_one():
                self._clock.sleep_ms(fire_ms)
                for pid in self._senders():
                    self._kill(pid, AIMED)
                return
            self._clock.sleep_ms(LOOK_MS)

    def _sees_one(self) -> bool:
        try:
            return self._in_hand()
        except StoreUnavailable:
            return False

    def _work(self) -> None:
        for after_ms, fire_ms in self._aims:
            while not self._senders() and not self._stopping.is_set():
                self._clock.sleep_ms(START_LOOK_MS)
            if self._stopping.wait(after_ms / 1000):
                return
            self.shoot(fire_ms)

    def _senders(self) -> list[int]:
        return [pid for name, pid in self._running().items() if name.startswith(SENDER)]
