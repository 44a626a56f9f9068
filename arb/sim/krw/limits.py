"""Who has asked how often, and the growing block behind a 418.

A limit counts requests in windows aligned to its period. Over it the answer is 429; a caller who
goes on is blocked (418) for a time that doubles with each block. Units: nanoseconds. Source:
docs/protocols/upbit.md; how many 429s make a 418, and the block times, are not published.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.krw.errors import rejection
from arb.sim.krw.rates import MESSAGE_RATES, RequestRate

EXCESS_MAX: Final = 20  # rejected requests in one strike before the block
STRIKE_MEMORY_NS: Final = 60 * NS_PER_S  # good behaviour this long forgets
BLOCK_NS_FIRST: Final = 2 * NS_PER_S
BLOCK_NS_MAX: Final = 300 * NS_PER_S
CALLERS_MAX: Final = 10_000


@dataclass(slots=True)
class _Usage:
    """One caller's use of one limit."""

    number: int = -1
    used: int = 0
    excess: int = 0
    refused_ns: int = 0
    blocks: int = 0
    blocked_until_ns: int = 0


@dataclass(slots=True)
class RequestLimiter:
    """Counts what each caller does in each group."""

    rates: dict[str, RequestRate]
    windows: dict[tuple[str, str], _Usage] = field(default_factory=dict)

    def take(self, group: str, caller: str, now_ns: int) -> int:
        """Count one request and return how many are left in this window.

        Raises: KrwRejection 429 (too_many_requests) or 418 (blocked).
        """
        rate, window = self.rates[group], self._window(group, caller)
        if now_ns < window.blocked_until_ns:
            raise _blocked(window, now_ns)
        number = now_ns // rate.period_ns
        if number != window.number:
            window.number, window.used = number, 0
        if window.used < rate.count:
            window.used += 1
            return rate.count - window.used
        return self._refuse(window, now_ns)

    def _refuse(self, window: _Usage, now_ns: int) -> int:
        if now_ns - window.refused_ns > STRIKE_MEMORY_NS:
            window.excess, window.blocks = 0, 0
        window.refused_ns = now_ns
        window.excess += 1
        if window.excess <= EXCESS_MAX:
            raise rejection("too_many_requests")
        window.blocked_until_ns = now_ns + min(BLOCK_NS_FIRST << window.blocks, BLOCK_NS_MAX)
        window.blocks, window.excess = window.blocks + 1, 0
        raise _blocked(window, now_ns)

    def _window(self, group: str, caller: str) -> _Usage:
        if len(self.windows) >= CALLERS_MAX and (group, caller) not in self.windows:
            self.windows.pop(next(iter(self.windows)))
        return self.windows.setdefault((group, caller), _Usage())


@dataclass(slots=True)
class MessageLimiter:
    """The limits of one WebSocket connection: 5 messages a second and 100 a minute."""

    windows: list[_Usage] = field(default_factory=lambda: [_Usage() for _ in MESSAGE_RATES])

    def take(self, now_ns: int) -> bool:
        """Count one message and return whether it is still within every limit."""
        allowed = True
        for rate, window in zip(MESSAGE_RATES, self.windows, strict=True):
            number = now_ns // rate.period_ns
            if number != window.number:
                window.number, window.used = number, 0
            window.used += 1
            allowed = allowed and window.used <= rate.count
        return allowed


def _blocked(window: _Usage, now_ns: int) -> Exception:
    seconds = -(-(window.blocked_until_ns - now_ns) // NS_PER_S)
    return rejection("blocked", f"요청 수 제한을 반복해서 초과하여 {seconds}초간 차단되었습니다.")
