"""Something a person should know, and how often to say it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

Rank = tuple[int, int]
WATCHDOG: Final = "watchdog_"  # how the kinds of its rules begin
TURNS_MAX: Final = 2  # in one quiet time: better once, and worse again


class Severity(StrEnum):
    """How bad an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertKind(StrEnum):
    """What an alert is about; with its subject it is what is told once in a while."""

    TRADE_ESCALATED = "trade_handed_over"
    REPAIR_HELD = "repair_held"
    EXIT_HELD = "exit_held"
    EXIT_REFUSED = "exit_refused"
    EXIT_UNPAID = "exit_unpaid"
    PAIR_STUCK = "pair_stuck"
    PAIRS_SET_ASIDE = "pairs_set_aside"
    LATE_FILL = "late_fill"
    ENTRIES_UNFILLED = "entries_unfilled"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_OVERFILLED = "order_overfilled"
    ORDER_CONTRADICTION = "order_contradiction"
    ORDER_WITHOUT_INTENT = "order_without_intent"
    FILLS_MISSING = "fills_missing"
    EXTERNAL_ORDER = "external_order"
    LEDGER_DRIFT = "ledger_drift"
    LEDGER_ADJUSTED = "ledger_adjusted"
    RECONCILE_INCONCLUSIVE = "reconcile_inconclusive"
    FEE_UNVALUED = "fee_unvalued"
    FEE_VALUED_LATE = "fee_valued_late"
    VENUE_FATAL = "venue_fatal"
    USER_STREAM_REFUSED = "user_stream_refused"
    MARKET_BARRED = "market_barred"
    RULES_UNREAD = "rules_unread"
    RULES_ODD = "rules_odd"
    COIN_UNLISTED = "coin_unlisted"
    COIN_UNQUOTED = "coin_unquoted"
    COIN_OFF_LIST = "coin_off_list"
    COINS_CHANGED = "coins_changed"
    STACK_WAITS = "stack_waits"
    STACK_STOPPED = "stack_stopped"
    DEAD_LETTER = "dead_letter"
    DEGRADATION = "degradation"
    DISK_FULL = "disk_full"
    STORE_UNREACHABLE = "store_unreachable"
    STORE_RECOVERED = "store_recovered"
    FEED_WORKER_DEAD = "feed_worker_dead"
    QUOTES_LATE = "quotes_late"
    NO_FEED_WORKER = "no_feed_worker"
    WORKER_REVIVED = "worker_revived"
    WORKER_GIVEN_UP = "worker_given_up"
    REDIS_UNREACHABLE = "redis_unreachable"
    POSTGRES_UNREACHABLE = "postgres_unreachable"
    ALL_FEEDS_UNHEALTHY = "all_feeds_unhealthy"
    NO_TRADABLE_MARKET = "no_tradable_market"
    ALL_WORKERS_GONE = "all_workers_gone"
    WATCH_HANGS = "watch_hangs"
    REDIS_EVICTS = "redis_evicts"
    REDIS_FORGETS = "redis_forgets"
    REDIS_TOO_SMALL = "redis_too_small"
    REDIS_IS_REPLICA = "redis_is_replica"
    REDIS_IS_CLUSTER = "redis_is_cluster"
    WATCHDOG_WS_LAG = "watchdog_ws_lag_ms"
    WATCHDOG_QUOTE_AGE = "watchdog_quote_age_ms"
    WATCHDOG_REDIS_HEARTBEAT_AGE = "watchdog_redis_heartbeat_age_ms"
    WATCHDOG_LOOP_LATENCY = "watchdog_loop_latency_ms"
    WATCHDOG_CANARY_AGE = "watchdog_canary_age_ms"
    WATCHDOG_QUEUE_DEPTH = "watchdog_queue_depth"
    WATCHDOG_BEAT_AGE = "watchdog_beat_age_ms"
    WATCHDOG_SNAPSHOT_AGE = "watchdog_snapshot_age_ms"
    WATCHDOG_UNKNOWN_ORDER_AGE = "watchdog_unknown_order_age_ms"
    WATCHDOG_UNHEDGED_AGE = "watchdog_unhedged_age_ms"
    WATCHDOG_UNHEDGED = "watchdog_unhedged_krw"
    WATCHDOG_DRIFTS = "watchdog_drifts_per_minute"
    WATCHDOG_SAFETY_REJECTIONS = "watchdog_safety_rejections_per_minute"
    WATCHDOG_LIVE_ERRORS = "watchdog_live_errors_per_minute"
    WATCHDOG_CLOCK_OFFSET = "watchdog_clock_offset_ms"
    WATCHDOG_CPU = "watchdog_cpu_pct"
    WATCHDOG_RSS = "watchdog_rss_mb"
    WATCHDOG_DISK_FREE = "watchdog_disk_free_mb"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `kind` and `subject` together are what is rate-limited."""

    kind: AlertKind
    subject: str
    severity: Severity
    message: str
    at_ns: int
    grade: int = 0  # how bad it is among those of its severity
    held_back: int = 0  # others before this one that were not told
    delivered_by: str = ""  # the channel that took it; none: only the file has it

    @property
    def key(self) -> str:
        """Return what is rate-limited together."""
        return f"{self.kind}|{self.subject}"

    @property
    def rank(self) -> Rank:
        """Return how bad it is, the worse the greater."""
        return list(Severity).index(self.severity), self.grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The time after an alert in which what tells nothing new about its subject is only counted."""

    since_ns: int
    told: Rank  # of the last one that was told
    last: Rank  # of the last one, told or held back
    message: str  # likewise
    turns: int = 0  # of what was told: odd after a turn for the better, even after one for the worse
    held: int = 0
    news: bool = False  # what was held back says something else than what was told

    @classmethod
    def after(cls, alert: Alert) -> "Quiet":
        """Return the time that begins with an alert."""
        return cls(since_ns=alert.at_ns, told=alert.rank, last=alert.rank, message=alert.message)

    def is_over(self, now_ns: int, quiet_ns: int) -> bool:
        """Tell whether this time has passed; a clock that was set back before it ends it too."""
        return not 0 <= now_ns - self.since_ns < quiet_ns

    def admits(self, alert: Alert) -> bool:
        """Tell whether an alert is told all the same.

        What is worse than what was told always is. What is better is until the subject got worse again:
        from then on it flaps, and the last word stays the bad one. So the ranks bound what is told.
        """
        return alert.rank > self.told or (alert.rank < self.told and self.turns < TURNS_MAX)

    def telling(self, alert: Alert) -> "Quiet":
        """Return the rest of this time after an alert that is told."""
        is_turn = (alert.rank > self.told) == (self.turns % 2 == 1)
        return replace(Quiet.after(alert), since_ns=self.since_ns, turns=self.turns + is_turn)

    def holding(self, alert: Alert) -> "Quiet":
        """Return the rest of this time after an alert that is held back."""
        news = self.news or (alert.rank, alert.message) != (self.last, self.message)
        return replace(self, last=alert.rank, message=alert.message, held=self.held + 1, news=news)


