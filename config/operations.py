"""Settings of the watchdog, the system monitor, alerts and logs.

A pair `max_<what>` and `<what>_warn_threshold_<unit>` (`min_` where less is worse) is one row of the
watchdog's table; a warning beyond its limit is refused at the start.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from arb.domain.health import Rule, Worse

Positive = Field(gt=0)
NotNegative = Field(ge=0)
WARN: Final = "_warn_threshold_"


class Thresholds(BaseModel):
    """Rows of the watchdog's table: limits first, then when to warn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="after")
    @classmethod
    def _in_order(cls, value: object, info: ValidationInfo) -> object:
        found = _pair(cls, info.field_name or "")
        if found is None or found[0] not in info.data:
            return value
        limit_key, worse = found
        limit, warn = Decimal(info.data[limit_key]), Decimal(str(value))
        if warn > limit if worse is Worse.ABOVE else warn < limit:
            raise ValueError(f"a warning at {warn} comes after the error at {limit_key} {limit}")
        return value

    def rules(self) -> dict[str, Rule]:
        """Return the rows, by the name of what is measured."""
        rows = {}
        for warn_key in type(self).model_fields:
            found = _pair(type(self), warn_key)
            if found is not None:
                limit_key, worse = found
                name = limit_key.partition("_")[2]
                warn, limit = Decimal(getattr(self, warn_key)), Decimal(getattr(self, limit_key))
                rows[name] = Rule(name=name, warn=warn, limit=limit, worse=worse)
        return rows


def _pair(section: type[BaseModel], warn_key: str) -> tuple[str, Worse] | None:
    """Return the limit that a warning belongs to."""
    if WARN not in warn_key:
        return None
    name = warn_key.replace(WARN, "_")
    is_max = f"max_{name}" in section.model_fields
    return (f"max_{name}", Worse.ABOVE) if is_max else (f"min_{name}", Worse.BELOW)


class SysMonitor(Thresholds):
    """What the machine may be used for, and how often a level is sampled."""

    sample_interval_sec: int = Field(gt=0, le=30)
    max_cpu_pct: int = Positive
    max_rss_mb: int = Positive
    min_disk_free_mb: int = NotNegative
    cpu_warn_threshold_pct: int = Positive
    rss_warn_threshold_mb: int = Positive
    disk_free_warn_threshold_mb: int = NotNegative


class Watchdog(Thresholds):
    """What is watched and from when on it is wrong."""

    sweep_interval_sec: int = Field(gt=0, le=10)
    dead_man_url: SecretStr | None = None
    dead_man_interval_sec: int = Positive
    disk_paths: tuple[str, ...] = ()
    max_ws_lag_ms: int = Positive
    max_quote_age_ms: int = Positive
    max_redis_heartbeat_age_ms: int = Positive
    max_loop_latency_ms: int = Positive
    max_queue_depth: int = Positive
    max_canary_age_ms: int = Positive
    max_beat_age_ms: int = Positive
    max_snapshot_age_ms: int = Positive
    max_unknown_order_age_ms: int = Positive
    max_unhedged_age_ms: int = Positive
    max_unhedged_krw: int = NotNegative
    max_drifts_per_minute: int = NotNegative
    max_safety_rejections_per_minute: int = NotNegative
    max_live_errors_per_minute: int = NotNegative
    max_clock_offset_ms: int = Positive
    ws_lag_warn_threshold_ms: int = Positive
    quote_age_warn_threshold_ms: int = Positive
    redis_heartbeat_age_warn_threshold_ms: int = Positive
    loop_latency_warn_threshold_ms: int = Positive
    queue_warn_threshold_depth: int = Positive
    canary_age_warn_threshold_ms: int = Positive
    beat_age_warn_threshold_ms: int = Positive
    snapshot_age_warn_threshold_ms: int = Positive
    unknown_order_age_warn_threshold_ms: int = Positive
    unhedged_age_warn_threshold_ms: int = Positive
    unhedged_warn_threshold_krw: int = NotNegative
    drifts_warn_threshold_per_minute: int = NotNegative
    safety_rejections_warn_threshold_per_minute: int = NotNegative
    live_errors_warn_threshold_per_minute: int = NotNegative
    clock_offset_warn_threshold_ms: int = Positive


class Alerts(BaseModel):
    """Whom to tell, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[SecretStr, ...] = ()
    webhook_url: SecretStr | None = None
    quiet_sec: int = Positive
    timeout_ms: int = Field(gt=0, le=30_000)


class LogFormat(StrEnum):
    """How a line looks."""

    HUMAN = "human"
    JSON = "json"


class LogLevel(StrEnum):
    """From when on a line is written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Logs(BaseModel):
    """What the logs look like and how long they are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: LogFormat
    level: LogLevel
    keep_days: int = Positive
