"""An account's key pair: taken over without what copying put around it, refused if it cannot be one.

A key goes into a header of every request. A line end in it makes the HTTP library refuse that header in a
message which quotes it; so what is no key is refused here, in words that do not.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.errors import ConfigError

QUOTES: Final = (('"', '"'), ("'", "'"), ("\u201c", "\u201d"), ("\u2018", "\u2019"))
AROUND: Final = "\ufeff\u200b"  # the mark at the start of a file, and a space that nobody sees


def cleaned(text: str) -> str:
    """Return a key without space, line ends and quotes around it. Raises: ValueError that tells none."""
    bare = _stripped(text)
    for opening, closing in QUOTES:
        if len(bare) > 1 and bare.startswith(opening) and bare.endswith(closing):
            bare = _stripped(bare[1:-1])
            break
    if fault := _fault(bare):
        raise ValueError(fault)
    return bare


def _stripped(text: str) -> str:
    return text.strip().strip(AROUND).strip()


def _fault(text: str) -> str:
    if not text:
        return "is empty"
    if not text.isascii():
        return "holds a character that no key has (not ASCII); copy it anew"
    if not text.isprintable():
        return "holds a line end or a control character; copy it anew"
    if " " in text:
        return "holds a space; copy it anew"
    if '"' in text or "'" in text:
        return "holds a quotation mark; write the key and nothing else"
    return ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An account's credentials at one venue; never printed."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("key", "secret"):
            if fault := _fault(getattr(self, name)):
                raise ConfigError(f"credentials.{name}: {fault}")
