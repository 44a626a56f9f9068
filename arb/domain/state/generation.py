"""The settings that a session runs with: frozen at its start, and replaced only by the next of their kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arb.domain.market.ids import SessionId

UNSET: Final = "-"
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What every process of a session reads, however often it starts again."""

    session_id: SessionId
    number: int  # from 1; 0 is a session of before there were any
    settings: Tree  # no secrets, no addresses of servers
    frozen_at_ns: int
    why: str


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One key that two trees do not agree on."""

    key: str  # with dots
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {_text(self.before)} -> {_text(self.after)}"


def changes(before: Tree, after: Tree) -> tuple[SettingChange, ...]:
    """Return what differs, key by key."""
    old, new = dict(leaves(before)), dict(leaves(after))
    keys = dict.fromkeys((*old, *new))
    found = (SettingChange(key, old.get(key, UNSET), new.get(key, UNSET)) for key in keys)
    return tuple(change for change in found if change.before != change.after)


def leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return each value with its key; a list is one value."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
