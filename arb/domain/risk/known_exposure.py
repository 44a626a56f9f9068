"""An exposure that was read ahead, so that an entry need not wait for it.

It is read without a lock, beside what is evaluated. Whatever changes what a review would say moves the mark
of its session: an entry, an exit, the end of a trade, the mode, a pause, other settings. An entry that was
reviewed by what was read ahead is committed only while the mark of all sessions of its accounts is the one
that was read, which is looked at under their locks; else it is reviewed anew. What fills change in between
(what is free, how far the currencies have drifted) is as old as the exposure: a quarter of a second at most,
and their holds have it set aside already.

A mark counts. Where one is known, and is now one more, nothing but our own decision has moved it: what that
adds is added here, and the next entry need not wait until it is read again.
"""

from dataclasses import dataclass, replace
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Exposure, Proposal, with_entry
from arb.domain.time import NS_PER_MS, is_within

AGE_NS_MAX: Final = 250 * NS_PER_MS
Way = tuple[Coin, Direction]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownExposure:
    """What is at risk as of a mark."""

    exposure: Exposure
    mark: int  # of all sessions that share an account with this one
    own_mark: int  # of the session
    ways: frozenset[Way]  # whose losses are in it
    read_at_ns: int

    def serves(self, way: Way, now_ns: int) -> bool:
        """Tell whether an entry may be reviewed by it now."""
        return way in self.ways and is_within(self.read_at_ns, now_ns, AGE_NS_MAX)

    def with_entry(self, proposal: Proposal) -> "KnownExposure":
        """Return what is at risk, as of the next mark, if an entry that was reviewed by this has moved it."""
        exposure = with_entry(self.exposure, proposal)
        return replace(self, exposure=exposure, mark=self.mark + 1, own_mark=self.own_mark + 1)
