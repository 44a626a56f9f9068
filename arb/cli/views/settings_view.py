"""Settings as YAML or JSON, in the shape that the configuration files have; secrets stay masked."""

from decimal import Decimal
from typing import Any

import yaml
from pydantic import SecretStr

from arb.domain.market.money import plain
from config.settings import Settings


def settings_yaml(settings: Settings) -> str:
    """Return all settings that are in force."""
    return yaml.safe_dump(settings_tree(settings), sort_keys=False, allow_unicode=True)


def settings_tree(settings: Settings) -> Any:
    """Return the same as plain values."""
    return _plain(settings.model_dump(exclude={"generation"}))


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
