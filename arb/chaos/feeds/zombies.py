"""No zombie quote is traded on: the journal of decisions against the record of moves. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arb.domain.health.assignment import Reassignment
from arb.domain.market.ids import USDT, Coin

# A move is written down when it is decided, and in force a moment later; and a quote that was received
# before it is fresh for as long as any.
MOVING_NS: Final = 1_000_000_000
FRESH_NS: Final = 2_500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Zombie:
    """A decision on a quote whose ownership had ended."""

    trade_id: str
    coin: Coin
    fence: int
    late_ns: int  # the decision after the end


def zombies(decisions: Iterable[Mapping[str, Any]], moves: Sequence[Reassignment]) -> list[Zombie]:
    """Return every decision that used a book under a fence that was over, or that nobody ever held.

    A rate without a fence came with the coin's own message.
    """
    ended = {(move.coin, move.fence_before): move.at_ns for move in moves if move.fence_before}
    begun = {(move.coin, move.fence) for move in moves}
    found = []
    for each in decisions:
        coin = Coin(each["coin"])
        for name in [key.removesuffix("_fence") for key in each if key.endswith("_fence")]:
            about = USDT if name == "rate" else coin
            fence, received_ns = int(each[f"{name}_fence"]), int(each[f"{name}_recv_ns"])
            if name == "rate" and fence == 0:
                continue
            over_ns = ended.get((about, fence))
            unknown = (about, fence) not in begun
            after = over_ns is not None and (
                received_ns > over_ns + MOVING_NS or int(each["at_ns"]) > over_ns + FRESH_NS
            )
            if unknown or after:
                late_ns = 0 if over_ns is None else int(each["at_ns"]) - over_ns
                found.append(Zombie(trade_id=each["trade"], coin=about, fence=fence, late_ns=late_ns))
    return found
