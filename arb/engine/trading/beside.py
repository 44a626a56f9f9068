"""What is written of some coins while other coins are looked at: entries, and exits.

Writing one takes round trips, under locks: another coin does not wait for that. A coin has one piece of work
under way at a time, and is looked at again once it is known what became of it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

from arb.domain.market.ids import Coin
from arb.engine.trading.hand_off import Reserve, nobody_waits

# What most entries are written in: who evaluates leaves them the interpreter for that long, and then goes on.
MOMENT_S: Final = 0.003
Outcome = TypeVar("Outcome")
# Does a piece and returns what became of it. Where nobody waits for all of it, it is given what hears that
# earlier, and may go on with what follows for as long as that takes.
Work = Callable[[Callable[[Outcome], object] | None], Outcome]


def nobody_asks(_coin: Coin) -> None:
    """Nobody wants to know that a piece is over."""


class _Piece(Generic[Outcome]):
    """One piece of work, and what follows."""

    def __init__(
        self, work: Work[Outcome], then: Callable[[Outcome], int], over: Callable[[], object]
    ) -> None:
        self._work, self._then, self._over = work, then, over
        self._outcome: list[Outcome] = []
        self._error: Exception | None = None
        self._is_over = threading.Event()

    def run(self) -> None:
        """Do it while who evaluates waits for all of it; never raises."""
        self._run(None)

    def run_aside(self) -> None:
        """Do it, where who evaluates waits only until it is known what became of it.

        Raises: what followed then did.
        """
        self._run(self._told)

    def _run(self, told: Callable[[Outcome], object] | None) -> None:
        try:
            self._told(self._work(told))
        except Exception as error:
            if self.is_over():
                raise  # of what followed: whoever lent the seat tells
            self._error = error  # who evaluates raises it
        finally:
            self._end()

    def _told(self, outcome: Outcome) -> None:
        if not self.is_over():
            self._outcome.append(outcome)
            self._end()

    def _end(self) -> None:
        if not self.is_over():
            self._is_over.set()
            self._over()

    def is_over(self) -> bool:
        """Tell whether it is known what became of it."""
        return self._is_over.is_set()

    def waited(self, seconds_max: float) -> bool:
        """Wait until that is known, or for so long; tell which."""
        return self._is_over.wait(seconds_max)

    def take_up(self) -> int:
        """Do what follows, and return what that does. Raises: what the work did."""
        if self._error is not None:
            raise self._error
        return self._then(self._outcome[0])


@dataclass(slots=True)
class Beside(Generic[Outcome]):
    """Those of one process; its methods are for the thread that evaluates."""

    reserve: Reserve = nobody_waits  # where nobody is free, who evaluates does it
    in_turn: bool = False  # one piece after the other, in one seat
    over: Callable[[Coin], object] = nobody_asks  # told when a piece of a coin is, by whoever did it
    _waiting: deque[_Piece[Outcome]] = field(default_factory=deque)
    _begun: dict[Coin, _Piece[Outcome]] = field(default_factory=dict)
    _is_running: bool = False  # somebody does them in turn
    _lock: threading.Lock = field(default_factory=threading.Lock)  # guards the last one

    def has(self, coin: Coin) -> bool:
        """Tell whether one of this coin is under way."""
        return coin in self._begun

    def add(self, coin: Coin, work: Work[Outcome], then: Callable[[Outcome], int]) -> None:
        """Have it done as soon as they are started; `then` is for whoever evaluates, and returns a count."""
        piece = _Piece(work, then, partial(self.over, coin))
        self._begun[coin] = piece
        self._waiting.append(piece)

    def start(self) -> None:
        """Have all that wait be done now."""
        if self.in_turn:
            self._start_in_turn()
            return
        while self._waiting:
            piece = self._waiting.popleft()
            seats = self.reserve(1)
            if seats is None:
                piece.run()
            else:
                seats.run(piece.run_aside)

    def wait_a_moment(self) -> None:
        """Leave the interpreter to what is under way, until it is over or for a moment."""
        for piece in self._begun.values():
            if not piece.waited(MOMENT_S):
                return

    def take_up(self) -> int:
        """Do what follows those that are over; return the sum of it.

        Raises: what doing one did; the others are for the next call.
        """
        done = 0
        for coin, piece in tuple(self._begun.items()):
            if piece.is_over():
                del self._begun[coin]
                done += piece.take_up()
        return done

    def _start_in_turn(self) -> None:
        with self._lock:
            if self._is_running or not self._waiting:
                return
            seats = self.reserve(1)
            self._is_running = True
        if seats is None:
            self._run_in_turn()
        else:
            seats.run(self._run_in_turn)

    def _run_in_turn(self) -> None:
        try:
            while (piece := self._next()) is not None:
                piece.run()
        except BaseException:
            with self._lock:
                self._is_running = False
            raise

    def _next(self) -> _Piece[Outcome] | None:
        with self._lock:
            self._is_running = bool(self._waiting)
            return self._waiting.popleft() if self._waiting else None
