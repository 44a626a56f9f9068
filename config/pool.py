"""The pool of connections to PostgreSQL: three presets, and any value of them can be set by itself."""

from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Preset(StrEnum):
    """What the pool is for."""

    BALANCED = "balanced"
    HIGH_THROUGHPUT = "high_throughput"  # many threads: more connections, and patience
    LOW_LATENCY = "low_latency"  # connections are there before they are needed; a full pool is an error


PRESETS: Final = MappingProxyType(
    {
        Preset.BALANCED: {
            "pool_size": 20, "max_overflow": 10, "lifetime_s": 1_800, "idle_s": 600, "timeout_s": 30,
        },
        Preset.HIGH_THROUGHPUT: {
            "pool_size": 40, "max_overflow": 20, "lifetime_s": 1_800, "idle_s": 600, "timeout_s": 60,
        },
        Preset.LOW_LATENCY: {
            "pool_size": 20, "max_overflow": 0, "lifetime_s": 3_600, "idle_s": 1_800, "timeout_s": 2,
        },
    }
)  # fmt: skip


class DatabaseSettings(BaseModel):
    """How many connections one process keeps at most, and for how long. They are made when needed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Preset = Preset.BALANCED
    pool_size: int = Field(gt=0)
    max_overflow: int = Field(ge=0)
    lifetime_s: int = Field(gt=0)
    idle_s: int = Field(gt=0)
    timeout_s: int = Field(gt=0)  # the longest wait for a connection

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Take from the preset what is not given."""
        if not isinstance(given, dict) or given.get("preset", Preset.BALANCED) not in PRESETS:
            return given
        return {**PRESETS[Preset(given.get("preset", Preset.BALANCED))], **given}
