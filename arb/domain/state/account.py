"""Which account a key opens, and whether a session may go on with it. It stays when its key is rotated.

A venue that tells whose a key is names the account; where one does not, the operator gives it a label. A key
is remembered by its fingerprint, so a session goes on with the account that it knows while the venue cannot
be asked. One digest of the keys of both venues stood for both accounts once.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.domain.market.ids import Venue
from arb.domain.state.owner import Accounts, in_words

LENGTH: Final = 12
ROUNDS: Final = 50_000  # a guess costs as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is known of a key that a session is to trade with."""

    fingerprint: str
    told: str = ""  # whose it is, by the venue
    label: str = ""  # by the operator
    untold: str = ""  # why the venue did not say so


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The account that a key opened before."""

    name: str
    is_told: bool = False  # by the venue, and not by what sessions of before called it


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Nobody can say which account a key opens; `line` is what the operator reads."""

    line: str


def fingerprint(venue: Venue, key: str) -> str:
    """Return what a key is remembered by; it tells nothing of it, and is dear to guess by."""
    digest = hashlib.pbkdf2_hmac("sha256", key.encode(), f"arb {venue}".encode(), ROUNDS)
    return digest.hex()[:LENGTH]


def former_account(keys: Sequence[str]) -> str:
    """Return what sessions of before called the accounts that these keys open together."""
    return hashlib.sha256("|".join(keys).encode()).hexdigest()[:LENGTH]


def name_of(venue: Venue, key: Key, known: Known | None, former: str | None) -> str | Unnamed:
    """Return the name of the account that a key of a venue opens.

    `former` is what sessions of before called it. A key is of one account for good: whoever says otherwise
    speaks of another venue, or of another key.
    """
    before = known.name if known else None
    if key.told:
        if known and known.is_told and key.told != before:
            return Unnamed(
                f"{venue}: says that this key is of account {key.told}, and it was of {before} before: a key "
                f"stays of its account for good; check {venue}.rest_url"
            )
        return key.told
    if key.label and before not in (None, key.label):
        return Unnamed(
            f"{venue}.account: {key.label}, and this key is of account {before}: a label stays for good; "
            f"set it back to {before}"
        )
    if name := key.label or before or former:
        return name
    return Unnamed(
        f"{venue}: which account this key opens is not known yet, and the venue does not say ({key.untold}); "
        "check the key and its permissions, or start again once the venue answers"
    )


def names_of(keys: Mapping[Venue, Key], known: Mapping[Venue, Known], former: Accounts) -> Accounts | Unnamed:
    """Return the names of all accounts that keys open, or why one has none."""
    named: dict[Venue, str] = {}
    for venue, key in keys.items():
        name = name_of(venue, key, known.get(venue), former.get(venue))
        if isinstance(name, Unnamed):
            return name
        named[venue] = name
    return named


def former_names(venue: Venue, name: str, known: Mapping[Venue, Known], former: Accounts) -> frozenset[str]:
    """Return what an account was called before, where that was otherwise."""
    before = {former.get(venue, name), known[venue].name if venue in known else name}
    return frozenset(before - {name})


def are_others(before: Accounts, now: Accounts) -> bool:
    """Tell whether accounts are others than those that a session trades on; one without a name may be any."""
    if not before or not now:
        return False
    return before.keys() != now.keys() or any(
        before[venue] and now[venue] and before[venue] != now[venue] for venue in now
    )


def refusal(session: str, before: Accounts, now: Accounts, at_risk: int) -> str:
    """Return why a session does not go on with other accounts: what it holds is where it was bought."""
    return (
        f"session {session} has {at_risk} trades or orders on {in_words(before)}, and the keys here are "
        f"of {in_words(now)}: start with a key of the same account"
    )
