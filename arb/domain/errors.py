"""What can go wrong, sorted by what the shell must do about it.

Every class passes all its arguments to `super().__init__`, so that Celery can pickle it.
"""

from typing import Final


class ArbError(Exception):
    """Root of everything this product raises on purpose."""


class ConfigError(ArbError):
    """Stop at the start: the message names the key and the fix."""


class InvariantError(ArbError):
    """A bug of ours: crash and page."""


class IllegalTransition(InvariantError):
    """An event arrived in a state that has no row for it; nothing was changed."""

    def __init__(self, subject: str, state: str, event: str) -> None:
        super().__init__(subject, state, event)
        self.subject, self.state, self.event = subject, state, event

    def __str__(self) -> str:
        return f"{self.subject} in state {self.state} cannot take event {self.event}"


class DataError(ArbError):
    """An item is malformed, crossed, stale or absurd: drop it and count it by `reason`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


class ForeignSession(DataError):
    """A session of another mode or account was asked for: nothing was read for it or written."""

    def __init__(self, session_id: str, environment: str) -> None:
        DataError.__init__(self, "foreign_session", f"{session_id} is {environment} and not ours")
        self.args = (session_id, environment)
        self.session_id, self.environment = session_id, environment


class VenueError(ArbError):
    """Anything a venue did; `venue` is its name. With whatever it says it may ask to be left alone."""

    pause_ms: int = 0

    def __init__(self, venue: str, detail: str = "") -> None:
        super().__init__(venue, detail)
        self.venue, self.detail = venue, detail

    def __str__(self) -> str:
        return f"{self.venue}: {self.detail}"


class Retryable(VenueError):
    """Proven that nothing was placed: the same intent may be sent again after `retry_after_ms`."""

    def __init__(self, venue: str, detail: str = "", retry_after_ms: int = 0) -> None:
        VenueError.__init__(self, venue, detail)
        self.args = (venue, detail, retry_after_ms)
        self.retry_after_ms = retry_after_ms


class RateLimited(Retryable):
    """The venue asked us to slow down (429, 418): not placed."""

    def __init__(self, venue: str, detail: str = "", retry_after_ms: int = 0) -> None:
        Retryable.__init__(self, venue, detail, retry_after_ms)
        self.pause_ms = retry_after_ms


class OutcomeUnknown(VenueError):
    """The bytes may have arrived and no answer came: ask, never resend."""


class Rejected(VenueError):
    """The venue rejected it for good; `code` is its own name for the reason."""

    def __init__(self, venue: str, detail: str = "", code: str = "") -> None:
        VenueError.__init__(self, venue, detail)
        self.args = (venue, detail, code)
        self.code = code


class AgainstRules(Rejected):
    """The order broke a rule of its market: those we go by may be old, so read them anew."""


class MarketBarred(AgainstRules):
    """This account may not trade in this market, and no later order fares better: send nothing more there."""


class Fatal(VenueError):
    """Credentials, permissions, an account or a place that the venue serves no more: halt, and page."""


class StoreError(ArbError):
    """A store answered with an error."""


class StoreUnavailable(StoreError):
    """A store cannot be reached: fall back, never guess."""


class Late(StoreUnavailable):
    """What was asked did not answer in the time it had; what it still brings is not used."""


class HotStateUnavailable(StoreUnavailable):
    """The hot copy of the state cannot be reached; SQL has it all."""


class Conflict(StoreError):
    """Somebody else did it: read again and agree."""


class DispatchError(ArbError):
    """Neither broker took the message; a sweep sends it later."""


# What passes by itself: worth another attempt, and a sweep comes back to what had none left.
PASSING: Final = (StoreUnavailable, Conflict, DispatchError)
