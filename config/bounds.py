"""Numbers that nobody can mean. Times are kept as nanoseconds in 64 bits, so that more would end a worker."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

MOST_COUNTED: Final = 10**9  # of seconds 31 years
MOST_MONEY: Final = 10**15  # of KRW a third of what there is
MONEY: Final = ("_krw", "_krw_max", "_usdt")
UNBOUNDED: Final = frozenset({"sim.seed", "sim.played_s"})


def first_absurd(tree: Mapping[str, Any], above: str = "") -> str:
    """Return the first number that is beyond all bounds, in one line; empty if there is none."""
    for name, value in tree.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping):
            found = first_absurd(value, f"{key}.")
        else:
            each = value if isinstance(value, list | tuple) else (value,)
            found = next(filter(None, (_absurd(key, part) for part in each)), "")
        if found:
            return found
    return ""


def _absurd(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or key in UNBOUNDED:
        return ""
    most = MOST_COUNTED if isinstance(value, int) and not key.endswith(MONEY) else MOST_MONEY
    return f"{key}: is beyond {most:,}, which nobody can mean; set less" if not -most <= value <= most else ""
