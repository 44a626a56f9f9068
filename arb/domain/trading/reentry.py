"""When a coin may be opened again in a direction in which it has just lost money.

What closed a pair at a loss is mostly still there a moment later: the same premium would open the next one,
and lose again. Each losing close in a row makes the pause longer; one that earned ends it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from arb.domain.health.backoff import Backoff
from arb.domain.time import NS_PER_DAY, NS_PER_MS, is_within

REMEMBERED_NS: Final = NS_PER_DAY  # what closed before that counts no more
# More need not be counted: a pause of a second has been doubled to more than a day by then.
IN_A_ROW_MAX: Final = 20


class Close(StrEnum):
    """Why a trade is closed."""

    CONVERGED = "converged"
    TAKE_PROFIT = "take_profit"
    HOLDING_TIME = "holding_time"
    STOP_LOSS = "stop_loss"
    EXCHANGED = "exchanged"  # no pair: both legs were filled, and that was all


# Of these the result is no surprise: while one is under way its pair counts as closed at a loss.
LOSING: Final = (Close.STOP_LOSS, Close.HOLDING_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The closes of a coin in one direction that lost money, in a row up to now."""

    in_a_row: int
    newest_ns: int  # when the newest of them was closed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReentryRules:
    """How long a coin and direction pause after a losing close; twice as long after each further one."""

    pause_ns: int
    pause_ns_max: int

    def pause_after_ns(self, in_a_row: int) -> int:
        """Return how long entries pause after so many losing closes in a row."""
        if in_a_row <= 0:
            return 0
        pauses = Backoff(first_ms=self.pause_ns // NS_PER_MS, max_ms=self.pause_ns_max // NS_PER_MS)
        return pauses.even_ns(in_a_row - 1)

    def is_pausing(self, losses: Losses, now_ns: int) -> bool:
        """Tell whether the coin still pauses in that direction."""
        return is_within(losses.newest_ns, now_ns, self.pause_after_ns(losses.in_a_row))
