"""What a person decided about coins and pairs: which coins open nothing, and which pairs are to be closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.time import is_within

BY_HAND: Final = "closed_by_hand"  # why a pair is closed; no losing close, so that no pause follows
PAUSED: Final = "coin_paused"  # why nothing of a coin is opened


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinPause:
    """A coin of which nothing is opened until somebody resumes it; what is open of it is closed as ever."""

    coin: Coin
    since_ns: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """A pair that somebody wants closed: for a while, and for as much as was shown to them.

    A market that has moved meanwhile, or a venue that went away, closes nothing an hour later.
    """

    trade_id: TradeId
    session_id: SessionId
    asked_by: str
    asked_at_ns: int
    lasts_ns: int
    earned_bps_min: Decimal  # that the pair earns at the least, of its notional

    def holds(self, now_ns: int) -> bool:
        """Tell whether the request is in force now."""
        return is_within(self.asked_at_ns, now_ns, self.lasts_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """All of that, of one session, as it is at a moment."""

    paused: frozenset[Coin] = frozenset()
    closing: Mapping[TradeId, CloseRequest] = field(default_factory=dict)


def nothing_decided() -> Decided:
    """Return that nobody decided anything."""
    return Decided()
