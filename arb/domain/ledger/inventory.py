"""What lies on both venues, what it pays for in each direction, how long it lasts, and what could be done.

A pair needs the coin where it sells and money where it buys. What runs low is filled up again in one of three
ways: half of the difference is moved between the venues (by a person: nothing here withdraws), or traded back
by pairs in the other direction, which costs what their edge lacks, or waited for, where it comes by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ZERO, fraction
from arb.domain.market.pair import Direction, Pair
from arb.domain.time import NS_PER_DAY

HALF: Final = Decimal("0.5")
LASTS_NS_MIN: Final = NS_PER_DAY  # less is worth a word: moving between venues takes an hour at most
Key = tuple[Venue, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryPrices:
    """What one thing is worth, and what trading it back costs; KRW is what the pair is accounted in."""

    leg_krw: Decimal  # of a pair
    krw: Mapping[str, Decimal]  # of one of each asset
    edges_bps: Mapping[tuple[Coin, Direction], Decimal]  # that a pair brings now, net of fees and depth
    move_krw: Decimal  # what a transfer between the venues costs, whatever its size
    conversion_bps: Decimal  # what changing one currency into the other costs before it can be moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One asset on one venue."""

    venue: Venue
    asset: str
    free: Decimal
    change: Decimal  # that fills made within the window
    window_ns: int
    legs: Decimal | None  # of pairs that it pays for; None where nobody knows its price

    @property
    def lasts_ns(self) -> int | None:
        """Return how long it lasts at this pace; None where it does not run out."""
        if self.change >= ZERO:
            return None
        return int(max(ZERO, self.free) / -self.change * self.window_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCapacity:
    """How many pairs of a coin can be opened in a direction, and what runs out first."""

    coin: Coin
    direction: Direction
    pairs: Decimal
    short: Holding
    lasts_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What can be done about something that runs low, and what it costs; None where nobody knows."""

    action: Literal["move", "trade_back", "wait"]
    asset: str
    from_venue: Venue
    to_venue: Venue
    amount: Decimal
    cost_krw: Decimal | None
    why: str


def holdings(
    free: Mapping[Key, Decimal], changes: Mapping[Key, Decimal], window_ns: int, prices: InventoryPrices
) -> list[Holding]:
    """Return each venue's holdings with their change, and for how many legs each is enough."""
    return [
        Holding(
            venue=venue,
            asset=asset,
            free=amount,
            change=changes.get((venue, asset), ZERO),
            window_ns=window_ns,
            legs=amount * prices.krw[asset] / prices.leg_krw if asset in prices.krw else None,
        )
        for (venue, asset), amount in sorted(free.items())
    ]


def reaches(held: Sequence[Holding], pair: Pair, coins: Sequence[Coin]) -> list[PairCapacity]:
    """Return how far it reaches in both directions of each coin whose price is known."""
    by_key = {(each.venue, each.asset): each for each in held}
    found = []
    for coin in coins:
        for way in pair.directions:
            sides = [by_key.get((way.sell_on, str(coin))), by_key.get((way.buy_on, way.buy_on.quote))]
            known = [each for each in sides if each is not None and each.legs is not None]
            if len(known) < len(sides):
                continue
            short = min(known, key=lambda each: each.legs or ZERO)
            ends = [each.lasts_ns for each in known if each.lasts_ns is not None]
            found.append(
                PairCapacity(
                    coin=coin,
                    direction=way,
                    pairs=short.legs or ZERO,
                    short=short,
                    lasts_ns=min(ends, default=None),
                )
            )
    return found


def advice(held: Sequence[Holding], pair: Pair, prices: InventoryPrices, legs_min: Decimal) -> list[Advice]:
    """Return what can be done about each thing that runs low, the cheapest of its ways first."""
    by_key = {(each.venue, each.asset): each for each in held}
    found: list[Advice] = []
    for each in held:
        if not _is_low(each, legs_min):
            continue
        other = pair.second if each.venue is pair.first else pair.first
        ways = [
            *_wait(each, other),
            *_back(each, other, by_key, pair, prices),
            *_move(each, other, by_key, prices),
        ]
        found += sorted(ways, key=lambda way: (way.cost_krw is None, way.cost_krw or ZERO))
    return found


def _is_low(each: Holding, legs_min: Decimal) -> bool:
    """Tell whether something pays for too few legs, or will soon."""
    if each.legs is None:
        return False
    return each.legs < legs_min or (each.lasts_ns is not None and each.lasts_ns < LASTS_NS_MIN)


def _wait(each: Holding, other: Venue) -> Iterator[Advice]:
    if each.change > ZERO:
        yield Advice(
            action="wait", asset=each.asset, from_venue=other, to_venue=each.venue, amount=each.change,
            cost_krw=ZERO, why="it comes back by itself at the recent pace",
        )  # fmt: skip


def _lacking_krw(
    each: Holding, other: Venue, by_key: Mapping[Key, Holding], prices: InventoryPrices
) -> Decimal:
    """Return half of what the other venue has more of, in KRW: of the coin, or of its own money."""
    asset = each.asset if each.asset != each.venue.quote else other.quote
    there = by_key.get((other, asset))
    if there is None or asset not in prices.krw:
        return ZERO
    more = there.free * prices.krw[asset] - each.free * prices.krw[each.asset]
    return max(ZERO, more * HALF)


def _back(
    each: Holding, other: Venue, by_key: Mapping[Key, Holding], pair: Pair, prices: InventoryPrices
) -> Iterator[Advice]:
    """Yield pairs that bring it back: of the coin itself, or, where it is money, of whichever costs least."""
    is_money = each.asset == each.venue.quote
    way = next(way for way in pair.directions if (way.sell_on if is_money else way.buy_on) is each.venue)
    edges = {
        coin: edge
        for (coin, of_way), edge in prices.edges_bps.items()
        if of_way is way and (is_money or coin == each.asset)
    }
    amount_krw = _lacking_krw(each, other, by_key, prices)
    if not edges or not amount_krw:
        return
    coin = max(sorted(edges), key=lambda name: edges[name])
    yield Advice(
        action="trade_back", asset=each.asset, from_venue=other, to_venue=each.venue,
        amount=amount_krw / prices.krw[each.asset], cost_krw=-amount_krw * fraction(edges[coin]),
        why=f"pairs of {coin} that sell on {way.sell_on} bring {edges[coin]:.1f} bps now",
    )  # fmt: skip


def _move(
    each: Holding, other: Venue, by_key: Mapping[Key, Holding], prices: InventoryPrices
) -> Iterator[Advice]:
    amount_krw = _lacking_krw(each, other, by_key, prices)
    if not amount_krw:
        return
    is_converted = each.asset == each.venue.quote and other.quote != each.asset
    conversion_krw = amount_krw * fraction(prices.conversion_bps) if is_converted else ZERO
    yield Advice(
        action="move", asset=each.asset, from_venue=other, to_venue=each.venue,
        amount=amount_krw / prices.krw[each.asset], cost_krw=prices.move_krw + conversion_krw,
        why="by a withdrawal of your own" + (f", {other.quote} changed on the way" if is_converted else ""),
    )  # fmt: skip
