"""Entries that left a leg unfilled again and again: what rests for it, how long, and how it is tried again.

Whatever kept a leg from being filled, a feed that lags or a rule of the venue for one coin, keeps the next
one from it too, while the other leg is executed and a repair pays to undo it. So a circuit opens for the coin
and direction, or for a venue where several coins show it; it rests, longer each time, then lets the smallest
pair through, one at a time, and closes when both legs of such a pair were filled. How it stands is derived
from the rows of the entries alone: each says which circuits it was a trial of, and what became of its legs.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Coin, TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction
from arb.domain.risk.review import COIN, TRIAL_UNDER_WAY, Denied, Trial
from arb.domain.time import NS_PER_S, is_within
from arb.domain.trading.order import TERMINAL, OrderState

# Of the quantity: evening less than this costs a tenth of a round trip's 10 bps, and no trade is worth less.
UNEVEN_SHARE: Final = Decimal("0.1")
# After its lifetime a leg of which nothing is known counts as unfilled, until the venue says otherwise.
OUTCOME_NS_MAX: Final = 2 * NS_PER_S
DOUBLINGS_MAX: Final = 30
Way = tuple[Coin, Direction]  # what is opened which way


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfilledRules:
    """When entries rest because legs stay unfilled, and for how long."""

    window_ns: int  # how far back entries count together
    entries_min: int  # with so many unfilled ones a coin and direction rest,
    share_min: Decimal  # if they are this share of the entries
    coins_min: int  # where so many coins show it at a venue, the venue rests
    rest_ns: int  # the first time, and twice as long each time that a trial fails,
    rest_ns_max: int  # up to this

    def rest(self, level: int) -> int:
        """Return how long the circuit rests that opened for the `level`th time in a row."""
        return min(self.rest_ns << min(max(0, level - 1), DOUBLINGS_MAX), self.rest_ns_max)

    @property
    def horizon_ns(self) -> int:
        """Return how old an entry may be that says how a circuit stands: the longest rest, and its memory."""
        return self.window_ns + 4 * self.rest_ns_max


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLeg:
    """What became of one leg of an entry so far."""

    venue: Venue
    state: OrderState
    filled_share: Decimal  # of its quantity
    attempts: int  # how often it was claimed to be sent
    expires_at_ns: int
    changed_at_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPair:
    """One entry: both legs, and which circuits it was a trial of, at which level each."""

    trade_id: TradeId
    coin: Coin
    direction: Direction
    opened_at_ns: int
    legs: tuple[EntryLeg, ...]
    trial: Mapping[str, int] = field(default_factory=dict)

    @property
    def way(self) -> Way:
        """Return coin and direction."""
        return self.coin, self.direction


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOutcome:
    """How an entry went. Neither well nor unfilled: a kill stopped it, or nothing of it was ever sent."""

    pair: EntryPair
    ended_at_ns: int
    unfilled: tuple[EntryLeg, ...]
    went_well: bool

    @property
    def age(self) -> tuple[int, str]:
        """Return what puts entries into the order in which they ended."""
        return self.ended_at_ns, self.pair.trade_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """How one circuit stands; level 0 is closed."""

    level: int = 0
    failed_at_ns: int = 0  # when the newest unfilled entry ended
    unfilled: int = 0  # of so many entries since it opened, those that opened it included
    entries: int = 0
    leg: EntryLeg | None = None  # the newest that was not filled
    direction: Direction | None = None  # of its pair
    coins: tuple[Coin, ...] = ()  # that showed it

    def rests(self, rules: UnfilledRules, now_ns: int) -> bool:
        """Tell whether entries rest and no trial is due."""
        return self.level > 0 and is_within(self.failed_at_ns, now_ns, rules.rest(self.level))


def outcome(pair: EntryPair, now_ns: int) -> EntryOutcome | None:
    """Return how an entry went, or None while it is under way."""
    ended_at_ns = max(leg.changed_at_ns for leg in pair.legs)
    if not all(leg.state in TERMINAL for leg in pair.legs):
        ended_at_ns = max(leg.expires_at_ns for leg in pair.legs) + OUTCOME_NS_MAX
        if is_within(pair.opened_at_ns, now_ns, ended_at_ns - pair.opened_at_ns):
            return None
    if any(leg.state is OrderState.DENIED for leg in pair.legs):
        return EntryOutcome(pair=pair, ended_at_ns=ended_at_ns, unfilled=(), went_well=False)
    most = max(leg.filled_share for leg in pair.legs)
    if most > ZERO:
        unfilled = tuple(leg for leg in pair.legs if most - leg.filled_share > UNEVEN_SHARE)
    else:
        unfilled = tuple(leg for leg in pair.legs if leg.attempts)
    return EntryOutcome(
        pair=pair, ended_at_ns=ended_at_ns, unfilled=unfilled, went_well=most > ZERO and not unfilled
    )


class _Fold:
    """Follows one circuit through the entries that concern it, in the order in which they ended."""

    def __init__(
        self,
        scope: str,
        rules: UnfilledRules,
        coins_min: int,
        unfilled_leg: Callable[[EntryOutcome], EntryLeg | None],
    ) -> None:
        self._scope, self._rules, self._coins_min = scope, rules, coins_min
        self._unfilled_leg = unfilled_leg
        self._recent: deque[EntryOutcome] = deque()
        self._remembered, self._closed_at_ns = 0, 0
        self.circuit = Circuit()

    def add(self, ended: EntryOutcome) -> None:
        """Take in the outcome of the next entry."""
        level, leg = ended.pair.trial.get(self._scope, 0), self._unfilled_leg(ended)
        if level and ended.went_well:
            self._remembered, self._closed_at_ns = max(level, self.circuit.level), ended.ended_at_ns
            self.circuit = Circuit()
            self._recent.clear()
        elif level and leg is not None:
            self._open(max(level + 1, self.circuit.level), [ended], [ended])
        elif self.circuit.level and leg is not None:  # it was under way when the circuit opened
            self._open(self.circuit.level, [ended], [ended])
        elif not self.circuit.level:
            self._count(ended, leg)

    def _count(self, ended: EntryOutcome, leg: EntryLeg | None) -> None:
        """Count an ordinary entry, and open the circuit if too many of the last ones stayed unfilled."""
        self._recent.append(ended)
        while ended.ended_at_ns - self._recent[0].ended_at_ns > self._rules.window_ns:
            self._recent.popleft()
        if leg is None:
            return
        bad = [each for each in self._recent if self._unfilled_leg(each)]
        level = self._level_remembered(ended.ended_at_ns)
        enough = max(self._coins_min, 1 if level else self._rules.entries_min)
        is_often = len(bad) >= enough and len(bad) >= self._rules.share_min * len(self._recent)
        if is_often and len({each.pair.coin for each in bad}) >= self._coins_min:
            self._open(level + 1, bad, self._recent)
            self._recent.clear()

    def _level_remembered(self, now_ns: int) -> int:
        """Return the level before it closed, while that is not longer ago than two such rests."""
        lasts = is_within(self._closed_at_ns, now_ns, 2 * self._rules.rest(self._remembered))
        return self._remembered if lasts else 0

    def _open(self, level: int, bad: Sequence[EntryOutcome], entries: Sequence[EntryOutcome]) -> None:
        """Open the circuit, or have it rest again, on top of what is known of it."""
        newest, before = bad[-1], self.circuit
        self.circuit = Circuit(
            level=level,
            failed_at_ns=newest.ended_at_ns,
            unfilled=before.unfilled + len(bad),
            entries=before.entries + len(entries),
            leg=self._unfilled_leg(newest),
            direction=newest.pair.direction,
            coins=tuple(sorted({*before.coins, *(each.pair.coin for each in bad)})),
        )


class Circuits:
    """All circuits of a session after its entries, added in the order in which they ended."""

    def __init__(self, rules: UnfilledRules, ended: Iterable[EntryOutcome] = ()) -> None:
        self._rules = rules
        self._of_coins: dict[Way, _Fold] = {}
        self._of_venues = {venue: self._venue(venue) for venue in Venue}
        self._newest = (0, "")
        self.add_all(ended)

    def add_all(self, ended: Iterable[EntryOutcome]) -> None:
        """Go on by some entries."""
        for each in sorted(ended, key=lambda each: each.age):
            self._newest = each.age
            folds = [self._of_coins.setdefault(each.pair.way, self._coin()), *self._of_venues.values()]
            for fold in folds:
                fold.add(each)

    def are_before(self, ended: Iterable[EntryOutcome]) -> bool:
        """Tell whether all that was added ended before any of these."""
        return all(each.age > self._newest for each in ended)

    def of_coin(self, way: Way) -> Circuit:
        """Return how the circuit of a coin and direction stands."""
        return self._of_coins[way].circuit if way in self._of_coins else Circuit()

    def of_venues(self) -> dict[Venue, Circuit]:
        """Return how each venue's circuit stands."""
        return {venue: fold.circuit for venue, fold in self._of_venues.items()}

    def _coin(self) -> _Fold:
        return _Fold(COIN, self._rules, 1, lambda each: each.unfilled[0] if each.unfilled else None)

    def _venue(self, venue: Venue) -> _Fold:
        def at_venue(each: EntryOutcome) -> EntryLeg | None:
            return next((leg for leg in each.unfilled if leg.venue is venue), None)

        return _Fold(venue.value, self._rules, self._rules.coins_min, at_venue)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitStanding:
    """How the circuits stand that an entry of one coin and direction has to pass."""

    way: Way
    of_coin: Circuit
    of_venues: Mapping[Venue, Circuit]
    newest_ns: Mapping[Way, int]  # when the newest known entry was opened
    under_way: frozenset[Way]


def admit(standing: CircuitStanding, rules: UnfilledRules, now_ns: int) -> Trial | Denied | None:
    """Return as what an entry may be opened, why not, or None: as any other."""
    open_venues = {venue: found for venue, found in standing.of_venues.items() if found.level}
    for venue, found in open_venues.items():
        if found.rests(rules, now_ns):
            return Denied(f"unfilled_{venue}")
    own, (_, direction) = standing.of_coin, standing.way
    if own.leg is not None and own.rests(rules, now_ns):
        return Denied(f"unfilled_{own.leg.venue}_{direction.side(own.leg.venue)}")
    levels = {venue.value: found.level for venue, found in open_venues.items()}
    if own.level:
        levels[COIN] = own.level
    if not levels:
        return None
    if standing.under_way if open_venues else standing.way in standing.under_way:
        return Denied(TRIAL_UNDER_WAY)
    rivals = [at_ns for way, at_ns in standing.newest_ns.items() if open_venues or way == standing.way]
    return Trial(levels=levels, newest_ns=max(rivals, default=0))
