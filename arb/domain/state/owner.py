"""Whose a session is: its mode and the accounts that it trades on. Nobody else's process may touch it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arb.domain.market.ids import Venue

Accounts = Mapping[Venue, str]
Names = Mapping[tuple[Venue, str], str]  # an account's name of today, by what it was called before


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A mode, and an account at each venue that is traded at.

    An account has no name where nobody knows it: without keys, and in sessions from before they were kept.
    """

    environment: str  # mock, paper or live
    accounts: Accounts = field(default_factory=dict)

    def may_touch(self, other: "Owner") -> bool:
        """Tell whether a process of this owner may act for a session of that one."""
        if self.environment != other.environment:
            return False
        return not self.accounts or all(
            venue in self.accounts and _agree(self.accounts[venue], name)
            for venue, name in other.accounts.items()
        )

    def today(self, names: Names) -> "Owner":
        """Return the owner under the present names of its accounts."""
        return replace(
            self, accounts={venue: names.get((venue, name), name) for venue, name in self.accounts.items()}
        )

    def __str__(self) -> str:
        """Return the owner as order events record it."""
        return f"{self.environment}:{in_words(self.accounts)}"


def _agree(one: str, other: str) -> bool:
    """Tell whether two names may be those of one account: nobody knows an account without a name."""
    return one == other or not one or not other


def in_words(accounts: Accounts) -> str:
    """Return accounts by venue in one line."""
    return ",".join(f"{venue}={name}" for venue, name in sorted(accounts.items()))


def parse_owner(text: str, venues: Accounts) -> Owner:
    """Return the owner that a step of an order keeps; one name stood for the accounts of all venues once."""
    environment, _, rest = text.partition(":")
    if "=" not in rest:
        return Owner(environment=environment, accounts=dict.fromkeys(venues, rest))
    named = (each.partition("=") for each in rest.split(","))
    return Owner(environment=environment, accounts={Venue(venue): name for venue, _, name in named})
