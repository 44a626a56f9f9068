"""The settings that a session runs with: frozen at its start, whatever becomes of the files meanwhile.

Not frozen is what must be able to change under a session: secrets, addresses of servers, how logs look. Those
are read anew, and where they cannot be used, they are what the files said when the rest was frozen.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from arb.domain.errors import ConfigError
from arb.domain.state.generation import Generation
from config.frozen_copy import Copy, read_copy, scope_of
from config.layers import FROM_FILE, PREFIX, environment, merge
from config.sections import StrategyName
from config.settings import (
    RunMode,
    Settings,
    checked,
    chosen_mode,
    keys_of,
    load,
    own_file,
    running_home,
    running_stack,
    shipped,
)

APART: Final = frozenset({"credentials", "urls", "logs"})
ADDRESS: Final = "url"  # the last word of a key
OF_PROCESS: Final = frozenset({"session", "generation", "chosen"})
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a process runs with, and what of files and variables could not be used, a line each."""

    settings: Settings
    ignored: tuple[str, ...] = ()


def in_force(environ: Mapping[str, str] | None = None) -> InForce:
    """Return what the session of a home runs with, or what the files say if nothing was frozen there.

    Raises: ConfigError.
    """
    environ = os.environ if environ is None else environ
    stack = running_stack(environ)
    mode = chosen_mode(None, environ, stack)
    copy = kept_copy(environ)
    if copy is None:
        return InForce(settings=load(mode, environ))
    ignored: list[str] = []
    defaults = _or_nothing(lambda: shipped(mode), ignored)
    own = _or_nothing(lambda: own_file(environ), ignored)
    now = copy.apart if ignored else merge(_apart_of(defaults), _apart_of(own))
    servers = _apart_of(stack)
    below = ((defaults, now, servers), (defaults, copy.apart, servers), (copy.apart, servers))
    variables = _apart_of(_variables(environ, ignored))
    return _usable(mode, below, variables, keys_of(mode, stack), copy.generation, ignored)


def usable(environ: Mapping[str, str]) -> InForce:
    """Return the same, or where nothing was frozen as much of the files as can be read: enough to stop with.

    Raises: ConfigError.
    """
    try:
        return in_force(environ)
    except ConfigError as error:
        ignored = [str(error)]
    stack = running_stack(environ)
    mode = chosen_mode(None, environ, stack)
    defaults, own = shipped(mode), _or_nothing(lambda: own_file(environ), ignored)
    below = ((defaults, own, stack), (defaults, stack))
    return _usable(mode, below, _variables(environ, ignored), keys_of(mode, stack), None, ignored)


def thaw(settings: Settings, generation: Generation) -> Settings:
    """Return the settings of a generation, with what is not frozen as it is. Raises: ConfigError."""
    return checked(settings.mode, _with(({}, settings.model_dump()), generation))


def frozen_of(settings: Settings) -> Tree:
    """Return what is frozen of settings, as JSON keeps it."""
    frozen: Tree = to_jsonable_python(_frozen(settings.model_dump(exclude=set(OF_PROCESS))))
    return frozen


def copy_of(generation: Generation, environ: Mapping[str, str]) -> Copy:
    """Return what a home keeps of a generation, with what the files say now of that which is not frozen."""
    mode = RunMode(generation.settings["mode"])
    return Copy(
        generation=generation,
        apart=_apart_of(merge(shipped(mode), own_file(environ))),
        own_file=_place(environ),
        variables=tuple(sorted(name for name in environ if name.startswith(PREFIX))),
    )


def other_sources(copy: Copy, environ: Mapping[str, str], may_differ: Callable[[str], bool]) -> str:
    """Return what a session's settings were read from and is not given here, in one line; empty if all is.

    Read without it, they would fall back to the defaults.
    """
    if copy.own_file != _place(environ):
        named = copy.own_file or "no file"
        return f"ARB_CONFIG: the settings that are in force were read from {named}; name the same here"
    for name in copy.variables:
        key = name.removeprefix(PREFIX).removesuffix(FROM_FILE).lower().replace("__", ".")
        if name not in environ and not may_differ(key):
            return (
                f"{name}: was set when the settings in force were read and is not here; set it as it shall be"
            )
    return ""


