"""Settings of the watchdog, the system monitor, alerts and logs.

A pair `max_<what>` and `<what>_warn_threshold_<unit>` (`min_` where less is worse) is one row of the
watchdog's table; a warning beyond its limit is refused at the start.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from arb.domain.health.degradation import Gauge
from arb.domain.health.judge import Rule, Worse
from arb.domain.health.message import MessageKind, problem_of
from config.server_address import WebAddress

Positive = Field(gt=0)
NotNegative = Field(ge=0)
WARN: Final = "_warn_threshold_"
GAUGES: Final = ("rss_mb", "available_memory_mb", "load_pct", "disk_free_mb", "queue_lag_ms")
LESS_IS_WORSE: Final = frozenset({"available_memory_mb", "disk_free_mb"})
BORNE: Final = frozenset({"disk_free_mb"})  # a full disk: trading is reduce-only until there is room again


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
                rows[name] = Rule(name=name, warn=warn, limit=limit, worse=worse, borne=name in BORNE)
        return rows


def _pair(section: type[BaseModel], warn_key: str) -> tuple[str, Worse] | None:
    """Return the limit that a warning belongs to."""
    if WARN not in warn_key:
        return None
    name = warn_key.replace(WARN, "_")
    is_max = f"max_{name}" in section.model_fields
    return (f"max_{name}", Worse.ABOVE) if is_max else (f"min_{name}", Worse.BELOW)


class SystemMonitorSettings(Thresholds):
    """What the machine may be used for, and how often a level is sampled."""

    sample_interval_sec: int = Field(gt=0, le=30)
    max_cpu_pct: int = Positive
    max_rss_mb: int = Positive
    min_disk_free_mb: int = NotNegative
    cpu_warn_threshold_pct: int = Positive
    rss_warn_threshold_mb: int = Positive
    disk_free_warn_threshold_mb: int = NotNegative


class WatchdogSettings(Thresholds):
    """What is watched and from when on it is wrong."""

    sweep_interval_sec: int = Field(gt=0, le=10)
    revive_after_sec: int = Field(gt=0, le=600)
    revive_pause_sec: int = Positive
    revive_hourly_max: int = Positive
    dead_man_url: WebAddress | None = None
    dead_man_interval_sec: int = Positive
    stop_repeat_sec: int = Positive
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


Marks = tuple[Decimal, Decimal, Decimal]


class DegradationSettings(BaseModel):
    """From when on less is done: the marks of LEAN, NEAR and SHALLOW for each measurement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calm_sec: int = Positive
    margin_pct: int = Field(gt=0, lt=100)
    rss_mb: Marks
    available_memory_mb: Marks
    load_pct: Marks
    disk_free_mb: Marks
    queue_lag_ms: Marks
    reduce_only_disk_free_mb: int = NotNegative
    memory_budget_mb: int = Positive

    @field_validator(*GAUGES, mode="after")
    @classmethod
    def _grows(cls, value: Marks, info: ValidationInfo) -> Marks:
        ordered = sorted(value, reverse=info.field_name in LESS_IS_WORSE)
        if list(value) != ordered:
            raise ValueError(f"each mark must be worse than the one before it, not {[*map(str, value)]}")
        return value

    def gauges(self) -> dict[str, Gauge]:
        """Return the gauges by their names."""
        return {
            name: Gauge(
                name=name,
                marks=getattr(self, name),
                worse=Worse.BELOW if name in LESS_IS_WORSE else Worse.ABOVE,
            )
            for name in GAUGES
        }


class AlertSettings(BaseModel):
    """Whom to tell, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[SecretStr, ...] = ()
    webhook_url: WebAddress | None = None
    quiet_sec: int = Positive
    timeout_ms: int = Field(gt=0, le=30_000)


class MessageSettings(BaseModel):
    """Which news is told besides alerts, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[MessageKind, ...]
    together_sec: int = Positive
    again_sec: int = Positive
    premium_bps: Decimal = Positive
    inventory_legs_min: Decimal = Positive
    day_zone: str
    templates: dict[MessageKind, str] = {}

    @field_validator("day_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("no such zone is known here; as in Asia/Seoul, or UTC") from None
        return value

    @field_validator("templates")
    @classmethod
    def _are_templates(cls, value: dict[MessageKind, str]) -> dict[MessageKind, str]:
        for kind, template in value.items():
            if problem := problem_of(kind, template):
                raise ValueError(f"{kind}: {problem}")
        return value


class LogFormat(StrEnum):
    """The form of log lines."""

    HUMAN = "human"
    JSON = "json"


class LogLevel(StrEnum):
    """From when on a line is written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogSettings(BaseModel):
    """What the logs look like and how long they are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: LogFormat
    level: LogLevel
    keep_days: int = Positive
