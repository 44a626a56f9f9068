"""Settings of a strategy that were set and that the one in force does not read: they change nothing."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from arb.domain.state.generation import leaves
from config.layers import environment, merge
from config.sections import READ_BY, StrategyName
from config.settings import Settings, own_file

OF_ALL: Final = "strategy"
OF_ONE: Final = "coins_settings"


def set_by_hand(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the keys that the file of ARB_CONFIG and variables set. Raises: ConfigError."""
    environ = os.environ if environ is None else environ
    return [key for key, _ in leaves(merge(own_file(environ), environment(environ)))]


def unread(settings: Settings, keys: Iterable[str]) -> Iterator[str]:
    """Yield a line for each of these keys that no strategy in force reads."""
    for key in keys:
        readers, names = READ_BY.get(key.rpartition(".")[2]), _in_force(settings, key)
        if readers and names and not readers & names:
            yield f"{key}: is read by {_words(readers)} alone, and the strategy is {_words(names)}"


def _in_force(settings: Settings, key: str) -> frozenset[StrategyName]:
    """Return the strategies by which what a key is of is traded; none if it is no key of a strategy."""
    section, *path = key.split(".")
    if section == OF_ONE:
        return frozenset({settings.of_coin(path[0].upper()).strategy.name})
    if section != OF_ALL:
        return frozenset()
    own = (settings.of_coin(coin).strategy.name for coin in settings.coins_settings)
    return frozenset({settings.strategy.name, *own})


def _words(names: Iterable[StrategyName]) -> str:
    return " and ".join(sorted(names))
