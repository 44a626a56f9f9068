"""Whose a session is: its mode and the account that it trades on. Nobody else's process may touch it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A mode and an account at the venues. The account is empty where nobody knows it: without keys, and
    in sessions from before accounts were kept."""

    environment: str  # mock, paper or live
    account: str = ""

    def may_touch(self, other: "Owner") -> bool:
        """Tell whether a process of this owner may act for a session of that one."""
        if self.environment != other.environment:
            return False
        return self.account == other.account or not self.account or not other.account
