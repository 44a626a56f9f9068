"""The venues' trading rules as they are read: how old they may be, what is alerted if they are missing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from arb.domain.errors import Fatal, VenueError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.domain.market.listing import UNNAMED, Listing, OddMarket
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import symbol_on
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters

REFRESH_NS: Final = 300 * NS_PER_S  # warnings and price bands change while we trade
GAP_NS: Final = 5 * NS_PER_S  # between two readings of a venue, however many orders it rejects
STALE_NS: Final = 2 * REFRESH_NS  # without a reading for longer than this is told


@dataclass(slots=True, kw_only=True)
class WatchRules:
    """Tells of a venue whose rules cannot be read, and of coins whose market is missing or odd; once each."""

    coins: Sequence[Coin]
    alerts: AlertSink
    counters: Counters
    _read_ns: dict[Venue, int] = field(default_factory=dict)
    _told: dict[tuple[str, str], Severity] = field(default_factory=dict)

    def also(self, coin: Coin) -> None:
        """Watch the rules of this coin, too, from now on."""
        if coin not in self.coins:
            self.coins = (*self.coins, coin)

    def unread(self, venue: Venue, error: VenueError, now_ns: int) -> None:
        """A venue was asked in vain; rejected keys are told at once, since no later question fares better."""
        self.counters.count(AlertKind.RULES_UNREAD, f"{venue}_{type(error).__name__.lower()}")
        age_ns = now_ns - self._read_ns.setdefault(venue, now_ns)
        if isinstance(error, Fatal):
            self._alarm(
                AlertKind.RULES_UNREAD,
                venue,
                Severity.CRITICAL,
                f"rules are not told to these keys: {error}",
                now_ns,
            )
        elif age_ns > STALE_NS:
            message = f"rules could not be read for {age_ns // NS_PER_S} s: {error}"
            self._alarm(AlertKind.RULES_UNREAD, venue, Severity.WARNING, message, now_ns)

    def read(self, venue: Venue, listing: Listing, kept: Collection[Symbol], now_ns: int) -> None:
        """A venue told its rules; a coin without any there trades nowhere: a pair needs both venues.

        `kept` are the odd markets of which earlier rules are known.
        """
        self._read_ns[venue] = now_ns
        self._recovered(AlertKind.RULES_UNREAD, venue, "rules are read again", now_ns)
        listed = {rule.symbol for rule in listing}
        odd = {each.symbol: each for each in listing.odd}
        for coin in (*self.coins, *((USDT,) if symbol_on(venue, USDT) in odd else ())):
            self._judge(venue, coin, listed, odd, kept, now_ns)
        if UNNAMED in odd:
            self._alarm(AlertKind.RULES_ODD, venue, Severity.WARNING, f"{odd[UNNAMED]}: left out", now_ns)
        else:
            self._recovered(AlertKind.RULES_ODD, venue, "every row has a name", now_ns)

    def _judge(
        self,
        venue: Venue,
        coin: Coin,
        listed: Collection[Symbol],
        odd: Mapping[Symbol, OddMarket],
        kept: Collection[Symbol],
        now_ns: int,
    ) -> None:
        """Tell of one coin what became of it there."""
        symbol, subject = symbol_on(venue, coin), f"{coin} on {venue}"
        if symbol in odd or symbol in kept:
            self._recovered(AlertKind.COIN_UNLISTED, subject, f"{venue} lists {coin}", now_ns)
            self._odd(subject, odd.get(symbol), symbol in kept, now_ns)
            return
        if symbol in listed:
            self._recovered(AlertKind.RULES_ODD, subject, f"the rules of {coin} make sense again", now_ns)
            self._recovered(AlertKind.COIN_UNLISTED, subject, f"{venue} lists {coin}", now_ns)
            return
        message = f"{venue} does not list {coin}: nothing of it is opened or closed"
        self._alarm(AlertKind.COIN_UNLISTED, subject, Severity.WARNING, message, now_ns)

    def _odd(self, subject: str, odd: OddMarket | None, is_kept: bool, now_ns: int) -> None:
        """Tell of a market whose row is odd; without earlier rules nothing there can be closed either."""
        self.counters.count(AlertKind.RULES_ODD, subject.replace(" ", "_"))
        why = f"{odd}" if odd is not None else "its row is missing, and one has no name"
        if is_kept:
            message = f"{why}: nothing new is opened there, what is open is closed by the rules of before"
            self._alarm(AlertKind.RULES_ODD, subject, Severity.WARNING, message, now_ns)
        else:
            message = f"{why}: nothing is opened there and nothing can be closed: no earlier rules are known"
            self._alarm(AlertKind.RULES_ODD, subject, Severity.CRITICAL, message, now_ns)

    def _alarm(self, kind: AlertKind, subject: str, severity: Severity, message: str, now_ns: int) -> None:
        if self._told.get((kind, subject)) is severity:
            return
        self._told[kind, subject] = severity
        self._tell(kind, subject, severity, message, now_ns)

    def _recovered(self, kind: AlertKind, subject: str, message: str, now_ns: int) -> None:
        if self._told.pop((kind, subject), None) is not None:
            self._tell(kind, subject, Severity.INFO, f"recovered: {message}", now_ns)

    def _tell(self, kind: AlertKind, subject: str, severity: Severity, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=severity, message=message, at_ns=now_ns)
        )


@dataclass(slots=True, kw_only=True)
class RereadRules:
    """What an order that was rejected by its market's rules sets off, here and in every other process."""

    expire: Callable[[Venue, int], None]  # rules of a venue that were read before a time: here
    announce: Callable[[Venue, int], None]  # and in the others
    clock: Clock
    _announced_ns: dict[Venue, int] = field(default_factory=dict)

    def run(self, venue: Venue) -> None:
        """Have the venue's rules read anew before the next order is made by them."""
        now_ns = self.clock.now_ns()
        self.expire(venue, now_ns)
        if venue not in self._announced_ns or now_ns - self._announced_ns[venue] >= GAP_NS:
            self._announced_ns[venue] = now_ns
            self.announce(venue, now_ns)
