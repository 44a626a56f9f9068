"""Settings as YAML or JSON, in the shape that the configuration files have; secrets stay masked."""

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import SecretStr

from arb.domain.market.money import plain
from config.settings import Settings

if TYPE_CHECKING:
    from arb.app.generations import Comparison


def settings_yaml(settings: Settings) -> str:
    """Return all settings that are in force."""
    return yaml.safe_dump(settings_tree(settings), sort_keys=False, allow_unicode=True)


def settings_tree(settings: Settings) -> Any:
    """Return the settings as plain values, secrets masked."""
    return _plain(settings.model_dump(exclude={"generation"}))


def running_document(found: "Comparison") -> dict[str, Any]:
    """Return what a session runs with, and how the files differ from it, as JSON."""
    return {
        "generation": found.settings.generation,
        "settings": settings_tree(found.settings),
        "differs": [asdict(change) for change in found.changed],
        "problems": list(found.problems),
    }


def running_text(found: "Comparison") -> str:
    """Return the same as YAML, with what is to be said about it as comments."""
    number = found.settings.generation
    head = [f"generation {number} of the settings, as the session runs with it", *found.problems]
    if found.changed:
        head += ["the files say something else, which holds from `arb reload` or the next start on:"]
        head += [f"  {change}" for change in found.changed]
    elif not found.problems:
        head += ["the files say the same"]
    return "".join(f"# {line}\n" for line in head) + settings_yaml(found.settings)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case SecretStr():
            return str(value)  # stars
        case Decimal():
            return plain(value)
        case str():
            return str(value)
        case _:
            return value
