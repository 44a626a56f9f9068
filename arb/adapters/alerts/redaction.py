"""Takes secrets out of whatever is about to be written down or sent."""

import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"
SHORTEST: Final = 6  # a shorter secret would mask ordinary words
USERINFO: Final = re.compile(r"(?<=://)[^/@\s'\"]+(?=@)")


class Redactor:
    """Knows the secrets of a process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def clean(self, text: str) -> str:
        """Return the text without secrets, and without user and password in any URL."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return USERINFO.sub(MASK, text) if "://" in text else text
