"""Other settings for a session that runs: checked, and in force for every trade that is opened afterwards.

What processes read once, as they start, cannot change under them, and is left as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from arb.domain.errors import ConfigError, Conflict
from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation, SettingChange, changes
from arb.ports.trading import SessionStore
from config.frozen import frozen_of, kept_copy, other_sources, thaw
from config.settings import Settings

SECTIONS: Final = frozenset(
    {"strategy", "risk", "orders", "assumptions", "watchdog", "sys_monitor", "messages"}
)
FEES: Final = ".taker_fee_bps"
READ_ONCE: Final = frozenset(
    {
        "risk.quote_age_ms_max",  # by the feed
        "orders.http_timeout_ms",  # by the venues' clients
        "orders.recv_window_ms",
        "watchdog.sweep_interval_sec",  # by beat
    }
)
WHY: Final = "reloaded by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloading:
    """What a reload changes, and what it leaves."""

    generation: Generation
    settings: Settings
    taken: tuple[SettingChange, ...]
    left: tuple[SettingChange, ...]  # cannot change while the stack runs


def refuse_other_sources(environ: Mapping[str, str]) -> None:
    """Refuse to read the settings without what they were read from last. Raises: ConfigError.

    A shell without the stack's file or variables would put the defaults in force: larger limits, perhaps.
    """
    copy = kept_copy(environ)
    if copy is not None and (why := other_sources(copy, environ, lambda key: not may_change(key))):
        raise ConfigError(why)


def plan_reload(running: Settings, session_id: SessionId, wanted: Settings, now_ns: int) -> Reloading:
    """Return what the files change of a session's settings. Raises: ConfigError if they fit no more."""
    before = frozen_of(running)
    found = changes(before, frozen_of(wanted))
    taken = tuple(change for change in found if may_change(change.key))
    following = Generation(
        session_id=session_id,
        number=running.generation + bool(taken),
        settings=_changed(before, taken),
        frozen_at_ns=now_ns,
        why=WHY,
    )
    return Reloading(
        generation=following,
        settings=thaw(running, following),
        taken=taken,
        left=tuple(change for change in found if change not in taken),
    )


def put_in_force(reloading: Reloading, sessions: SessionStore, keep: Callable[[Generation], None]) -> None:
    """Write the next generation: no trade is opened by the last one afterwards.

    Raises: ConfigError if somebody else reloaded meanwhile, StoreUnavailable.
    """
    try:
        sessions.begin_generation(reloading.generation)
    except Conflict as error:
        raise ConfigError(f"{error}: somebody reloaded meanwhile; look at it and try again") from error
    keep(reloading.generation)


def may_change(key: str) -> bool:
    """Tell whether a key may change while a stack runs."""
    return key not in READ_ONCE and (key.partition(".")[0] in SECTIONS or key.endswith(FEES))


def _changed(tree: Mapping[str, Any], taken: tuple[SettingChange, ...]) -> dict[str, Any]:
    """Return a tree with some changes."""
    changed = dict(tree)
    for section in {change.key.partition(".")[0] for change in taken}:
        inner = [
            replace(change, key=change.key.partition(".")[2])
            for change in taken
            if change.key.partition(".")[0] == section
        ]
        changed[section] = {**tree[section], **{change.key: change.after for change in inner}}
    return changed
