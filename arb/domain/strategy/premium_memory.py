"""What was seen of a premium, as text: kept over restarts, and read only if all of it makes sense."""

import json
from dataclasses import asdict, fields
from math import isfinite
from typing import Any

from arb.domain.strategy.premium import Excursion, Histogram, LevelRules, PremiumLevel, PremiumMemory

TEXT_MAX = 1_000_000  # a bin for each basis point is a twentieth of that


def written_memory(memory: PremiumMemory) -> str:
    """Return the memory of a premium as JSON text."""
    kept = {field.name: getattr(memory, field.name) for field in fields(memory) if field.name != "rules"}
    for name in ("histogram", "estimate", "excursion"):
        kept[name] = None if kept[name] is None else asdict(kept[name])
    return json.dumps(kept, separators=(",", ":"))


def read_memory(text: str, rules: LevelRules) -> PremiumMemory | None:
    """Return what a text says, None if it says nothing, or anything that cannot be."""
    if not text or len(text) > TEXT_MAX:
        return None
    try:
        kept = json.loads(text)
        histogram, estimate, excursion = (kept.pop(name) for name in ("histogram", "estimate", "excursion"))
        block_level = kept.pop("block_level")
        weights = {int(at): _finite(weight) for at, weight in histogram["weights"].items()}
        return PremiumMemory(
            rules=rules,
            histogram=Histogram(weights=weights, since_ns=int(histogram["since_ns"])),
            estimate=None if estimate is None else PremiumLevel(**_all_finite(estimate)),
            excursion=None if excursion is None else Excursion(**_all_finite(excursion)),
            block_level=None if block_level is None else _finite(block_level),
            block=[_finite(each) for each in kept.pop("block")],
            **{name: _finite(value) for name, value in kept.items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _all_finite(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) for name, value in values.items()}


def _finite(value: Any) -> Any:
    """Return a number. Raises: ValueError, TypeError."""
    if not isfinite(value):
        raise ValueError(f"{value} is no number")
    return value