def admit(quiet: Quiet | None, alert: Alert, quiet_ns: int) -> tuple[Quiet, int | None]:
    """Return the quiet time after this alert, and how many were held back before it; None: so is this."""
    if quiet is None:
        return Quiet.after(alert), 0
    if quiet.is_over(alert.at_ns, quiet_ns):
        return Quiet.after(alert), quiet.held
    if quiet.admits(alert):
        return quiet.telling(alert), quiet.held
    return quiet.holding(alert), None


def is_known(key: str) -> bool:
    """Tell whether a key that was kept is of a kind of this version."""
    return key.partition("|")[0] in set(AlertKind)


def summary(key: str, quiet: Quiet, now_ns: int, quiet_ns: int) -> Alert:
    """Return what to tell of a quiet time that is over: how its subject is by the last alert about it."""
    kind, _, subject = key.partition("|")
    quiet_s = quiet_ns // 1_000_000_000
    text = f"{quiet.held} more like this were held back in {quiet_s} s"
    if quiet.news:
        text = f"{quiet.message} (the last of {quiet.held} that were held back in {quiet_s} s)"
    place, grade = quiet.last
    return Alert(
        kind=AlertKind(kind),
        subject=subject,
        severity=list(Severity)[place],
        grade=grade,
        message=text,
        at_ns=now_ns,
        held_back=quiet.held,
    )
