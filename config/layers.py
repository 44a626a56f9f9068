"""What settings are read from: YAML files, and the variables of the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from arb.domain.errors import ConfigError
from config.operations import GAUGES

PREFIX: Final = "ARB_"
# Environment variables that are read elsewhere and are no settings.
NOT_SETTINGS: Final = frozenset({"ARB_CONFIG", "ARB_HOME", "ARB_MODE"})
SERVERS: Final = frozenset({"redis_url", "broker_url", "database_url"})  # empty is none
FROM_FILE: Final = "_FILE"
LISTS: Final = frozenset(
    {"coins", "confirmed", "kinds", "pair", "warnings_blocked", "urls", "disk_paths", "proxies", *GAUGES}
)  # written with commas in the environment


def yaml_file(path: Path) -> dict[str, Any]:
    """Return what a file says. Raises: ConfigError with one line that names it."""
    try:
        tree = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Once) or {}  # a safe one
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error.strerror}") from None
    except _Twice as error:
        raise ConfigError(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {_place_of(error)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: cannot be read as YAML: nested without end") from None
    except ValueError:
        raise ConfigError(f"{path}: cannot be read as YAML: not UTF-8, or a date that is none") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: must hold keys and values, as config/default.yml does")
    return tree


class _Twice(Exception):
    """A key is there twice: which of both was meant, nobody can tell."""


class _Once(yaml.SafeLoader):
    """Reads plain values, and each key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the keys and values. Raises: _Twice."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for at, (key, _) in enumerate(node.value):
            if key.value in names[:at] and isinstance(key, yaml.ScalarNode):
                raise _Twice(f"line {key.start_mark.line + 1}: {key.value} is there twice; leave one of them")
        return super().construct_mapping(node, deep)


def _place_of(error: yaml.YAMLError) -> str:
    """Return where a file is no YAML, and not its words: they may quote a secret of that line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return "it holds what no text has" if mark is None else f"line {mark.line + 1} is none"


def environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the tree that `ARB_A__B=c` describes; values are YAML scalars kept as text if numbers.

    `ARB_A__B_FILE=/run/secrets/c` takes the value from a file, so that no environment holds a secret.
    """
    tree: dict[str, Any] = {}
    for name, text in sorted(environ.items()):  # a section before its keys
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        if name.endswith(FROM_FILE):
            name, text = name.removesuffix(FROM_FILE), _content(name, Path(text))
        *parents, leaf = name.removeprefix(PREFIX).lower().split("__")
        if not text and leaf in SERVERS:
            continue
        node = tree
        for depth, parent in enumerate(parents):
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                section = variable(".".join(parents[: depth + 1]))
                raise ConfigError(
                    f"{section}: sets a section whole, and {name} a key of it; unset one of them"
                )
        node[leaf] = [part.strip() for part in text.split(",")] if leaf in LISTS else text
    return tree


def _content(name: str, path: Path) -> str:
    where = path if "/" in str(path) else "the file that it names"  # else it may be the secret itself
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise ConfigError(f"{name}: {where}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(
            f"{name}: {where}: is not UTF-8 text; write the value into it and nothing else"
        ) from None


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, key by key; `over` wins."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def variable(key: str) -> str:
    """Return the variable that sets a key."""
    return PREFIX + key.upper().replace(".", "__")