def _place(environ: Mapping[str, str]) -> str:
    """Return the path of the file named by ARB_CONFIG."""
    named = environ.get("ARB_CONFIG")
    return str(Path(named).absolute()) if named else ""


def kept_copy(environ: Mapping[str, str]) -> Copy | None:
    """Return what the home keeps of the session that is meant; None if nothing was frozen there."""
    home, stack = running_home(environ), running_stack(environ)
    mode = chosen_mode(None, environ, stack)
    group = environ.get(f"{PREFIX}GROUP", stack.get("group"))
    if group is None:
        try:
            group = own_file(environ).get("group")
        except ConfigError:  # it may be named there: then there is one session, or it is not known which
            kept = home.frozen_scopes(mode.value)
            return read_copy(home, kept[0]) if len(kept) == 1 else None
    return read_copy(home, scope_of({"mode": mode.value, "group": group}))


def _apart_of(tree: Mapping[str, Any]) -> Tree:
    """Return what of a tree is not frozen."""
    apart: Tree = {}
    for key, value in tree.items():
        if _is_apart(key, value):
            apart[key] = value
        elif isinstance(value, Mapping) and (inner := _apart_of(value)):
            apart[key] = inner
    return apart


def _frozen(tree: Mapping[str, Any]) -> Tree:
    return {
        key: _frozen(value) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if not _is_apart(key, value)
    }


def _is_apart(key: Any, value: Any) -> bool:
    return key in APART or str(key).endswith(ADDRESS) or isinstance(value, SecretStr)


def _or_nothing(read: Callable[[], Tree], ignored: list[str]) -> Tree:
    try:
        return read()
    except ConfigError as error:
        ignored.append(str(error))
        return {}


def _variables(environ: Mapping[str, str], ignored: list[str]) -> Tree:
    """Return what the environment's variables say, each that cannot be read left out."""
    tree: Tree = {}
    for name, text in sorted(environ.items()):
        tree = merge(tree, _or_nothing(lambda one={name: text}: environment(one), ignored))  # type: ignore[misc]
    return tree


def _usable(
    mode: RunMode,
    below: Iterable[tuple[Tree, ...]],
    variables: Tree,
    keys: Tree,
    generation: Generation | None,
    ignored: list[str],
) -> InForce:
    """Return the first of some layers that make settings; a variable that is wrong is left out of them."""
    for layers in below:
        left: Tree | None = variables
        while left is not None:
            try:
                settings = checked(mode, _with((*layers, left, keys), generation))
                return InForce(settings=settings, ignored=tuple(dict.fromkeys(ignored)))
            except ConfigError as error:
                ignored.append(str(error))
                left = _without(left, str(error).partition(":")[0].split("."))
    raise ConfigError(ignored[-1])


def _with(layers: tuple[Tree, ...], generation: Generation | None) -> tuple[Tree, ...]:
    """Return the layers with the frozen one on top, which is whole: what an older version froze included."""
    if generation is None:
        return layers
    tree: Tree = {}
    for layer in layers:
        tree = merge(tree, layer)
    known = _known(Settings, generation.settings)
    if "strategy" in known:
        known["strategy"] = {"name": StrategyName.FIXED} | known[
            "strategy"
        ]  # what there was before it had one
    tree = merge(tree, known) | {"generation": generation.number}
    tree |= {"coins_settings": known.get("coins_settings", {})}  # no coin's from the files
    return ({**tree, "paper": known["paper"]} if "paper" in known else tree,)


def _known(section: Any, tree: Mapping[str, Any]) -> Tree:
    """Return what of a tree the settings still have."""
    known: Tree = {}
    for key, value in tree.items():
        if field := section.model_fields.get(key):
            inner = field.annotation
            is_section = isinstance(value, Mapping) and hasattr(inner, "model_fields")
            known[key] = _known(inner, value) if is_section else value
    return known


def _without(tree: Tree, path: list[str]) -> Tree | None:
    """Return a tree without the value at a path; None if there is none."""
    key, *further = path
    if key not in tree:
        return None
    rest = {name: value for name, value in tree.items() if name != key}
    if not further or not isinstance(tree[key], dict):
        return rest
    inner = _without(tree[key], further)
    return None if inner is None else {**rest, key: inner}
