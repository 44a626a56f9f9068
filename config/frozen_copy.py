"""What a home keeps of a session's frozen settings, for where PostgreSQL is away; private, written whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation
from arb.stack.files import read_json, write_json
from arb.stack.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A generation, what the files said then of that which is not frozen, and what it was read from."""

    generation: Generation
    apart: dict[str, Any]
    own_file: str = ""  # a path
    variables: tuple[str, ...] = ()  # names


def write_copy(home: Home, copy: Copy) -> None:
    """Write the generation of settings in force to the home, whole or not at all."""
    kept = copy.generation
    file = home.frozen_file(scope_of(kept.settings))
    file.parent.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "session_id": kept.session_id,
        "number": kept.number,
        "frozen_at_ns": kept.frozen_at_ns,
    }
    facts |= {"why": kept.why, "settings": dict(kept.settings), "apart": copy.apart}
    write_json(file, {**facts, "own_file": copy.own_file, "variables": list(copy.variables)})


def read_copy(home: Home, scope: str) -> Copy | None:
    """Return what is kept; None if nothing is, or it cannot be read: then the rows in PostgreSQL count."""
    try:
        kept = read_json(home.frozen_file(scope))
        generation = Generation(
            session_id=SessionId(kept["session_id"]),
            number=int(kept["number"]),
            settings=dict(kept["settings"]),
            frozen_at_ns=int(kept["frozen_at_ns"]),
            why=str(kept["why"]),
        )
        return Copy(
            generation=generation,
            apart=dict(kept["apart"]),
            own_file=str(kept.get("own_file", "")),
            variables=tuple(kept.get("variables", ())),
        )
    except (OSError, KeyError, TypeError, ValueError):
        return None


def scope_of(frozen: Mapping[str, Any]) -> str:
    """Return the scope of frozen settings, as `Settings.scope`."""
    return f"{frozen['mode']}:{frozen['group']}" if frozen.get("group") else str(frozen["mode"])
