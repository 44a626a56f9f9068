"""Keeps up which coins are traded where the settings say `coins: all`.

A coin that both venues list from now on is taken up while there is room; one that a venue lists no more is no
longer opened, and what is open of it is fed and closed like every pair whose coin is off the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.errors import DataError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.choice import NAME, Choice, ListedCoin, choose, is_believable
from arb.domain.market.ids import USDT, Coin, SessionId, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.pair import Pair
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.ports.trading import VenueClient

NAMED_MAX: Final = 10  # in a message
TAKEN_UP: Final = "listed by both venues now, and taken up"
GONE: Final = "no longer listed by both venues, and nothing new is opened of"
Turnovers = Mapping[Coin, Decimal | None]


class ChoiceStore(Protocol):
    """What was chosen last for each session. Raises: StoreUnavailable."""

    def read(self, session_id: SessionId) -> Choice | None:
        """Return the coins that were chosen last, None if none were."""

    def keep(self, session_id: SessionId, choice: Choice) -> None:
        """Replace the session's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonCoins:
    """Reads which coins both venues list."""

    pair: Pair
    venues: Mapping[Venue, VenueClient]
    warnings_blocked: tuple[str, ...]
    krw_per_usdt: Decimal  # to compare turnovers by, and for nothing else

    def read(self) -> tuple[ListedCoin, ...]:
        """Return them with what was traded of each, and what keeps it out. Raises: VenueError."""
        told = {venue: self.venues[venue].turnovers() for venue in self.pair.venues}
        common = set.intersection(*(set(each) for each in told.values())) - {USDT}
        coins = sorted(coin for coin in common if NAME.fullmatch(coin))
        rules = self._rules(coins)
        return tuple(
            ListedCoin(
                coin=coin, turnover_krw=self._turnover_krw(coin, told), obstacle=self._obstacles(coin, rules)
            )
            for coin in coins
        )

    def _rules(self, coins: Sequence[Coin]) -> dict[tuple[Venue, str], Instrument]:
        if not coins:
            return {}
        return {
            (venue, rule.symbol): rule
            for venue in self.pair.venues
            for rule in self.venues[venue].instruments(coins)
        }

    def _turnover_krw(self, coin: Coin, told: Mapping[Venue, Turnovers]) -> Decimal | None:
        amounts = [
            self.pair.krw(venue, amount, self.krw_per_usdt)
            for venue in self.pair.venues
            if (amount := told[venue][coin]) is not None
        ]
        return min(amounts) if len(amounts) == len(self.pair.venues) else None

    def _obstacles(self, coin: Coin, rules: Mapping[tuple[Venue, str], Instrument]) -> str:
        each = (
            self._obstacle(venue, rules.get((venue, symbol_on(venue, coin)))) for venue in self.pair.venues
        )
        return "; ".join(why for why in each if why)

    def _obstacle(self, venue: Venue, rule: Instrument | None) -> str:
        if rule is None:
            return f"{venue} tells no rules of it that can be believed"
        if not rule.tradable:
            return f"{venue} does not trade it now"
        blocked = [flag for flag in rule.warning.split(",") if flag in self.warnings_blocked]
        return f"{venue} warns of it: {', '.join(blocked)}" if blocked else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseCoins:
    """The use case behind `arb.choose_coins`."""

    session_id: SessionId
    common: CommonCoins
    store: ChoiceStore
    room: int  # as many as are fed
    alerts: AlertSink
    clock: Clock

    def run(self) -> Choice:
        """Return what is traded by what the venues list now, and keep it.

        Raises: VenueError, StoreUnavailable, and DataError where what venues list is not believed; then what
        was chosen last stays.
        """
        last = self.store.read(self.session_id)
        before = () if last is None else last.coins
        listed = self.common.read()
        if not is_believable(listed, before):
            raise DataError("listing_absurd", f"venues list {len(listed)} coins, few of {len(before)} before")
        choice = choose(listed, before, self.room, self.clock.now_ns())
        if last is None or (choice.coins, choice.left_out) != (last.coins, last.left_out):
            self.store.keep(self.session_id, choice)
        if before:
            self._tell(before, choice)
        return choice

    def _tell(self, before: Sequence[Coin], choice: Choice) -> None:
        new = [coin for coin in choice.coins if coin not in before]
        gone = [coin for coin in before if coin not in choice.coins]
        if not new and not gone:
            return
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.COINS_CHANGED,
                subject="coins",
                severity=Severity.WARNING if gone else Severity.INFO,
                message="; ".join(
                    f"{what} {_named(coins)}" for what, coins in ((TAKEN_UP, new), (GONE, gone)) if coins
                ),
                at_ns=self.clock.now_ns(),
            )
        )


def _named(coins: Sequence[Coin]) -> str:
    more = f" and {len(coins) - NAMED_MAX} more" if len(coins) > NAMED_MAX else ""
    return f"{', '.join(coins[:NAMED_MAX])}{more}"
