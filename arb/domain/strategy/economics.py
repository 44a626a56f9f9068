"""What a round trip earns by the settings in force, known before any is made.

Pure; in basis points of a leg's notional, at the least edge that a pair is opened for. That edge is net of
the entry's own fees and depth, so the pair still owes its exit's fees: it earns what is left of the edge
after these and after the premium that is still there when it is closed. Both are judged by what can be
executed, on the worse side of the rate's book: spreads and the rate's steps cost only what closes at a loss.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ZERO, fraction
from arb.domain.time import NS_PER_DAY
from arb.domain.trading.reentry import Close, ReentryRules

HALF: Final = Decimal("0.5")
ORDERS: Final = 4  # of a round trip: two that open a pair, two that close it
NS_LEAST: Final = 1_000_000_000  # of a round trip: a decision, two orders and the next decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What trading costs, in basis points: known of the venues, or assumed of their books."""

    fees_bps: tuple[Decimal, Decimal]  # a taker's, on each venue
    spread_bps: Decimal  # of both venues' books together, as they usually are
    rate_step_bps: Decimal  # the tick of the rate
    slip_bps: Decimal  # beyond the price decided on, of each order, at most

    @property
    def side_bps(self) -> Decimal:
        """Return the fees of opening or of closing."""
        return sum(self.fees_bps, ZERO)

    @property
    def half_step_bps(self) -> Decimal:
        """Return how far the sides of the rate's book are from its middle, at the least."""
        return self.rate_step_bps * HALF

    @property
    def unmoved_bps(self) -> Decimal:
        """Return what it costs to open a pair and close it at the same premium."""
        return 2 * self.side_bps + self.spread_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What a pair earns that ends this way: as is to be expected, and with every order at its limit."""

    close: Close
    earned_bps: Decimal
    worst_bps: Decimal

    @classmethod
    def of(cls, close: Close, earned_bps: Decimal, costs: Costs) -> "RoundTrip":
        """Return one that earns this as is to be expected."""
        return cls(close=close, earned_bps=earned_bps, worst_bps=earned_bps - ORDERS * costs.slip_bps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the round trips of a strategy earn, opened at the least edge that it takes."""

    round_trips: tuple[RoundTrip, ...]
    edge_bps_least: Decimal  # that a pair is opened for, if premiums come back to even
    break_even_premium_bps: Decimal  # away from where it comes back to; a pair that converges earns nothing
    holding_ns_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """What a strategy's round trips earn, and what it loses in a day that goes on against it."""

    round_trips: tuple[RoundTrip, ...]
    edge_bps_least: Decimal  # that a pair is opened for, if premiums come back to even
    break_even_premium_bps: Decimal  # away from where it comes back to; a pair that converges earns nothing
    notional_krw: Decimal  # of a leg
    losing_trips_per_day: int  # of all pairs that may be open at once, with the pauses between them
    loss_per_day_krw: Decimal  # by pairs that converge or that the clock closes, again and again

    @property
    def losing(self) -> tuple[RoundTrip, ...]:
        """Return the ways to end well that lose money all the same."""
        meant_to_earn = (Close.CONVERGED, Close.TAKE_PROFIT)
        return tuple(trip for trip in self.round_trips if trip.close in meant_to_earn and trip.earned_bps < 0)

    def krw(self, part_bps: Decimal) -> Decimal:
        """Return basis points of a leg's notional in money."""
        return self.notional_krw * fraction(part_bps)


def economics(outlook: Outlook, reentry: ReentryRules, *, notional_krw: Decimal, pairs_max: int) -> Economics:
    """Return what a strategy earns and loses."""
    trips = outlook.round_trips
    repeated_bps = max(ZERO, *(-trip.earned_bps for trip in trips if trip.close is not Close.STOP_LOSS))
    a_day = pairs_max * trips_a_day(outlook.holding_ns_max, reentry) if repeated_bps else 0
    return Economics(
        round_trips=trips,
        edge_bps_least=outlook.edge_bps_least,
        break_even_premium_bps=outlook.break_even_premium_bps,
        notional_krw=notional_krw,
        losing_trips_per_day=a_day,
        loss_per_day_krw=a_day * notional_krw * fraction(repeated_bps),
    )


def trips_a_day(holding_ns: int, reentry: ReentryRules) -> int:
    """Return how many losing round trips one place has in a day: each its longest, and its pause."""
    at_ns, trips = 0, 0
    while (at_ns := at_ns + max(holding_ns, NS_LEAST)) <= NS_PER_DAY:
        trips += 1
        at_ns += reentry.pause_after_ns(trips)
    return trips
