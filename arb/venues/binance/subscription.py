"""What one market data connection asks of Binance: SUBSCRIBE and UNSUBSCRIBE, a batch at a time.

Pure. No name stands in the address. One question is open at a time: a venue that stands still for a while
reads what came meanwhile at once, and counts it against its limit. One without an answer is asked again,
one that is rejected is asked again in halves until the market that spoils it stands alone; that one is left
out, and the others go on. Who sends keeps the venue's pace.
Source: docs/protocols/binance.md.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from arb.domain.time import NS_PER_S

BATCH: Final = 100  # markets in a message: some 5 KB with two streams each
REPLY_NS_MAX: Final = 5 * NS_PER_S
REJECTED_NS: Final = 300 * NS_PER_S  # a market that was rejected may be listed by then
SUBSCRIBE: Final = "SUBSCRIBE"
UNSUBSCRIBE: Final = "UNSUBSCRIBE"
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    names: Names
    at_ns: int


class StreamSubscription:
    """Markets that are wanted against those that were asked for; one thread uses it."""

    def __init__(self, streams_of: Callable[[str], Sequence[str]]) -> None:
        self._streams_of = streams_of
        self._asked: set[str] = set()
        self._open: _Question | None = None
        self._halves: deque[Names] = deque()
        self._rejected: dict[str, str] = {}
        self._retried_ns: int | None = None  # when the rejected ones were asked for last
        self._requests = 0  # asked so far; the number of the last one is its id
        self._former = 0  # of those, on connections before this one

    @property
    def rejected(self) -> Mapping[str, str]:
        """Return the markets that the venue does not take, and its words."""
        return MappingProxyType(self._rejected)

    def opened(self) -> None:
        """Ask for everything anew; what was rejected is still known as that until it is taken."""
        self._asked.clear()
        self._open = None
        self._former = self._requests
        self._halves.clear()

    def due(self, wanted: Collection[str], now_ns: int) -> str | None:
        """Return the next message, None while there is nothing to ask."""
        self._look_back(wanted, now_ns)
        if self._open is not None:
            return None
        while self._halves:
            half = tuple(name for name in self._halves.popleft() if name in wanted)
            if half:
                return self._ask(SUBSCRIBE, half, now_ns)
        if gone := sorted(self._asked.difference(wanted))[:BATCH]:  # first: it makes room
            return self._ask(UNSUBSCRIBE, tuple(gone), now_ns)
        if new := [name for name in wanted if name not in self._asked][:BATCH]:
            return self._ask(SUBSCRIBE, tuple(new), now_ns)
        return None

    def answered(self, request: object, rejection: str) -> bool:
        """Take an answer, "" for a good one; tell whether it answers one of our questions."""
        if not isinstance(request, int) or not self._former < request <= self._requests:
            return False
        if self._open is None or request != self._requests:
            return True  # too late: it has been asked again
        question, self._open = self._open, None
        if question.method == UNSUBSCRIBE:
            return True
        if not rejection:
            for name in question.names:
                self._rejected.pop(name, None)
        elif len(question.names) > 1:
            middle = len(question.names) // 2
            self._asked.difference_update(question.names)
            self._halves += (question.names[:middle], question.names[middle:])
        else:
            self._rejected = {**self._rejected, question.names[0]: rejection}
        return True

    def _look_back(self, wanted: Collection[str], now_ns: int) -> None:
        """Ask again for what got no answer, and now and then for what was rejected."""
        if self._open is not None and now_ns - self._open.at_ns > REPLY_NS_MAX:
            question, self._open = self._open, None  # nobody knows whether it was done
            self._asked.difference_update(name for name in question.names if name in wanted)
            self._asked.update(name for name in question.names if name not in wanted)
        if gone := self._rejected.keys() - wanted:
            self._asked -= gone
            self._rejected = {name: why for name, why in self._rejected.items() if name in wanted}
        if not self._rejected:
            self._retried_ns = None
        elif self._retried_ns is None:
            self._retried_ns = now_ns
        elif now_ns - self._retried_ns > REJECTED_NS:
            self._retried_ns = now_ns
            self._halves += ((name,) for name in self._rejected)  # each alone: it would spoil a batch

    def _ask(self, method: str, names: Names, now_ns: int) -> str:
        self._requests += 1
        self._open = _Question(method, names, now_ns)
        if method == SUBSCRIBE:
            self._asked.update(names)
        else:
            self._asked.difference_update(names)
        streams = [stream for name in names for stream in self._streams_of(name)]
        return msgspec.json.encode({"method": method, "params": streams, "id": self._requests}).decode()
