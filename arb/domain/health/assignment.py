"""Which feed worker feeds which coin, as a table: how workers are, who owns what, and who takes over.

Pure and deterministic: whoever computes it from the same heartbeats finds the same owners. A coin has one
owner at a time; every change of owners is a new epoch, and the epoch in which a worker got a coin is the
fence on its quotes. An epoch is greater than any fence that anybody alive holds and than the milliseconds
of the wall clock, so that fences grow even when what was stored is lost or was brought back old.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_MS

NOBODY: Final = ""


class WorkerHealth(StrEnum):
    """What a feed worker is good for."""

    PROVING = "proving"  # it appeared, or came back: it feeds what it has, until it lasted a while
    HEALTHY = "healthy"
    DEGRADED = "degraded"  # late, or without its venues: it keeps what it has and gets nothing new
    DEAD = "dead"  # silent for too long: its coins go to others


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRules:
    """How long what is borne."""

    late_ns: int = 1_500_000_000  # without a sign of life: degraded
    dead_ns: int = 4_000_000_000  # without one
    well_ns: int = 2_000_000_000  # of regular signs of life before it is trusted, or trusted again
    shed_ns: int = 5_000_000_000  # without its venues, then its coins go to others


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One sign of life of a feed worker. A slot's name outlives its processes; an incarnation does not."""

    worker: str
    incarnation: int
    count: int  # grows with every beat
    capacity: int  # of coins
    fences: Mapping[Coin, int] = field(default_factory=lambda: MappingProxyType({}))  # what it holds now
    troubled: bool = False  # a venue that it needs is not connected
    leaving: bool = False  # it is about to end
    at_ns: int = 0  # by the worker's own clock: to be shown, never compared


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStanding:
    """What an observer knows of a worker; times are by the observer's clock, so no two clocks meet."""

    incarnation: int
    count: int
    seen_ns: int  # when its count was first seen
    well_since_ns: int  # without a gap
    troubled_since_ns: int = 0  # 0: it is not
    health: WorkerHealth = WorkerHealth.PROVING
    leaving: bool = False
    spoke: bool = False  # since the observer looks: it is no name that a dead worker left behind


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOwner:
    """Who feeds a coin, and since which epoch: the fence."""

    worker: str
    incarnation: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The owners of one epoch."""

    epoch: int = 0
    owners: Mapping[Coin, FeedOwner] = field(default_factory=lambda: MappingProxyType({}))

    def fences_of(self, worker: str, incarnation: int) -> dict[Coin, int]:
        """Return what a process may feed, and the fence on each."""
        return {
            coin: owner.fence
            for coin, owner in self.owners.items()
            if (owner.worker, owner.incarnation) == (worker, incarnation)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """One coin got another owner, or its owner another life."""

    coin: Coin
    before: str  # NOBODY: nobody fed it
    after: str
    fence: int
    fence_before: int  # what ended; 0: none
    reason: str
    at_ns: int


def judge(
    before: Mapping[str, WorkerStanding], beats: Iterable[Beat], now_ns: int, rules: AssignmentRules
) -> dict[str, WorkerStanding]:
    """Return how every worker is after these signs of life; one that was never seen is proving."""
    found = {beat.worker: beat for beat in beats}
    standings = {}
    for worker in sorted(before.keys() | found.keys()):
        known, beat = before.get(worker), found.get(worker)
        if known is None and beat is not None:
            standings[worker] = seen_first(beat, now_ns, spoke=False)
        elif known is not None:
            standings[worker] = _step(known, beat, now_ns, rules)
    return standings


def seen_first(beat: Beat, now_ns: int, *, spoke: bool) -> WorkerStanding:
    """Return the standing of a worker that has everything before it."""
    return WorkerStanding(
        incarnation=beat.incarnation,
        count=beat.count,
        seen_ns=now_ns,
        well_since_ns=now_ns,
        troubled_since_ns=now_ns if beat.troubled else 0,
        leaving=beat.leaving,
        spoke=spoke,
    )


def _step(known: WorkerStanding, beat: Beat | None, now_ns: int, rules: AssignmentRules) -> WorkerStanding:
    if beat is None or (beat.incarnation, beat.count) == (known.incarnation, known.count):
        return _silent(known, now_ns, rules)
    late = now_ns - known.seen_ns > rules.late_ns
    if known.health is WorkerHealth.DEAD or (late and beat.incarnation != known.incarnation):
        return seen_first(beat, now_ns, spoke=True)
    troubled_since_ns = (known.troubled_since_ns or now_ns) if beat.troubled else 0
    well_since_ns = now_ns if late or beat.troubled else known.well_since_ns
    health = known.health
    if beat.troubled:
        health = WorkerHealth.DEGRADED
    elif now_ns - well_since_ns >= rules.well_ns:
        health = WorkerHealth.HEALTHY
    return WorkerStanding(
        incarnation=beat.incarnation,
        count=beat.count,
        seen_ns=now_ns,
        well_since_ns=well_since_ns,
        troubled_since_ns=troubled_since_ns,
        health=health,
        leaving=beat.leaving,
        spoke=True,
    )


def _silent(known: WorkerStanding, now_ns: int, rules: AssignmentRules) -> WorkerStanding:
    silence_ns = now_ns - known.seen_ns
    if silence_ns > rules.dead_ns:
        return replace(known, health=WorkerHealth.DEAD)
    if silence_ns > rules.late_ns and known.health is not WorkerHealth.DEAD:
        return replace(known, health=WorkerHealth.DEGRADED)
    return known


def excused(standings: Mapping[str, WorkerStanding], now_ns: int) -> dict[str, WorkerStanding]:
    """Return the standings after the observer was away, or its clock was set back: no silence counts."""
    return {
        worker: replace(
            each,
            seen_ns=now_ns,
            well_since_ns=min(each.well_since_ns, now_ns),
            troubled_since_ns=min(each.troubled_since_ns, now_ns),
        )
        for worker, each in standings.items()
    }


def reassign(
    current: Assignment,
    coins: Sequence[Coin],
    standings: Mapping[str, WorkerStanding],
    beats: Mapping[str, Beat],
    now_ns: int,
    rules: AssignmentRules,
) -> tuple[Assignment, tuple[Reassignment, ...]]:
    """Return the next assignment and how it differs; the current one and nothing if all is as it should be.

    Coins stay where they are as long as their owner serves; nobody is given more than it can carry. Where
    workers hold fences of later epochs, the current one was lost or is old: then every fence is renewed.
    """
    known = _true_owners(current, beats)
    wanted = _owners(known, coins, standings, beats, now_ns, rules)
    fence = _next_epoch(current, beats, now_ns)
    is_old = any(held > current.epoch for beat in beats.values() for held in beat.fences.values())
    owners, moves = {}, []
    for coin in sorted(coins):
        before, worker = known.get(coin), wanted.get(coin)
        if worker is None:
            if before is not None:
                owners[coin] = before  # nobody can take it: it is its last owner's when that comes back
            continue
        if before is not None and not is_old and _is(before, worker, beats):
            owners[coin] = before
            continue
        owners[coin] = FeedOwner(worker=worker, incarnation=beats[worker].incarnation, fence=fence)
        reason = "stored_state_lost" if is_old else _reason(before, worker, standings)
        moves.append(
            Reassignment(
                coin=coin,
                before=before.worker if before else NOBODY,
                after=worker,
                fence=fence,
                fence_before=before.fence if before else 0,
                reason=reason,
                at_ns=now_ns,
            )
        )
    if not moves and owners.keys() == current.owners.keys():
        return current, ()
    return Assignment(epoch=fence, owners=owners), tuple(moves)


def _is(owner: FeedOwner, worker: str, beats: Mapping[str, Beat]) -> bool:
    beat = beats.get(worker)
    return owner.worker == worker and (beat is None or beat.incarnation == owner.incarnation)


def _true_owners(current: Assignment, beats: Mapping[str, Beat]) -> dict[Coin, FeedOwner]:
    """Return who got each coin last: what is stored may be older than what workers hold."""
    owners = dict(current.owners)
    for beat in sorted(beats.values(), key=lambda beat: beat.worker):
        for coin, fence in beat.fences.items():
            if fence > current.epoch and (coin not in owners or fence > owners[coin].fence):
                owners[coin] = FeedOwner(worker=beat.worker, incarnation=beat.incarnation, fence=fence)
    return owners


def _next_epoch(current: Assignment, beats: Mapping[str, Beat], now_ns: int) -> int:
    held = [fence for beat in beats.values() for fence in beat.fences.values()]
    return max(current.epoch, now_ns // NS_PER_MS, *held, 0) + 1


def _owners(
    known: Mapping[Coin, FeedOwner],
    coins: Sequence[Coin],
    standings: Mapping[str, WorkerStanding],
    beats: Mapping[str, Beat],
    now_ns: int,
    rules: AssignmentRules,
) -> dict[Coin, str]:
    serving = {name for name, each in standings.items() if _serves(each, now_ns, rules) and name in beats}
    loads: dict[str, list[Coin]] = {name: [] for name in sorted(serving)}
    takers, healthy = _takers(standings, serving)
    waiting = []
    for coin in sorted(coins):
        owner = known.get(coin)
        keeps = owner is not None and owner.worker in serving
        if owner is not None and keeps and len(loads[owner.worker]) < beats[owner.worker].capacity:
            loads[owner.worker].append(coin)
        else:
            waiting.append(coin)
    for coin in waiting:
        taker = _least(takers, loads, beats)
        if taker is not None:
            loads[taker].append(coin)
    _spread_evenly(healthy, loads, beats)
    found = {coin: name for name, load in loads.items() for coin in load}
    _keep_troubled(found, waiting, known, standings)
    return found


def _serves(standing: WorkerStanding, now_ns: int, rules: AssignmentRules) -> bool:
    """Tell whether a worker keeps what it has."""
    shed = standing.troubled_since_ns and now_ns - standing.troubled_since_ns > rules.shed_ns
    return standing.health is not WorkerHealth.DEAD and not standing.leaving and not shed


def _takers(standings: Mapping[str, WorkerStanding], serving: set[str]) -> tuple[list[str], list[str]]:
    """Return who may be given coins that nobody feeds, and who is healthy.

    Those are the same; where nobody is healthy, whoever speaks is better than nobody.
    """
    healthy = sorted(name for name in serving if standings[name].health is WorkerHealth.HEALTHY)
    speaking = sorted(
        name for name in serving if standings[name].health is WorkerHealth.PROVING and standings[name].spoke
    )
    return healthy or speaking, healthy


def _least(takers: list[str], loads: Mapping[str, list[Coin]], beats: Mapping[str, Beat]) -> str | None:
    free = [name for name in takers if len(loads[name]) < beats[name].capacity]
    return min(free, key=lambda name: (len(loads[name]), name), default=None)


def _spread_evenly(takers: list[str], loads: dict[str, list[Coin]], beats: Mapping[str, Beat]) -> None:
    """Move coins from the fullest to the emptiest until they differ by one at most."""
    while takers:
        fullest = max(takers, key=lambda name: (len(loads[name]), name))
        emptiest = _least(takers, loads, beats)
        if emptiest is None or len(loads[fullest]) - len(loads[emptiest]) < 2:
            return
        loads[emptiest].append(loads[fullest].pop())


def _keep_troubled(
    found: dict[Coin, str],
    waiting: Iterable[Coin],
    known: Mapping[Coin, FeedOwner],
    standings: Mapping[str, WorkerStanding],
) -> None:
    """Leave with a troubled owner that lives what nobody else can take: some venue is better than none."""
    for coin in waiting:
        owner = known.get(coin)
        standing = standings.get(owner.worker) if owner is not None else None
        if coin in found or owner is None or standing is None or standing.leaving:
            continue
        if standing.troubled_since_ns and standing.health is not WorkerHealth.DEAD:
            found[coin] = owner.worker


def _reason(before: FeedOwner | None, worker: str, standings: Mapping[str, WorkerStanding]) -> str:
    if before is None:
        return "unowned"
    if before.worker == worker:
        return "restarted"
    standing = standings.get(before.worker)
    if standing is None or standing.health is WorkerHealth.DEAD:
        return "owner_dead"
    if standing.leaving:
        return "owner_leaving"
    return "owner_troubled" if standing.troubled_since_ns else "balance"
