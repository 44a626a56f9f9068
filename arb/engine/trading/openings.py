"""Entries that are being written while other coins are looked at.

Writing one takes a round trip under locks, and several where it is reviewed anew: another coin does not wait
for that. A coin has one under way at a time, and is looked at again once it is known what became of it. An
exit waits for all of them, since what they set aside is not free for it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from arb.domain.market.ids import Coin
from arb.domain.risk.review import Approved, Denied
from arb.engine.trading.hand_off import Reserve, nobody_waits

Verdict = Approved | Denied
Write = Callable[[], Verdict]
Then = Callable[[Verdict], bool]  # what follows, for whoever evaluates; whether a trade was opened


class _Opening:
    """One of them."""

    def __init__(self, write: Write, then: Then) -> None:
        self._write, self._then = write, then
        self._verdict: Verdict | None = None
        self._error: Exception | None = None
        self._is_over = threading.Event()

    def run(self) -> None:
        """Write it; never raises."""
        try:
            self._verdict = self._write()
        except Exception as error:  # noqa: BLE001 - whatever it is, who evaluates raises it
            self._error = error
        finally:
            self._is_over.set()

    def is_over(self) -> bool:
        """Tell whether it has been tried."""
        return self._is_over.is_set()

    def wait(self) -> None:
        """Wait until it has been tried."""
        self._is_over.wait()

    def take_up(self) -> bool:
        """Do what follows; tell whether a trade was opened. Raises: what writing it did."""
        if self._error is not None:
            raise self._error
        return self._verdict is not None and self._then(self._verdict)


@dataclass(frozen=True, slots=True)
class Openings:
    """Those of one process; its methods are for the thread that evaluates."""

    beside: Reserve = nobody_waits  # where nobody is free, who evaluates writes them
    _waiting: list[_Opening] = field(default_factory=list)
    _begun: dict[Coin, _Opening] = field(default_factory=dict)

    def has(self, coin: Coin) -> bool:
        """Tell whether one of this coin is under way."""
        return coin in self._begun

    def add(self, coin: Coin, write: Write, then: Then) -> None:
        """Have one be written as soon as they are started."""
        opening = _Opening(write, then)
        self._begun[coin] = opening
        self._waiting.append(opening)

    def start(self) -> None:
        """Have all that wait be written now."""
        while self._waiting:
            opening = self._waiting.pop(0)
            seats = self.beside(1)
            if seats is None:
                opening.run()
            else:
                seats.run(opening.run)

    def wait(self) -> None:
        """Wait until none is under way."""
        self.start()
        for opening in self._begun.values():
            opening.wait()

    def take_up(self) -> int:
        """Do what follows those that are over; return how many trades were opened.

        Raises: what writing one did; the others are for the next call.
        """
        opened = 0
        for coin, opening in tuple(self._begun.items()):
            if opening.is_over():
                del self._begun[coin]
                opened += opening.take_up()
        return opened
